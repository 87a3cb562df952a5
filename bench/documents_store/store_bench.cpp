#include "bench/documents_store/store_bench.h"

#include <atomic>
#include <chrono>
#include <cmath>
#include <iostream>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include "bench/documents_store/sample.h"
#include "services/system/thread_time.h"

namespace spreadable::bench {

using documents::Collection;
using documents::CollectionOptions;
using documents::Document;
using documents::DocumentStore;
using documents::FieldPath;
using documents::Filter;

namespace {

constexpr std::size_t kFillers = 64;
constexpr std::size_t kGets = 50'000;
constexpr std::size_t kIndexedFilters = 200;

// Source of the limits: docs/documents.md.
constexpr double kGetMillisMax = 2;
constexpr double kIndexedMillisMax = 20;
constexpr double kOpeningMillisMax = 3'000;

}  // namespace

DocumentStore::Ports Ports::all() {
  return {clock_, random_, logger_, thread_time};
}

Deadline Ports::later() const {
  return Deadline::after(clock_, std::chrono::minutes{10});
}

void Ports::StandardErrorLogger::write(LogLevel, std::string_view message) {
  std::cerr << message << '\n';
}

void StoreBench::open() {
  store_ = need(DocumentStore::open(options_.folder, {}, ports_.all()));
  CollectionOptions things;
  things.pk = "id";
  things.indices = {FieldPath("group"), FieldPath("address.city")};
  need(store_->add(std::make_shared<const Collection>("things", things)));
  need(store_->add(std::make_shared<const Collection>("plain", CollectionOptions())));
}

void StoreBench::fill() {
  const std::size_t begin = things().count();
  if (begin >= options_.documents) return;
  std::atomic<std::size_t> next = begin;
  const double millis = millis_of([&] {
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < kFillers; ++i) {
      threads.emplace_back([&] {
        for (std::size_t n = next++; n < options_.documents; n = next++) {
          need(things().add({.fields = sample_document(n)}));
        }
      });
    }
  });
  const std::size_t count = options_.documents - begin;
  report_.print("filling",
                {{"documents", count},
                 {"writers", kFillers},
                 {"per_second", std::round(static_cast<double>(count) / millis * 1'000)}});
}

void StoreBench::insert(std::size_t writers) {
  std::atomic<bool> is_over = false;
  std::atomic<std::size_t> next = 0;
  std::vector<std::vector<double>> millis(writers);
  std::vector<std::jthread> threads;
  for (std::size_t i = 0; i < writers; ++i) {
    threads.emplace_back([&, i] {
      while (!is_over) {
        const Json fields = sample_document(next++);
        millis[i].push_back(
            millis_of([&] { need(store_->find("plain")->add({.fields = fields})); }));
      }
    });
  }
  std::this_thread::sleep_for(std::chrono::seconds(options_.seconds));
  is_over = true;
  threads.clear();
  std::vector<double> all;
  for (const auto& own : millis) all.insert(all.end(), own.begin(), own.end());
  const Times times = summary(all);
  const double per_second = static_cast<double>(all.size()) / static_cast<double>(options_.seconds);
  report_.print(writers == 1 ? "durable inserts, 1 writer" : "durable inserts, many writers",
                {{"writers", writers},
                 {"per_second", std::round(per_second)},
                 {"p50_ms", rounded(times.p50)},
                 {"p99_ms", rounded(times.p99)}});
}

void StoreBench::reopen() {
  store_.reset();
  const double opening = millis_of([&] { open(); });
  std::error_code ignored;
  const auto bytes =
      std::filesystem::file_size(options_.folder / DocumentStore::kFileName, ignored);
  report_.check(
      "opening",
      {{"documents", things().count()}, {"ms", std::round(opening)}, {"file_mib", bytes >> 20}},
      opening, kOpeningMillisMax);
}

void StoreBench::get_by_key() {
  std::vector<double> millis;
  for (std::size_t i = 0; i < kGets; ++i) {
    const std::string id = id_of(ports_.random().below(options_.documents));
    millis.push_back(millis_of([&] {
      if (!need(things().find(id))) throw std::runtime_error(id + " is missing");
    }));
  }
  const Times times = summary(millis);
  report_.check("get by key", {{"p50_ms", rounded(times.p50)}, {"p99_ms", rounded(times.p99)}},
                times.p99, kGetMillisMax);
}

void StoreBench::filter_by_index() {
  indexed("indexed filter, equality", [&] {
    return Json{{"group", ports_.random().below(kGroups)}};
  });
  indexed("indexed filter, range and rest", [&] {
    const std::size_t low = ports_.random().below(kGroups - 10);
    return Json{{"group", {{"$gte", low}, {"$lt", low + 5}}}, {"active", true}};
  });
}

void StoreBench::filter_all() {
  unindexed("filter without index, one number", {{"score", 12.5}});
  unindexed("filter without index, part of a text", {{"name", {{"$ilk", "NUMBER 99999"}}}});
  unindexed("filter without index, regular expression",
            {{"email", {{"$rx", {{"source", "^person\\d*77777@"}}}}}});
}

std::size_t StoreBench::count(const Json& filter) {
  std::size_t found = 0;
  const auto visited = things().visit(need(Filter::parse(filter)), ports_.later(), [&](Document&) {
    ++found;
    return true;
  });
  if (!need(visited)) throw std::runtime_error("a filter was cut off");
  return found;
}

void StoreBench::indexed(const char* what, const std::function<Json()>& filter) {
  std::vector<double> millis;
  std::size_t found = 0;
  for (std::size_t i = 0; i < kIndexedFilters; ++i) {
    const Json own = filter();
    millis.push_back(millis_of([&] { found += count(own); }));
  }
  const Times times = summary(millis);
  report_.check(what,
                {{"found", found / kIndexedFilters},
                 {"p50_ms", rounded(times.p50)},
                 {"p99_ms", rounded(times.p99)}},
                times.p99, kIndexedMillisMax);
}

void StoreBench::unindexed(const char* what, const Json& filter) {
  std::size_t found = 0;
  const double millis = millis_of([&] { found = count(filter); });
  report_.print(what, {{"found", found},
                       {"ms", std::round(millis)},
                       {"documents_per_second",
                        std::round(static_cast<double>(things().count()) / millis * 1'000)}});
}

}  // namespace spreadable::bench
