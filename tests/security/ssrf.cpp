// Where a node on the internet can be led, and whom it shows its password: a thousand crafted
// addresses, each given to every place where a foreign address leads to a connection. The node, its
// resolver and its transport are those that ship; the internet is one of this process. Bar A16.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "core/wire.h"
#include "services/approvals/approvals.h"
#include "services/approvals/client_ip_approval.h"
#include "services/net/curl_transport.h"
#include "services/net/system_resolver.h"
#include "services/runtime.h"
#include "services/sync/sync.h"
#include "services/system/system_clock.h"
#include "tests/security/commands.h"
#include "tests/security/ssrf_addresses.h"
#include "tests/security/ssrf_internet.h"
#include "tests/support/fake_logger.h"

namespace spreadable::sectest {
namespace {

constexpr std::uint16_t kPort = 4000;
const Address kVictim = *Address::from_parts("victim.example", kPort);
const Address kAttacker = *Address::from_parts("attacker.example", kPort);
const Address kMember = *Address::from_parts("member.example", kPort);
const NodeOptions::Credentials kCredentials{"someone", "a long password"};

/// Takes requests from the test alone.
class NoServer final : public Server {
 public:
  Result<void> start(const Listen&, RequestHandler&) override { return {}; }
  std::uint16_t port() const override { return kPort; }
  void stop(Deadline) override {}
};

/// All public hosts. The attacker is a node of ours that knows the credentials, the initial address
/// of its victim, and says what it likes. The member knows them too, and is honest. Hosts under
/// `leading.example` redirect. All others pretend to be nodes and agree to everything.
class Hosts {
 public:
  /// What the attacker names just now, and how.
  struct Plot {
    std::string named;          ///< any text
    bool has_slave = false;     ///< the victim is in its list
    bool has_master = true;     ///< it says to be in the victim's list
    bool names_master = false;  ///< `named` is its own master
  };

  void set(Plot plot) {
    const MutexLock lock(mutex_);
    plot_ = std::move(plot);
  }

  HttpPeer::Answer answer(const HttpRequest& request) {
    const std::string name(request.headers.find("host").value_or(""));
    note(name, request);
    if (name.find(".leading.example") != std::string::npos) return redirect(name);
    HttpPeer::Answer answer;
    answer.response.content_type = "application/json";
    if (name == kAttacker.text() || name == kMember.text()) {
      answer.response.headers.add(wire::kFeatures, wire::kOwnFeatures);
      introduce(name, request, answer.response);
    }
    answer.response.body = dump_json(body(name, request, answer.response));
    return answer;
  }

  /// Requests with credentials to hosts that are no nodes of the network.
  [[nodiscard]] std::vector<std::string> leaks() const {
    const MutexLock lock(mutex_);
    return leaks_;
  }
  /// Hosts that were asked anything.
  [[nodiscard]] std::size_t hosts() const {
    const MutexLock lock(mutex_);
    return hosts_.size();
  }
  /// Paths at which the honest member was shown the credentials, or asked in an open network.
  [[nodiscard]] std::set<std::string> member_paths() const {
    const MutexLock lock(mutex_);
    return member_paths_;
  }
  void is_closed(bool is_closed) { is_closed_ = is_closed; }

 private:
  void note(const std::string& name, const HttpRequest& request) {
    const bool is_shown = request.headers.find("authorization").has_value() ||
                          request.headers.find("cookie").has_value();
    const MutexLock lock(mutex_);
    hosts_.insert(name);
    if (name == kMember.text() && is_shown == is_closed_) member_paths_.insert(request.path);
    if (is_shown && name != kAttacker.text() && name != kMember.text()) {
      leaks_.push_back(name + request.path);
    }
  }

  HttpPeer::Answer redirect(const std::string& name) {
    HttpPeer::Answer answer;
    const auto ip = carried_ip(name);
    const Address to = *Address::from_parts(ip ? ip->text() : "localhost", kPort);
    answer.response.status = 307;
    answer.response.headers.add("Location", "http://" + to.text() + "/api/node/structure");
    return answer;
  }

