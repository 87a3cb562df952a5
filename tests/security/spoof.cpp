// What a false name is good for: 100,000 requests that name honest nodes, trusted ones, the node
// itself or another ip as their sender, from places where none of those is. Bar A15.
#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "core/wire.h"
#include "services/approvals/approvals.h"
#include "services/behaviours/behaviours.h"
#include "tests/security/commands.h"
#include "tests/support/local_network.h"

namespace spreadable::sectest {
namespace {

constexpr std::size_t kRequests = 100'000;
constexpr const char* kAttacker = "9.9.9.9";

LocalNetwork::Options watched_network(bool is_closed) {
  LocalNetwork::Options options;
  options.services = {[] { return std::make_unique<Approvals>(); },
                      [] { return std::make_unique<Behaviours>(); }};
  for (const auto& behaviour : default_behaviours()) {
    options.services.push_back([kind = behaviour->kind(), watched = behaviour->options()] {
      return std::make_unique<Behaviour>(kind, watched);
    });
  }
  options.configure = [is_closed](NodeOptions& node) {
    node.network.trustlist = {"10.1.2.3"};
    if (is_closed) {
      node.network.auth = {"user", "password"};
    } else {
      node.network.blacklist = {kAttacker};
    }
  };
  return options;
}

class Attack {
 public:
  explicit Attack(bool is_closed) : network_(watched_network(is_closed)) {
    network_.start(4);
    const bool has_formed =
        network_.run_until([&] { return network_.agrees_on(4); }, std::chrono::seconds{20});
    SPREADABLE_ASSERT(has_formed);
  }

  /// Sends one request from `ip`; whether it got more than a refusal.
  bool passes(const IpAddress& ip) {
    static const std::vector<std::string> kPosts{
        "/api/node/structure",        "/api/node/register",  "/api/butler/network-map",
        "/client/get-available-node", "/client/network-map", "/client/add-approval-info"};
    static const std::vector<std::string> kGets{"/status", "/", "/client.js", "/x"};
    static const std::vector<std::string> kNames{"localhost:7000",
                                                 "localhost:7001",
                                                 "localhost:7003",
                                                 "10.1.2.3:7000",
                                                 "127.0.0.1:7000",
                                                 "9.9.9.9:1",
                                                 "localhost:7000, localhost:7001",
                                                 "",
                                                 "garbage"};
    static const std::vector<std::string> kHops{
        "",    "127.0.0.1", "10.1.2.3", "8.8.8.8, 127.0.0.1", "127.0.0.1, 127.0.0.1",
        "::1", "garbage"};
    const bool is_post = network_.random().below(2) == 0;
    HttpRequest request{.method = is_post ? Method::post : Method::get,
                        .path = pick(is_post ? kPosts : kGets),
                        .query = {},
                        .headers = {{wire::kOriginalAddress, pick(kNames)},
                                    {wire::kForwardedFor, pick(kHops)},
                                    {wire::kNodeVersion, "spreadable-0.3"},
                                    {wire::kNodeRoot, network_.node(0).root()},
                                    {"authorization", "Basic " + pick(kNames)},
                                    {"content-type", "application/json"}},
                        .body = is_post ? R"({"target":"localhost:7001"})" : "",
                        .remote_ip = ip};
    return network_.respond(LocalNetwork::address(network_.random().below(4)), std::move(request))
               .status < 400;
  }

  /// What is held against the honest nodes, by each other.
  double suspicion_of_honest() {
    double sum = 0;
    each([&](Behaviours& behaviours) {
      for (const auto& entry : behaviours.scores()) {
        if (entry.peer.host() == "localhost") sum += entry.score.suspicion;
      }
    });
    return sum;
  }
  std::size_t largest_table() {
    std::size_t largest = 0;
    each([&](Behaviours& behaviours) { largest = std::max(largest, behaviours.scores().size()); });
    return largest;
  }
  IpAddress any_ip() {
    const auto octet = [&] { return std::to_string(1 + network_.random().below(222)); };
    return *IpAddress::parse("11." + octet() + "." + octet() + "." + octet());
  }

 private:
  const std::string& pick(const std::vector<std::string>& items) {
    return items[network_.random().below(items.size())];
  }
  template <class Visit>
  void each(Visit visit) {
    for (std::size_t i = 0; i < 4; ++i) visit(*network_.node(i).services().find<Behaviours>());
  }

  LocalNetwork network_;
};

}  // namespace

bool run_spoof() {
  std::size_t bypasses = 0;
  Attack open(/*is_closed=*/false);
  const double open_before = open.suspicion_of_honest();
  for (std::size_t i = 0; i < kRequests / 2; ++i)
    bypasses += open.passes(*IpAddress::parse(kAttacker));
  const double open_change = open.suspicion_of_honest() - open_before;

  Attack closed(/*is_closed=*/true);
  const double closed_before = closed.suspicion_of_honest();
  for (std::size_t i = 0; i < kRequests / 2; ++i) bypasses += closed.passes(closed.any_ip());
  const double closed_change = closed.suspicion_of_honest() - closed_before;

  const std::size_t table = closed.largest_table();
  fmt::print("spoof: {} forged requests, {} bypasses\n", kRequests, bypasses);
  fmt::print("spoof: karma of honest nodes changed by {} and {}\n", open_change, closed_change);
  fmt::print("spoof: the largest table of scores has {} rows\n", table);
  return bypasses == 0 && open_change == 0 && closed_change == 0 && table > 0 && table <= 10'000;
}

}  // namespace spreadable::sectest
