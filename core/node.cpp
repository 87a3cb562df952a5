#include "core/node.h"

#include <algorithm>
#include <cstdio>
#include <stdexcept>
#include <utility>

#include "core/assert.h"
#include "core/network_map.h"
#include "core/query.h"
#include "core/units.h"
#include "core/wire.h"

namespace spreadable {
namespace {

/// `options` with the machine's own name where they give none.
NodeOptions completed(NodeOptions options, const Environment& environment) {
  if (options.hostname.empty()) options.hostname = environment.default_hostname;
  return options;
}

/// The node's identity from its options. Throws where options do not give one.
Address own_address(const NodeOptions& options) {
  if (const Result<void> passed = check_options(options); !passed) {
    throw std::invalid_argument(passed.error().message);
  }
  if (!options.server.is_enabled) {
    throw std::invalid_argument(
        "option \"server\": a node that does not serve is no node of a network");
  }
  if (options.port == 0) throw std::invalid_argument("option \"port\": a node needs a port");
  if (options.hostname.empty()) {
    throw std::invalid_argument(
        "option \"hostname\": this machine has no address of its own; name one");
  }
  const std::uint16_t port = options.public_port != 0 ? options.public_port : options.port;
  const Result<Address> address = Address::from_parts(options.hostname, port);
  if (!address) throw std::invalid_argument("option \"hostname\": " + address.error().message);
  return *address;
}

std::string authorization_of(const NodeOptions& options) {
  const auto& auth = options.network.auth;
  return auth ? basic_authorization(auth->username, auth->password) : std::string();
}

std::unique_ptr<const Introduction> introduction_of(const NodeOptions& options,
                                                    const Address& self) {
  const auto& auth = options.network.auth;
  if (!auth) return nullptr;
  return std::make_unique<const Introduction>(
      Introduction::Options{.self = self, .username = auth->username, .password = auth->password});
}

std::string version_of(const NodeOptions& options, const Environment& environment) {
  return (environment.codename.empty() ? options.kind : environment.codename) + "-0.3";
}

Authentication::Options authentication_options(const NodeOptions& options, const Address& self) {
  const NodeOptions::Network& network = options.network;
  return {.realm = self.text(),
          .username = network.auth ? network.auth->username : "",
          .password = network.auth ? network.auth->password : "",
          .cookie_max_age = network.auth_cookie_max_age,
          .has_credentials_cookie = network.has_credentials_cookie};
}

Access::Options access_options(const NodeOptions& options, std::string version, const Address& self,
                               std::function<std::string()> root) {
  const NodeOptions::Network& network = options.network;
  std::vector<IpAddress> proxies;
  for (const std::string& proxy : options.server.proxies)
    proxies.push_back(*IpAddress::parse(proxy));
  return {.self = self,
          .version = std::move(version),
          .root = std::move(root),
          .is_trusted = network.is_trusted,
          .whitelist = network.whitelist,
          .blacklist = network.blacklist,
          .trustlist = network.trustlist,
          .proxies = std::move(proxies)};
}

HttpResponse json_page(const Json& body) {
  HttpResponse response;
  response.body = dump_json(body);
  return response;
}

}  // namespace

Node::Node(NodeOptions options, Environment environment)
    : options_(completed(std::move(options), environment)),
      environment_(std::move(environment)),
      address_(own_address(options_)),
      table_(address_, [this](const PeerTable::Change& change) { report(change); }),
      authentication_(authentication_options(options_, address_), *environment_.clock),
      version_(version_of(options_, environment_)),
      access_(access_options(options_, version_, address_, [this] { return root(); }),
              {*environment_.resolver, authentication_}),
      introduction_(introduction_of(options_, address_)),
      router_(*environment_.clock, *environment_.logger,
              {.leaf = options_.request.server_timeout,
               .forward = 2 * options_.request.server_timeout,
               .client_concurrency = options_.request.client_concurrency}),
      outbound_({.self = address_,
                 .version = version_,
                 .authorization = authorization_of(options_),
                 .is_tls = options_.server.https.is_enabled,
                 .authority = options_.server.https.authority.string(),
                 .root = [this] { return root(); },
                 .introduction =
                     options_.network.shows_credentials_to_all ? nullptr : introduction_.get(),
                 .acquainted = options_.initial_network_address},
                {*environment_.transport, *environment_.clock, access_, book_, router_, conducts_}),
      traversal_({table_, book_, known_lists_, outbound_, *environment_.clock, *environment_.random,
                  *environment_.logger, *environment_.memory, options_.request.traversal_memory}),
      services_(*this) {
  SPREADABLE_ASSERT(environment_.scheduler && environment_.server && environment_.database);
  SPREADABLE_ASSERT(environment_.memory);
}

Node::~Node() {
  stop();
}

FunctionAction& Node::add_action(std::string name) {
  auto action = std::make_unique<FunctionAction>(std::move(name));
  FunctionAction& added = *action;
  add_action(std::unique_ptr<NetworkAction>(std::move(action)));
  return added;
}

NetworkAction& Node::add_action(std::unique_ptr<NetworkAction> action) {
  SPREADABLE_ASSERT(action && !is_prepared_);
  for (const auto& other : actions_) SPREADABLE_ASSERT(other->name() != action->name());
  actions_.push_back(std::move(action));
  return *actions_.back();
}

Result<void> Node::start() {
  SPREADABLE_ASSERT(!is_running_);
  const auto ip = environment_.resolver->resolve(options_.hostname);
  if (!ip) {
    return Error{ip.error().code, "option \"hostname\": " + ip.error().message, {}};
  }
  if (!is_prepared_) prepare();
  if (Result<void> known = check_approvals(); !known) return known;
  outbound_.set_public_only(ip->is_public());
  if (Result<void> listening =
          environment_.server->start(listen_options(ip->is_loopback()), router_);
      !listening) {
    return listening;
  }
  is_running_ = true;
  is_stopping_ = false;
  logger().info("node " + address_.text() + " is listening");
  events_.emit({.event = Event::started, .peer = address_});
  if (Result<void> ready = services_.init(); !ready) {
    environment_.server->stop(Deadline::after(clock(), Duration::zero()));
    is_running_ = false;
    return ready;
  }
  return {};
}

void Node::prepare() {
  add_action(std::make_unique<NetworkMapAction>(table_));
  prepare_services();
  services_.declare_actions();
  is_prepared_ = true;
  declare_access();
  declare_core_routes();
  for (const auto& action : actions_) declare_action_routes(*action);
  services_.declare_routes(router_);
  prepare_routes();
}

/// An action that asks for an approval which nobody checks would be open to everyone.
Result<void> Node::check_approvals() const {
  for (const auto& action : actions_) {
    if (action->approval().empty() || !action->is_for_clients()) continue;
    if (router_.is_protected(std::string(wire::kClientRoute) + action->name())) continue;
    return Error{Errc::invalid_argument,
                 "action \"" + action->name() + "\" needs approval \"" + action->approval() +
                     "\", which this node does not know; name it in option \"approval\"",
                 {}};
  }
  return {};
}

Server::Listen Node::listen_options(bool is_local) const {
  const NodeOptions::Https& https = options_.server.https;
  // Under a loopback name nobody outside can mean this node, so nobody outside is let in.
  Server::Listen listen{.host = is_local ? "localhost" : "::",
                        .port = options_.port,
                        .body_bytes_max = options_.server.body_bytes_max,
                        .compression_level = options_.server.compression_level};
  if (!https.key.empty()) listen.tls = Server::Tls{https.key, https.certificate};
  return listen;
}

void Node::stop(Duration grace) {
  if (!is_running_) return;
  const Deadline deadline = Deadline::after(clock(), grace);
  is_stopping_ = true;  // refuses clients; peers are answered until they have been told
  services_.deinit();
  environment_.server->stop(deadline);
  is_running_ = false;
  logger().info("node " + address_.text() + " has stopped");
  events_.emit({.event = Event::stopped, .peer = address_});
}

void Node::set_signatures(Signatures& signatures) {
  access_.set_signatures(signatures);
  router_.set_signatures(signatures);
  outbound_.set_signatures(signatures);
}

Result<TraversalResult> Node::traverse(std::string_view action, const Json& query,
                                       std::optional<Deadline> deadline) {
  return traverse(action, query, Asking{.deadline = deadline});
}

Result<TraversalResult> Node::traverse(std::string_view action, const Json& query,
                                       const Asking& asking) {
  const auto found = std::find_if(actions_.begin(), actions_.end(),
                                  [&](const auto& one) { return one->name() == action; });
  SPREADABLE_ASSERT(found != actions_.end());
  HttpRequest request;
  request.headers = asking.headers;
  const Deadline usual = Deadline::after(clock(), 2 * options_.request.server_timeout);
  CallContext call{.request = request,
                   .body = query,
                   .deadline = asking.deadline.value_or(usual),
                   .client_ip = IpAddress::loopback(),
                   .client_address = address_,
                   .is_own = true,
                   .is_native = true};
  Result<TraversalResult> result = traversal_.run(**found, query, call);
  note_whether_joined(result);
  return result;
}

/// A node that is still looking for its network speaks for itself alone, and says so.
void Node::note_whether_joined(Result<TraversalResult>& result) const {
  const auto& initial = options_.initial_network_address;
  const bool is_founder = std::all_of(initial.begin(), initial.end(),
                                      [&](const Address& address) { return address == address_; });
  if (result && !is_founder && table_.view()->masters.empty()) result->complete = false;
}

Json Node::status() const {
  const auto view = table_.view();
  Json status{{"root", root()},
              {"availability", environment_.availability ? environment_.availability() : 1.0},
              {"syncAvgTime", 0},
              {"isMaster", view->is_master()},
              {"isNormalized", false},
              {"isRegistered", view->is_registered()},
              {"networkSize", view->network_size()}};
  services_.describe(status);
  return status;
}

std::string Node::root() const {
  const MutexLock lock(root_mutex_);
  return root_;
}

void Node::set_root(std::string root) {
  const MutexLock lock(root_mutex_);
  root_ = std::move(root);
}

void Node::prepare_services() {
  for (const ServiceFactory& make : environment_.services) services_.add(make());
}

Result<void> Node::check_access(CallContext&) {
  return {};
}

void Node::declare_access() {
  const auto guard = [this](auto check) {
    return [this, check](CallContext& call) -> Result<void> {
      if (Result<void> known = access_.identify(call); !known) return known;
      if (Result<void> allowed = check_access(call); !allowed) return allowed;
      const Result<void> passed = (access_.*check)(call);
      tell_authentication(call, passed);
      return passed;
    };
  };
  router_.use("/api", guard(&Access::check_node));
  router_.use("/api", [this](CallContext& call) -> Result<void> {
    if (!call.client_address.is_empty()) {
      book_.note_heard(call.client_address, clock().now(), call.is_native);
    }
    return {};
  });
  router_.use("/client", [this](CallContext&) -> Result<void> {
    if (!is_stopping_) return {};
    return Error{Errc::overloaded, "this node is stopping", {}};
  });
  router_.use("/client", guard(&Access::check_client));
  router_.use("/ping", [](CallContext&) -> Result<void> { return {}; });
  router_.use("", guard(&Access::check_page));
}

/// A wrong password counts against the ip it came from, never against a node there: whose name the
/// caller gives itself is not proven yet.
void Node::tell_authentication(const CallContext& call, const Result<void>& passed) {
  if (!options_.network.auth) return;
  const bool is_good = passed.has_value();
  if (!is_good && passed.error().code != Errc::unauthorized) return;
  conducts_.tell(
      {.kind = conduct::kAuthentication, .peer = client_label(call.client_ip), .is_good = is_good});
}

Json Node::pong(CallContext& call) const {
  const std::string_view question = call.header(wire::kIntroduction);
  if (introduction_ && !question.empty()) {
    const auto answer = introduction_->answer(call.header(wire::kOriginalAddress), question);
    if (answer) call.reply_headers.add(wire::kIntroduction, *answer);
  }
  return {{"version", version_}, {"address", address_.text()}};
}

void Node::declare_core_routes() {
  router_.add(Method::get, "/ping", WorkClass::leaf,
              [this](CallContext& call) -> Result<Json> { return pong(call); });
  router_.add(Method::get, "/status", WorkClass::leaf, [this](CallContext& call) -> Result<Json> {
    Json answer = status();
    if (query_parameter(call.request.query, "pretty")) {
      char text[16];
      std::snprintf(text, sizeof text, "%.2f", answer["availability"].get<double>());
      answer["availability"] = text;
      answer["syncAvgTime"] = format_duration(
          std::chrono::duration<double, std::milli>(answer["syncAvgTime"].get<double>()));
    }
    return answer;
  });
  router_.add(Method::post, std::string(wire::kClientRoute) + "get-available-node",
              WorkClass::client, [this](CallContext& call) { return available_node(call); });
  for (const StaticPage& page : environment_.pages) {
    router_.add_page(page.path, [&page](CallContext&) {
      return HttpResponse{.headers = {{"Cache-Control", "no-cache"}},
                          .content_type = page.content_type,
                          .body = std::string(page.body)};
    });
  }
  router_.set_fallback([](CallContext&) { return json_page({{"success", true}}); });
}

void Node::declare_action_routes(NetworkAction& action) {
  const auto add = [&](std::string_view prefix, WorkClass work, auto stage) {
    router_.add(Method::post, std::string(prefix) + action.name(), work,
                [this, &action, stage](CallContext& call) {
                  call.signs_answer = action.has_signed_answers();
                  return (traversal_.*stage)(action, call);
                });
  };
  add(wire::kSlaveRoute, WorkClass::leaf, &Traversal::slave_stage);
  add(wire::kButlerRoute, WorkClass::forward, &Traversal::butler_stage);
  add(wire::kStandInRoute, WorkClass::forward, &Traversal::stand_in_stage);
  if (!action.is_for_clients()) return;
  router_.add(Method::post, std::string(wire::kClientRoute) + action.name(), WorkClass::client,
              [this, &action](CallContext& call) -> Result<Json> {
                Json query = call.body;
                if (query.is_object()) {
                  for (const char* field : {"timeout", "timestamp", "approvalInfo"}) {
                    query.erase(field);
                  }
                }
                Result<TraversalResult> result = traversal_.run(action, query, call);
                note_whether_joined(result);
                if (!result) return result.error();
                return std::move(*result).to_json();
              });
}

Result<Json> Node::available_node(CallContext& call) {
  // A random slave of a random master spreads clients evenly over the network (protocol
  // section 5.15).
  const auto view = table_.view();
  const Json self{{"address", address_.text()}};
  if (view->masters.empty()) return self;
  const Address& master = view->masters[random().below(view->masters.size())].address;
  const auto structure = outbound_.request(
      {.to = master, .path = std::string(wire::kNodeRoute) + "structure", .has_budget = false},
      call.deadline);
  if (!structure || !structure->body.is_object()) return self;
  const Json slaves = structure->body.value("slaves", Json::array());
  if (!slaves.is_array() || slaves.empty()) return self;
  const Json& slave = slaves[random().below(slaves.size())];
  if (!slave.is_object() || !slave.contains("address") || !slave["address"].is_string()) {
    return self;
  }
  const auto address = Address::parse(slave["address"].get_ref<const std::string&>());
  if (!address) return self;
  const auto ping = outbound_.request(
      {.to = *address, .path = "/ping", .method = Method::get},
      call.deadline.at_most(Deadline::after(clock(), options_.request.ping_timeout)));
  return ping ? Json{{"address", address->text()}} : self;
}

void Node::report(const PeerTable::Change& change) {
  const PeerView& before = *change.before;
  const PeerView& after = *change.after;
  const auto emit = [&](Event event) {
    events_.emit({.event = event, .peer = change.peer, .size = after.network_size()});
  };
  using Kind = PeerTable::Change::Kind;
  if (change.kind == Kind::backlink_set) emit(Event::registered);
  if (change.kind == Kind::backlink_cleared) emit(Event::unregistered);
  if (change.kind == Kind::slave_added) emit(Event::slave_added);
  if (change.kind == Kind::slave_removed) emit(Event::slave_removed);
  if (!before.is_master() && after.is_master()) emit(Event::became_master);
  if (before.is_master() && !after.is_master()) emit(Event::ceased_master);
  if (before.network_size() != after.network_size()) emit(Event::size_changed);
}

}  // namespace spreadable