  void introduce(const std::string& name, const HttpRequest& request, HttpResponse& response) {
    const auto question = request.headers.find(wire::kIntroduction);
    const auto asker = request.headers.find(wire::kOriginalAddress);
    if (!question || !asker) return;
    const Introduction& node = name == kMember.text() ? member_ : attacker_;
    if (const auto proof = node.answer(*asker, *question)) {
      response.headers.add(wire::kIntroduction, *proof);
    }
  }

  Json body(const std::string& name, const HttpRequest& request, HttpResponse& response) {
    const MutexLock lock(mutex_);
    const Json named{{"address", plot_.named}};
    if (request.path == "/ping") return {{"version", wire::kVersion}, {"address", name}};
    if (request.path == "/status") return {{"root", kAttacker.text()}};
    if (request.path.ends_with("/get-interview-summary")) {
      return {{"summary", {{"address", name}}}};
    }
    if (name != kAttacker.text()) return {{"success", true}};
    if (request.path.ends_with("/register")) return {{"size", 1}};
    if (request.path.ends_with("/provide-registration")) {
      const Json attacker{{"address", kAttacker.text()}};
      const auto entry = [](const Json& master, const Json& candidate) {
        Json result = master;
        result["networkSize"] = 9;
        result["candidates"] = Json::array({candidate});
        return result;
      };
      return {{"results", Json::array({entry(named, named), entry(attacker, attacker)})},
              {"syncLifetime", 1000},
              {"networkSize", 9}};
    }
    if (request.path.ends_with("/structure")) return structure(response);
    return {{"success", true}};
  }

  Json structure(HttpResponse& response) const SPREADABLE_REQUIRES(mutex_) {
    const Json named{{"address", plot_.named}};
    Json slaves = Json::array({named});
    if (plot_.has_slave) slaves.push_back({{"address", kVictim.text()}});
    Json masters = Json::array({{{"address", plot_.named}, {"size", 2}},
                                {{"address", kAttacker.text()}, {"size", slaves.size()}}});
    Json backlink;
    if (plot_.has_master) backlink = {{"address", kVictim.text()}};
    if (plot_.names_master) backlink = named;
    if (is_line(plot_.named)) response.headers.add(wire::kMoveTo, plot_.named);
    return {{"address", kAttacker.text()},
            {"backlink", std::move(backlink)},
            {"slaves", std::move(slaves)},
            {"masters", std::move(masters)}};
  }
  static bool is_line(const std::string& text) {
    return text.find_first_of("\r\n") == std::string::npos;
  }

  const Introduction attacker_{{kAttacker, kCredentials.username, kCredentials.password}};
  const Introduction member_{{kMember, kCredentials.username, kCredentials.password}};
  std::atomic<bool> is_closed_ = false;
  mutable Mutex mutex_;
  Plot plot_ SPREADABLE_GUARDED_BY(mutex_);
  std::vector<std::string> leaks_ SPREADABLE_GUARDED_BY(mutex_);
  std::set<std::string> hosts_ SPREADABLE_GUARDED_BY(mutex_);
  std::set<std::string> member_paths_ SPREADABLE_GUARDED_BY(mutex_);
};

/// One node with a public name, and an attacker who makes it look at addresses.
class Attack {
 public:
  explicit Attack(bool is_closed)
      : internet_([this](const HttpRequest& request) { return hosts_.answer(request); }) {
    hosts_.is_closed(is_closed);
    NodeOptions options;
    options.hostname = kVictim.host();
    options.port = kPort;
    options.initial_network_address = {kAttacker};
    options.storage.path = Runtime::kNoStorage;
    options.network.auto_sync = false;
    options.network.sync_interval = Millis{100};
    if (is_closed) options.network.auth = kCredentials;
    node_ = std::make_unique<Node>(options, environment(options));
    node_->add_action("count")
        .local([](const Json&, CallContext&) { return 1; })
        .merge(merges::sum)
        .needs_approval("ip");
    const Result<void> started = node_->start();
    SPREADABLE_ASSERT(started);
    sync_ = node_->services().find<Sync>();
    hosts_.set({.named = kMember.text()});
    sync_->run();
    SPREADABLE_ASSERT(node_->root() == kAttacker.text());
  }
  ~Attack() { node_->stop(Duration::zero()); }

