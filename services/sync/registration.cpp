#include "services/sync/registration.h"

#include <algorithm>
#include <utility>

#include "core/wire.h"

namespace spreadable {
namespace {

constexpr std::size_t kMastersTriedMax = 4;

const Schema& provide_registration_schema() {
  static const Schema candidate = schema::object({{"address", schema::address()}});
  static const schema::ArrayLimits list{.items_max = Transport::kGroupMax, .unique_by = "address"};
  static const Schema entry = schema::object({{"networkSize", schema::number()},
                                              {"address", schema::address()},
                                              {"candidates", schema::array(candidate, list)}});
  static const Schema answer =
      schema::object({{"address", schema::address()},
                      {"networkSize", schema::integer({.min = 0})},
                      {"syncLifetime", schema::number()},
                      {"results", schema::array(entry, {.items_max = Transport::kGroupMax})}},
                     schema::Keys::strict);
  return answer;
}

const Schema& register_schema() {
  static const Schema answer =
      schema::object({{"address", schema::address()}, {"size", schema::integer({.min = 0})}},
                     schema::Keys::strict);
  return answer;
}

Address address_of(const Json& entry) {
  return *Address::parse(entry["address"].get_ref<const std::string&>());
}

void add_unique(std::vector<Address>& list, const Address& address) {
  if (std::find(list.begin(), list.end(), address) == list.end()) list.push_back(address);
}

}  // namespace

Sync::Registration::Registration(Sync& sync) : sync_(sync), node_(sync.node()) {}

void Sync::Registration::join() {
  if (node_.peers().view()->is_registered()) return;
  std::vector<Address> masters = find_masters();
  masters.resize(std::min(masters.size(), kMastersTriedMax));
  for (const Address& master : masters) {
    if (sync_.is_stopping_ || register_with(master)) return;
  }
}

void Sync::Registration::move_to(const Address& master) {
  const auto old = node_.peers().view()->backlink;
  if (!old || *old == master || master == node_.address()) return;
  if (!register_with(master)) return;
  if (!node_.book().is_native(*old))
    return;  // it finds out by itself; the route would be unknown there
  static_cast<void>(node_.outbound().request(
      {.to = *old, .path = std::string(wire::kNodeRoute) + "leave"}, sync_.step_deadline()));
}

std::vector<Address> Sync::Registration::find_masters() {
  // A newcomer asks, since a provider counts all who come at the same time. Who has lost its master
  // knows where there is room; if all its fellows asked the same provider, that would be no better
  // informed.
  const Placement::Answer own = place_myself();
  if (own.has_room && (sync_.was_registered_ || sync_.is_first_node())) return own.masters;
  for (const Address& provider : providers()) {
    if (sync_.is_stopping_) return {};
    std::vector<Address> masters = ask_provider(provider);
    if (!masters.empty()) return masters;
  }
  return own.masters;
}

Placement::Answer Sync::Registration::place_myself() {
  const auto view = node_.peers().view();
  if (view->masters.empty()) return {};  // a stranger: somebody in the network knows better
  const std::vector<Address> spares = sync_.spare_masters();
  return sync_.placement_->place({.joiner = node_.address(),
                                  .view = *view,
                                  .spares = spares,
                                  .is_excluded =
                                      [&](const Address& address) {
                                        return node_.book().fails(address) > 0 ||
                                               !is_suitable(address, view->network_size());
                                      },
                                  .crowd = spares.size()});
}

std::vector<Address> Sync::Registration::providers() const {
  std::vector<Address> list;
  for (const Address& address : node_.options().initial_network_address) {
    add_unique(list, sync_.name_of(address));
  }
  node_.random().shuffle(list);
  std::erase(list, node_.address());
  node_.book().visit([&](const PeerBook::Entry& entry) {
    if (entry.fails == 0 && entry.address != node_.address()) add_unique(list, entry.address);
    return list.size() < sync_.options_.providers_max;
  });
  list.resize(std::min(list.size(), sync_.options_.providers_max));
  return list;
}

std::vector<Address> Sync::Registration::ask_provider(const Address& provider) {
  const auto reply =
      node_.outbound().request({.to = provider,
                                .path = std::string(wire::kNodeRoute) + "provide-registration",
                                .body = {{"target", node_.address().text()}},
                                .schema = &provide_registration_schema()},
                               sync_.step_deadline());
  if (!reply) {
    node_.logger().debug("sync: " + provider.text() +
                         " provides no master: " + reply.error().message);
    return {};
  }
  return choose(*reply);
}

bool Sync::Registration::is_suitable(const Address& master, std::size_t network_size) const {
  if (master == node_.address() || !sync_.is_suitable_master(master)) return false;
  // Upstream dissolves a pair of nodes that are each other's master in a network of more than two;
  // nodes of ours may be each other's master, which is what lets three nodes settle at all.
  return network_size <= 2 || !node_.peers().view()->has_slave(master) ||
         node_.book().is_native(master);
}

std::vector<Address> Sync::Registration::choose(const PeerReply& reply) const {
  const auto size = reply.body["networkSize"].get<std::size_t>();
  const std::size_t limit = node_.topology().list_limit(std::max<std::size_t>(size, 1));
  const bool is_native = reply.headers.find(wire::kFeatures).has_value();
  std::vector<Address> free;
  std::vector<Address> candidates;
  for (const Json& entry : reply.body["results"]) {
    const Address master = address_of(entry);
    const Json& named = entry["candidates"];
    if (is_suitable(master, size) && (is_native || named.size() < limit)) free.push_back(master);
    std::vector<Address> possible;
    for (const Json& candidate : named) {
      if (is_suitable(address_of(candidate), size)) possible.push_back(address_of(candidate));
    }
    if (!possible.empty()) candidates.push_back(possible[node_.random().below(possible.size())]);
  }
  // A node of ours has put its answers in order; others leave the choice to chance.
  if (!is_native) node_.random().shuffle(free);
  node_.random().shuffle(candidates);
  for (const Address& candidate : candidates) add_unique(free, candidate);
  return free;
}

bool Sync::Registration::register_with(const Address& master) {
  const auto reply = node_.outbound().request({.to = master,
                                               .path = std::string(wire::kNodeRoute) + "register",
                                               .body = {{"target", node_.address().text()}},
                                               .schema = &register_schema(),
                                               .work = WorkClass::forward},
                                              sync_.step_deadline());
  // A full list is no fault, and who can't be reached is counted elsewhere.
  const bool is_fault =
      !reply && reply.error().code == Errc::logical && reply.error().wire_code != wire::kListFull;
  if (reply || is_fault) {
    node_.conducts().tell(
        {.kind = conduct::kRegistration, .peer = master, .is_good = reply.has_value()});
  }
  if (!reply) {
    node_.logger().debug("sync: " + master.text() +
                         " does not take this node: " + reply.error().message);
    return false;
  }
  sync_.was_registered_ = true;
  node_.peers().set_backlink(master);
  node_.logger().info("sync: registered with " + master.text());
  if (node_.peers().view()->masters.empty()) {
    node_.peers().set_masters({{master, reply->body["size"].get<std::size_t>()}});
  }
  return true;
}

}  // namespace spreadable
