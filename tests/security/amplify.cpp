// How many requests one request can cause: 25 nodes in virtual time, and 100,000 requests of a
// stranger who knows every route and field. Bar A14.
#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "core/wire.h"
#include "services/approvals/approvals.h"
#include "services/approvals/client_ip_approval.h"
#include "services/behaviours/behaviours.h"
#include "tests/security/commands.h"
#include "tests/support/local_network.h"

namespace spreadable::sectest {
namespace {

constexpr std::size_t kNodes = 25;
constexpr std::size_t kMutants = 100'000;

LocalNetwork::Options full_network() {
  LocalNetwork::Options options;
  options.services = {[] { return std::make_unique<Approvals>(); },
                      [] { return std::make_unique<ClientIpApproval>("ip", Approval::Options{}); },
                      [] { return std::make_unique<Behaviours>(); }};
  options.prepare = [](Node& node) {
    node.add_action("count").local([](const Json&, CallContext&) { return 1; }).merge(merges::sum);
    node.add_action("vote").local([](const Json&, CallContext&) { return 1; }).needs_approval("ip");
  };
  return options;
}

const std::vector<std::string> kPaths{"/api/butler/count",
                                      "/api/slave/count",
                                      "/api/stand-in/count",
                                      "/api/butler/network-map",
                                      "/api/butler/vote",
                                      "/api/node/register",
                                      "/api/node/provide-registration",
                                      "/api/node/structure",
                                      "/api/node/get-interview-summary",
                                      "/api/node/get-approval-info",
                                      "/api/node/check-approval-answer",
                                      "/api/node/leave",
                                      "/api/master/count",
                                      "/api/node/beacon"};
const std::vector<std::string> kClientPaths{"/client/count",
                                            "/client/network-map",
                                            "/client/vote",
                                            "/client/get-available-node",
                                            "/client/request-approval-key",
                                            "/client/add-approval-info",
                                            "/client/request-approval-question"};

/// Sends mutants, and watches what each makes the nodes send.
class Attack {
 public:
  Attack() : network_(full_network()) {
    network_.start(kNodes);
    const bool has_formed =
        network_.run_until([&] { return network_.agrees_on(kNodes); }, std::chrono::seconds{30});
    SPREADABLE_ASSERT(has_formed);
    network_.run_for(10 * network_.interval());
  }

  /// The most requests that one node sent because of one request.
  std::size_t worst(const std::vector<std::string>& paths, std::size_t count) {
    std::size_t worst = 0;
    for (std::size_t i = 0; i < count; ++i) worst = std::max(worst, cost(pick(paths), body()));
    return worst;
  }

  int status_of_level(int level) {
    return static_cast<int>(
        send(LocalNetwork::address(0), "/api/butler/count", {{"level", level}}));
  }
  [[nodiscard]] std::size_t list_limit() { return network_.node(0).topology().list_limit(kNodes); }

 private:
  template <class T>
  const T& pick(const std::vector<T>& items) {
    return items[network_.random().below(items.size())];
  }

  std::size_t cost(const std::string& path, const Json& body) {
    std::vector<std::uint64_t> before;
    for (std::size_t i = 0; i < kNodes; ++i) before.push_back(sent(i));
    send(LocalNetwork::address(network_.random().below(kNodes)), path, body);
    std::size_t most = 0;
    for (std::size_t i = 0; i < kNodes; ++i) {
      most = std::max(most, static_cast<std::size_t>(sent(i) - before[i]));
    }
    return most;
  }

  std::uint64_t sent(std::size_t i) { return network_.node(i).outbound().counters().requests; }

  int send(const Address& to, const std::string& path, const Json& body) {
    HttpRequest request{.method = Method::post,
                        .path = path,
                        .query = {},
                        .headers = {{wire::kOriginalAddress, "localhost:7900"},
                                    {wire::kNodeVersion, "spreadable-0.3"},
                                    {wire::kNodeRoot, network_.node(0).root()},
                                    {"content-type", "application/json"}},
                        .body = dump_json(body),
                        .remote_ip = IpAddress::loopback()};
    if (network_.random().below(2) == 0) {
      request.headers.add(wire::kFeatures, wire::kOwnFeatures);
    }
    request.headers.add(wire::kStandInFor,
                        LocalNetwork::address(network_.random().below(kNodes)).text());
    return network_.respond(to, std::move(request)).status;
  }

  Json value() {
    Json addresses = Json::array();
    for (std::size_t i = network_.random().below(60); i > 0; --i) {
      addresses.push_back(LocalNetwork::address(network_.random().below(kNodes + 5)).text());
    }
    const std::vector<Json> values{
        0,
        1,
        2,
        5,
        1e9,
        -1,
        "1",
        "x",
        Json(),
        true,
        Json::array(),
        Json::object(),
        std::move(addresses),
        "ip",
        LocalNetwork::address(network_.random().below(kNodes + 5)).text()};
    return pick(values);
  }

  Json body() {
    static const std::vector<std::string> kFields{
        "level",        "timeout",    "timestamp", "target",    "action",   "key",
        "startedAt",    "info",       "answer",    "approvers", "clientIp", "confirmedAddresses",
        "approvalInfo", "isStopping", "word"};
    Json body = Json::object();
    for (std::size_t i = network_.random().below(6); i > 0; --i) body[pick(kFields)] = value();
    if (network_.random().below(3) == 0) body["action"] = "ip";
    return body;
  }

  LocalNetwork network_;
};

}  // namespace

bool run_amplify() {
  Attack attack;
  const std::size_t limit = 2 * (attack.list_limit() + 1);
  const std::size_t api = attack.worst(kPaths, kMutants);
  // A committee has its own size: its members are found, pinged, and asked.
  const std::size_t client_limit = limit + 2 * kNodes;
  const std::size_t client = attack.worst(kClientPaths, kMutants / 10);
  const bool is_deep_refused = attack.status_of_level(5) == 422 && attack.status_of_level(2) == 422;
  fmt::print("amplify: {} requests between nodes caused {} at most, of {} allowed\n", kMutants, api,
             limit);
  fmt::print("amplify: {} client requests caused {} at most, of {} allowed\n", kMutants / 10,
             client, client_limit);
  fmt::print("amplify: level 5 is {}\n", is_deep_refused ? "refused with 422" : "NOT refused");
  return api <= limit && client <= client_limit && is_deep_refused;
}

}  // namespace spreadable::sectest
