// Lists of nodes, and the joining of answers.
#include <benchmark/benchmark.h>

#include "bench/micro/inputs.h"
#include "core/known_lists.h"
#include "core/peer_book.h"

namespace spreadable::bench {
namespace {

constexpr TimePoint kNow{std::chrono::hours{24}};

void make_master_list(benchmark::State& state) {
  const MasterList made = masters(static_cast<std::size_t>(state.range(0)));
  const MasterList::Entries entries(made.begin(), made.end());
  for (auto _ : state) benchmark::DoNotOptimize(MasterList(entries));
}
BENCHMARK(make_master_list)->Name("masters: make a list")->Arg(10)->Arg(100);

void find_master(benchmark::State& state) {
  const MasterList list = masters(static_cast<std::size_t>(state.range(0)));
  const Address wanted = address(static_cast<std::size_t>(state.range(0)) / 2);
  for (auto _ : state) benchmark::DoNotOptimize(list.find(wanted));
}
BENCHMARK(find_master)->Name("masters: find one")->Arg(10)->Arg(100);

void change_master(benchmark::State& state) {
  const MasterList list = masters(static_cast<std::size_t>(state.range(0)));
  const MasterEntry entry{address(3), 7};
  for (auto _ : state) benchmark::DoNotOptimize(list.with(entry).changes_since(list));
}
BENCHMARK(change_master)->Name("masters: change one, and compare")->Arg(10)->Arg(100);

void update_known_lists(benchmark::State& state) {
  const auto count = static_cast<std::size_t>(state.range(0));
  KnownLists::Lists lists;
  for (std::size_t i = 0; i < count; ++i) {
    // Shared, as the nodes of a process share what they have fetched.
    lists.emplace(address(i),
                  std::make_shared<const std::vector<Address>>(addresses(count, count * i)));
  }
  KnownLists known;
  for (auto _ : state) known.update(lists, kNow);
}
BENCHMARK(update_known_lists)->Name("known lists: update all")->Arg(10)->Arg(100);

void find_known_list(benchmark::State& state) {
  KnownLists known;
  KnownLists::Lists lists;
  for (std::size_t i = 0; i < 100; ++i) {
    lists.emplace(address(i), std::make_shared<const std::vector<Address>>(addresses(100, i)));
  }
  known.update(std::move(lists), kNow);
  const Address wanted = address(50);
  for (auto _ : state) benchmark::DoNotOptimize(known.find(wanted));
}
BENCHMARK(find_known_list)->Name("known lists: find one of 100");

void note_success(benchmark::State& state) {
  PeerBook book;
  const std::vector<Address> peers = addresses(100);
  for (const Address& peer : peers) book.note_success(peer, kNow, /*is_native=*/true);
  std::size_t i = 0;
  for (auto _ : state) book.note_success(peers[i++ % peers.size()], kNow, /*is_native=*/true);
}
BENCHMARK(note_success)->Name("peer book: note an answer");

void concatenate(benchmark::State& state) {
  const auto answers = replies(static_cast<std::size_t>(state.range(0)), 10);
  const Json query;
  for (auto _ : state) benchmark::DoNotOptimize(merges::concatenate(answers, query));
}
BENCHMARK(concatenate)->Name("merge: concatenate 10 records of each")->Arg(10)->Arg(100);

void sum_by_key(benchmark::State& state) {
  std::vector<Reply> answers;
  for (const Address& one : addresses(static_cast<std::size_t>(state.range(0)))) {
    answers.push_back({one, {{"count", 1}, {"bytes", 200}, {"hits", 3}}});
  }
  const Json query;
  for (auto _ : state) benchmark::DoNotOptimize(merges::sum_by_key(answers, query));
}
BENCHMARK(sum_by_key)->Name("merge: sum three keys of each")->Arg(10)->Arg(100);

}  // namespace
}  // namespace spreadable::bench
