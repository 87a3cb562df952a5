// A network of real nodes that is offered three times what it can do: how much it still does, how
// long those wait whom it lets in, whether sync goes on, and how somebody fares who asks seldom,
// beside the crowd. Reliability L13.
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <future>
#include <memory>
#include <thread>
#include <vector>

#include "services/spreadable.h"
#include "tests/security/commands.h"
#include "tests/security/load_generator.h"
#include "tests/support/free_port.h"

namespace spreadable::sectest {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kNodes = 4;
constexpr std::size_t kClients = 16;  // the traversals that one process has under way at once
constexpr Millis kWork = 10ms;        // of an action on a node, most of it waiting
constexpr Millis kSyncInterval = 1s;
constexpr Millis kWarmUp = 3s;
constexpr Millis kSpan = 8s;
constexpr double kOverload = 3;
constexpr double kSeldom = 5;  // requests a second
constexpr double kGoodputMin = 0.8;
constexpr double kWaitMax = 4;

constexpr std::string_view kRequest =
    "POST /client/work HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    "Content-Length: 16\r\n\r\n{\"timeout\":5000}";

class Network {
 public:
  Network() {
    const std::uint16_t base = free_ports(kNodes);
    for (std::size_t i = 0; i < kNodes; ++i) {
      NodeOptions options;
      options.port = static_cast<std::uint16_t>(base + i);
      options.hostname = "localhost";
      options.storage.path = Runtime::kNoStorage;
      options.network.sync_interval = kSyncInterval;
      options.logger.level = LogLevel::off;
      if (i > 0) options.initial_network_address = {*Address::from_parts("localhost", base)};
      nodes_.push_back(std::make_unique<Node>(options, runtime_.environment(options)));
      nodes_.back()->add_action("work").local(&work).merge(merges::sum);
      nodes_.back()->on(Event::sync_finished, [this](const EventInfo&) { ++syncs_; });
    }
    for (const auto& node : nodes_) SPREADABLE_ASSERT(node->start());
  }
  ~Network() {
    for (const auto& node : nodes_) node->stop(1s);
  }

  [[nodiscard]] bool has_formed() const {
    const auto end = std::chrono::steady_clock::now() + 30s;
    while (!is_whole()) {
      if (std::chrono::steady_clock::now() > end) return false;
      std::this_thread::sleep_for(20ms);
    }
    return true;
  }
  /// Whether all nodes know of all, and have their places.
  [[nodiscard]] bool is_whole() const {
    return std::all_of(nodes_.begin(), nodes_.end(), [](const auto& node) {
      const auto view = node->peers().view();
      return view->is_registered() && view->network_size() == kNodes;
    });
  }
  [[nodiscard]] std::size_t syncs() const { return syncs_; }
  [[nodiscard]] std::uint16_t port() const { return nodes_.front()->address().port(); }

 private:
  static Json work(const Json&, CallContext&) {
    std::this_thread::sleep_for(kWork);
    return 1;
  }

  Runtime runtime_;
  std::atomic<std::size_t> syncs_{0};
  std::vector<std::unique_ptr<Node>> nodes_;
};

/// As many requests as so many clients can make, each waiting for its answers.
Outcome peak_of(std::uint16_t port, Millis span) {
  std::vector<std::future<Outcome>> clients;
  for (std::size_t i = 0; i < kClients; ++i) {
    clients.push_back(std::async(std::launch::async, [&] {
      Outcome outcome;
      TimedClient client(Home{0, 0, 1}, port);
      const auto begin = std::chrono::steady_clock::now();
      while (std::chrono::steady_clock::now() - begin < span) {
        const auto answer = client.ask(kRequest);
        if (answer && answer->status == 200) outcome.accepted.add(answer->millis);
      }
      outcome.seconds = millis_since(begin) / 1'000;
      return outcome;
    }));
  }
  Outcome all;
  for (auto& client : clients) {
    const Outcome one = client.get();
    all.accepted.add(one.accepted);
    all.seconds = std::max(all.seconds, one.seconds);
  }
  return all;
}

void print(const char* who, const Outcome& outcome) {
  fmt::print(
      "overload: {}: {:.0f}/s offered, {:.0f}/s answered ({} in part), {} refused, {} failed; "
      "p50 {:.1f} ms, p99 {:.1f} ms\n",
      who, static_cast<double>(outcome.offered) / outcome.seconds, outcome.goodput(),
      outcome.partial, outcome.refused, outcome.failed, outcome.accepted.quantile(0.5),
      outcome.accepted.quantile(0.99));
}

bool check(bool is_met, const std::string& figure) {
  fmt::print("overload: {}: {}\n", figure, is_met ? "met" : "MISSED");
  return is_met;
}

}  // namespace

bool run_overload() {
  const Network network;
  if (!check(network.has_formed(), "the network has formed")) return false;
  const std::uint16_t port = network.port();
  (void)peak_of(port, kWarmUp);
  const Outcome peak = peak_of(port, kSpan);
  const double rate = kOverload * peak.goodput();

  Generator crowd({port, Home{0, 0, 1}, std::string(kRequest), rate});
  Generator seldom({port, Home{9, 9, 9}, std::string(kRequest), kSeldom});
  const std::size_t syncs_before = network.syncs();
  auto other = std::async(std::launch::async, [&] { return seldom.run(kWarmUp, kSpan); });
  const auto [first, over] = crowd.run(kWarmUp, kSpan);
  const Outcome beside = other.get().lasting;
  const double syncs = static_cast<double>(network.syncs() - syncs_before) / kNodes;

  fmt::print("overload: peak: {:.0f}/s answered; p50 {:.1f} ms, p99 {:.1f} ms\n", peak.goodput(),
             peak.accepted.quantile(0.5), peak.accepted.quantile(0.99));
  print("three times that, at first", first);
  print("three times that, lasting", over);
  print("somebody else beside it", beside);
  const double share = over.goodput() / peak.goodput();
  const double wait = over.accepted.quantile(0.99) / peak.accepted.quantile(0.99);
  const double due =
      (first.seconds + over.seconds) / std::chrono::duration<double>(kSyncInterval).count();
  bool is_met =
      check(share >= kGoodputMin, fmt::format("{:.0f} % of the peak are answered", 100 * share));
  is_met &= check(wait <= kWaitMax, fmt::format("p99 is {:.1f} times that at the peak", wait));
  is_met &=
      check(over.failed + beside.failed == 0, "every request is answered or told to come back");
  is_met &= check(beside.refused == 0, "who asks seldom is not refused for the crowd");
  is_met &= check(syncs >= kGoodputMin * due,
                  fmt::format("{:.1f} syncs of each node, of {:.1f} due", syncs, due));
  return is_met & check(network.is_whole(), "the network is whole");
}

}  // namespace spreadable::sectest