  /// Takes away the policy that is under test.
  void disarm() { node_->outbound().set_public_only(false); }

  /// Gives `named` to every place.
  void try_all(const std::string& named) {
    as_newcomer(named);
    as_slave(named);
    as_master(named);
    as_node_asked(named);
    as_client(named);
  }

  [[nodiscard]] const Internet& internet() const { return internet_; }
  [[nodiscard]] const Hosts& hosts() const { return hosts_; }

 private:
  Environment environment(const NodeOptions& options) {
    auto environment = runtime_.environment(options, std::make_shared<FakeLogger>(LogLevel::off));
    // The attacker's names may change from one look to the next.
    const auto resolver = std::make_shared<SystemResolver>(
        clock_,
        SystemResolver::Options{.lifetime = {}, .failure_lifetime = {}, .last_good_lifetime = {}},
        attackers_answer);
    environment.resolver = resolver;
    transport_ = std::make_shared<CurlTransport>(
        clock_, *resolver, CurlTransport::Options{.name_lifetime = Millis::zero()});
    environment.transport = transport_;
    environment.server = std::make_unique<NoServer>();
    // Without behaviours, which would refuse the attacker after its first lie.
    environment.services = {
        [] { return std::make_unique<Sync>(); }, [] { return std::make_unique<Approvals>(); },
        [] { return std::make_unique<ClientIpApproval>("ip", Approval::Options::legacy()); },
        [] { return std::make_unique<ClientIpApproval>("seats", Approval::Options{}); }};
    resolver_ = resolver;
    return environment;
  }

  /// A node that has no master asks for one: results and their candidates, then `register` there.
  void as_newcomer(const std::string& named) {
    hosts_.set({.named = named});
    sync_->run();
  }
  /// Its master names slaves, masters and where to move to; a traversal asks the masters.
  void as_slave(const std::string& named) {
    hosts_.set({.named = named, .has_slave = true, .has_master = false});
    sync_->run();
    client("network-map", Json::object());
    client("get-available-node", Json::object());
  }
  /// Its slave does, and is followed to all masters that it names; then it names another master.
  void as_master(const std::string& named) {
    hosts_.set({.named = named, .has_slave = true});
    peer("register", {{"target", kAttacker.text()}}, kAttacker.text());
    sync_->run();
    client("network-map", Json::object());
    hosts_.set({.named = named, .has_slave = true, .names_master = true});
    sync_->run();
    peer("leave", {{"isStopping", false}}, kAttacker.text());
  }
  /// Requests of nodes carry addresses as well, in bodies and in headers.
  void as_node_asked(const std::string& named) {
    for (const std::string& sender : {kAttacker.text(), named}) {
      peer("register", {{"target", named}}, sender);
      peer("provide-registration", {{"target", named}}, sender);
      peer("structure", {{"target", named}, {"address", named}}, sender);
    }
  }
  /// So do those of clients: the approvers they name.
  void as_client(const std::string& named) {
    client("request-approval-key", {{"action", "seats"}});
    const auto key = client("request-approval-key", {{"action", "ip"}});
    Json claim{{"action", "ip"},
               {"key", key.value("key", Json())},
               {"startedAt", key.value("startedAt", Json())},
               {"clientIp", public_ip().text()},
               {"answer", public_ip().text()},
               {"approvers", Json::array({named})},
               {"confirmedAddresses", Json::array({named, kMember.text()})}};
    client("add-approval-info", claim);
    client("request-approval-question", claim);
    client("count", {{"approvalInfo", claim}});
  }

  Json client(const std::string& route, const Json& body) {
    return ask(std::string(wire::kClientRoute) + route, body, kAttacker.text());
  }
  Json peer(const std::string& route, const Json& body, const std::string& sender) {
    return ask(std::string(wire::kNodeRoute) + route, body, sender);
  }
  Json ask(const std::string& path, const Json& body, const std::string& sender) {
    HttpRequest request{.method = Method::post,
                        .path = path,
                        .query = {},
                        .headers = {{wire::kOriginalAddress, sender},
                                    {wire::kNodeVersion, wire::kVersion},
                                    {wire::kNodeRoot, node_->root()},
                                    {wire::kForwardedFor, sender},
                                    {"authorization", basic_authorization(kCredentials.username,
                                                                          kCredentials.password)},
                                    {"content-type", "application/json"}},
                        .body = body.dump(-1, ' ', /*ensure_ascii=*/true),
                        .remote_ip = public_ip()};
    const HttpResponse response = node_->router().handle(std::move(request));
    const Result<Json> answer = parse_json(response.body);
    return answer && answer->is_object() ? *answer : Json::object();
  }

  Hosts hosts_;
  Internet internet_;
  SystemClock clock_;
  Runtime runtime_;
  std::shared_ptr<Resolver> resolver_;
  std::shared_ptr<Transport> transport_;
  std::unique_ptr<Node> node_;
  Sync* sync_ = nullptr;
};

/// Ways to the member that the places must have led to, or the figures would mean nothing.
const std::set<std::string> kExpectedPaths{"/api/butler/network-map", "/api/node/register",
                                           "/api/node/structure"};

void print_some(const char* what, const std::vector<std::string>& items) {
  constexpr std::size_t kShown = 5;
  for (std::size_t i = 0; i < std::min(items.size(), kShown); ++i) {
    fmt::print("ssrf:   {}: {}\n", what, items[i]);
  }
}

bool run_network(bool is_closed) {
  Attack attack(is_closed);
  const auto crafted = crafted_addresses(attack.internet().trap_port());
  attack.try_all(kMember.text());
  for (const std::string& address : crafted) attack.try_all(address);
  const auto paths = attack.hosts().member_paths();
  const bool is_led =
      std::includes(paths.begin(), paths.end(), kExpectedPaths.begin(), kExpectedPaths.end());
  const auto forbidden = attack.internet().forbidden();
  const std::size_t trapped = attack.internet().trapped();
  const auto leaks = attack.hosts().leaks();
  fmt::print("ssrf: {} network: {} crafted addresses, each in every place; {} public hosts asked\n",
             is_closed ? "closed" : "open", crafted.size(), attack.hosts().hosts());
  fmt::print("ssrf: {} connects to public addresses, {} to forbidden ones, {} arrived here\n",
             attack.internet().public_connects(), forbidden.size(), trapped);
  print_some("forbidden", forbidden);
  fmt::print("ssrf: {} requests with credentials to hosts that are no nodes of the network\n",
             leaks.size());
  print_some("leak", leaks);
  fmt::print("ssrf: an honest node in the same places is {}: {}\n",
             is_led ? "called" : "NOT called", fmt::join(paths, " "));
  constexpr std::size_t kHostsMin = 20;  // those that redirect, turn and pretend
  return crafted.size() >= 1000 && forbidden.empty() && trapped == 0 && leaks.empty() && is_led &&
         attack.hosts().hosts() > kHostsMin;
}

/// Without the policy the same places do lead where they must not, and it is seen: else a figure of
/// zero would mean nothing.
bool run_unguarded() {
  constexpr std::size_t kStep = 10;
  Attack attack(/*is_closed=*/false);
  attack.disarm();
  const auto crafted = crafted_addresses(attack.internet().trap_port());
  for (std::size_t i = 0; i < crafted.size(); i += kStep) attack.try_all(crafted[i]);
  const std::size_t forbidden = attack.internet().forbidden().size();
  const std::size_t trapped = attack.internet().trapped();
  fmt::print("ssrf: without the policy: {} connects to forbidden addresses, {} arrived here\n",
             forbidden, trapped);
  return forbidden > 0 && trapped > 0;
}

}  // namespace

bool run_ssrf() {
  const bool is_open_met = run_network(/*is_closed=*/false);
  const bool is_closed_met = run_network(/*is_closed=*/true);
  const bool is_seen = run_unguarded();
  return is_open_met && is_closed_met && is_seen;
}

}  // namespace spreadable::sectest
