#include "services/simulation/virtual_network.h"

#include <algorithm>
#include <utility>

#include "core/assert.h"
#include "core/router.h"
#include "services/simulation/detail/mix.h"
#include "services/simulation/detail/outages.h"
#include "services/simulation/detail/virtual_exchange.h"
#include "services/system/system_random.h"

namespace spreadable {
namespace {

using Phase = detail::VirtualExchangePhase;

constexpr std::size_t kConnectionsBeforeSweep = 65'536;
constexpr std::size_t kHeadBytes = 120;  // request line, Host and the like

std::size_t bytes_of(const Headers& headers) {
  std::size_t bytes = 0;
  for (const auto& [name, value] : headers) bytes += name.size() + value.size() + 4;
  return bytes;
}

std::size_t bytes_of(const HttpRequest& request) {
  return kHeadBytes + request.path.size() + bytes_of(request.headers) + request.body.size();
}

std::size_t bytes_of(const TransportReply& reply) {
  return kHeadBytes + bytes_of(reply.headers) + reply.body.size();
}

Error unreachable(const Address& to, const char* why) {
  return {Errc::unreachable, "no connection to " + to.text() + ": " + why, {}};
}

std::string port_key(const IpAddress& ip, std::uint16_t port) {
  return ip.text() + ' ' + std::to_string(port);
}

HttpRequest received(const TransportRequest& request, const IpAddress& from) {
  const std::size_t query_at = std::min(request.path.find('?'), request.path.size());
  return {.method = request.method,
          .path = request.path.substr(0, query_at),
          .query = request.path.substr(std::min(query_at + 1, request.path.size())),
          .headers = request.headers,
          .body = request.body,
          .remote_ip = from,
          .is_tls = request.is_tls};
}

}  // namespace

VirtualNetwork::VirtualNetwork(VirtualTime& time, std::uint64_t seed)
    : time_(time),
      random_(std::make_unique<SeededRandom>(detail::mix(seed, 1))),
      links_(detail::mix(seed, 2), *random_),
      outages_(std::make_unique<detail::Outages>()),
      exchanges_(std::make_unique<detail::VirtualExchangeTable>()),
      connections_to_sweep_at_(kConnectionsBeforeSweep) {}

VirtualNetwork::~VirtualNetwork() = default;

void VirtualNetwork::attach(MachineId machine, const IpAddress& ip, std::uint16_t port,
                            const VirtualClock& clock) {
  if (machine >= sites_.size()) sites_.resize(machine + 1);
  Site& site = sites_[machine];
  site.ip = ip;
  site.port = port;
  site.clock = &clock;
  const auto [first, is_alone] = machines_by_ip_.emplace(ip.text(), machine);
  if (is_alone) return;
  site.has_neighbours = true;
  Site& neighbour = sites_[first->second];
  if (!std::exchange(neighbour.has_neighbours, true)) {
    machines_by_port_.emplace(port_key(ip, neighbour.port), first->second);
  }
  const bool is_new = machines_by_port_.emplace(port_key(ip, port), machine).second;
  SPREADABLE_ASSERT(is_new);
}

void VirtualNetwork::add_name(std::string name, MachineId machine) {
  machines_by_name_.insert_or_assign(std::move(name), machine);
}

void VirtualNetwork::cut_one_way(std::span<const MachineId> from, std::span<const MachineId> to) {
  outages_->cut(from, to);
}

void VirtualNetwork::cut(std::span<const MachineId> some, std::span<const MachineId> others) {
  outages_->cut(some, others);
  outages_->cut(others, some);
}

void VirtualNetwork::heal() {
  outages_->heal();
}

void VirtualNetwork::clog(MachineId from, MachineId to, TimePoint until) {
  outages_->clog(from, to, until);
}

void VirtualNetwork::unclog() {
  outages_->unclog();
}

void VirtualNetwork::set_slow(MachineId machine, Duration for_each_request) {
  sites_[machine].slowness = for_each_request;
}

void VirtualNetwork::set_dns(MachineId machine, bool is_working) {
  sites_[machine].has_dns = is_working;
}

void VirtualNetwork::take_down(MachineId machine, Death death) {
  Site& site = sites_[machine];
  site.handler = nullptr;
  site.is_powered = death == Death::process;
  site.busy_until = {};
  ++site.incarnation;
  if (death == Death::machine) return;
  // The system closes the connections of a program that has ended.
  std::vector<Exchange> broken;
  exchanges_->for_each([&](Exchange& exchange) {
    const bool is_there = exchange.phase == Phase::turn || exchange.phase == Phase::answering;
    if (exchange.to != machine || !exchange.group || !is_there) return;
    broken.push_back({.group = std::exchange(exchange.group, nullptr),
                      .slot = exchange.slot,
                      .from = exchange.from,
                      .to = exchange.to});
  });
  for (const Exchange& exchange : broken) {
    const auto [handle, added] = exchanges_->make();
    const std::uint32_t generation = added.generation;
    added = exchange;
    added.generation = generation;
    added.group->exchanges.push_back(handle);
    refuse(handle, added);
  }
}

void VirtualNetwork::bring_up(MachineId machine) {
  sites_[machine].is_powered = true;
}

Result<IpAddress> VirtualNetwork::resolve(MachineId from, std::string_view host) const {
  if (const auto ip = IpAddress::parse(host)) return *ip;
  if (host == "localhost") return IpAddress::loopback();
  const Error unknown{Errc::not_found, "nobody is called " + std::string(host), {}};
  if (!sites_[from].has_dns) return unknown;
  const auto named = machines_by_name_.find(host);
  return named == machines_by_name_.end() ? Result<IpAddress>(unknown) : sites_[named->second].ip;
}

Result<MachineId> VirtualNetwork::find(MachineId from, const Address& address) const {
  if (const auto place = machines_by_ip_.find(address.host()); place != machines_by_ip_.end()) {
    return at_port(place->second, address.port());
  }
  const Result<IpAddress> ip = resolve(from, address.host());
  if (!ip) return unreachable(address, ip.error().message.c_str());
  if (ip->is_loopback()) return from;
  const auto place = machines_by_ip_.find(ip->text());
  return place == machines_by_ip_.end() ? kNoMachine : at_port(place->second, address.port());
}

/// Whom a connection to that port of the ip of `place` reaches; `place` itself, which refuses it,
/// when nobody has the port.
MachineId VirtualNetwork::at_port(MachineId place, std::uint16_t port) const {
  if (!sites_[place].has_neighbours) return place;
  const auto found = machines_by_port_.find(port_key(sites_[place].ip, port));
  return found == machines_by_port_.end() ? place : found->second;
}

std::vector<Result<TransportReply>> VirtualNetwork::ask(MachineId from,
                                                        std::span<const TransportRequest> requests,
                                                        Deadline deadline,
                                                        const std::function<void()>& meanwhile) {
  SPREADABLE_ASSERT(requests.size() <= Transport::kGroupMax);
  using Wake = VirtualTime::Wake;
  Group group{.waiter = VirtualTime::Waiter(time_, from),
              .slots = std::vector<std::optional<Result<TransportReply>>>(requests.size()),
              .open = requests.size()};
  if (!time_.is_halted(from)) {
    for (std::size_t i = 0; i < requests.size(); ++i) send(from, group, i, requests[i]);
  }
  if (meanwhile) meanwhile();
  const Wake wake = group.open == 0
                        ? Wake::notified
                        : group.waiter.wait(sites_[from].clock->true_time_of(deadline.at()));
  for (const std::uint64_t handle : group.exchanges) {
    if (Exchange* exchange = exchanges_->find(handle)) exchange->group = nullptr;
  }
  std::vector<Result<TransportReply>> results;
  results.reserve(requests.size());
  for (std::size_t i = 0; i < requests.size(); ++i) {
    if (group.slots[i]) {
      results.push_back(std::move(*group.slots[i]));
    } else if (wake == Wake::cancelled) {
      results.push_back(Error{Errc::cancelled, "this node has ended", {}});
    } else {
      results.push_back(
          Error{Errc::timed_out, requests[i].to.text() + " does not answer in time", {}});
    }
  }
  return results;
}

void VirtualNetwork::send(MachineId from, Group& group, std::size_t slot,
                          const TransportRequest& request) {
  if (request.to.is_empty() || !request.path.starts_with('/')) {
    group.settle(slot, Error{Errc::invalid_argument, "the request has no address or path", {}});
    return;
  }
  const Result<MachineId> to = find(from, request.to);
  if (!to) {
    group.settle(slot, to.error());
    return;
  }
  if (*to == kNoMachine) return;  // packets to nowhere
  if (request.is_public_only && !sites_[*to].ip.is_public()) {
    group.settle(slot, Error{Errc::denied, request.to.text() + " is not a public address", {}});
    return;
  }
  Exchange exchange{.group = &group,
                    .slot = slot,
                    .from = from,
                    .to = *to,
                    .port = request.to.port(),
                    .is_connecting = !is_open(from, *to),
                    .request = received(request, sites_[from].ip),
                    .reply_bytes_max = request.reply_bytes_max};
  if (links_.is_duplicated()) {
    Exchange again = exchange;
    again.group = nullptr;
    launch(std::move(again));
  }
  launch(std::move(exchange));
}

void VirtualNetwork::launch(Exchange&& prepared) {
  const auto [handle, exchange] = exchanges_->make();
  prepared.generation = exchange.generation;
  exchange = std::move(prepared);
  if (exchange.group) exchange.group->exchanges.push_back(handle);
  Duration delay = links_.message_delay(exchange.from, exchange.to, bytes_of(exchange.request));
  if (exchange.is_connecting) delay += links_.connect_delay(exchange.from, exchange.to);
  time_.schedule(time_.now() + delay, exchange.to, *this, handle);
}

void VirtualNetwork::on_event(std::uint64_t argument) {
  Exchange* const exchange = exchanges_->find(argument);
  if (!exchange || is_held_up(argument, *exchange)) return;
  switch (exchange->phase) {
    case Phase::request:
      return deliver_request(argument, *exchange);
    case Phase::turn:
      return begin(argument, *exchange);
    case Phase::reply:
      return deliver_reply(argument, *exchange);
    case Phase::refusal:
      note(*exchange, {});
      return settle(argument, *exchange,
                    Error{Errc::unreachable, "the connection was refused or broke", {}});
    case Phase::answering:
      SPREADABLE_ASSERT(false);  // its fiber ends this phase, no event
  }
}

/// Whether the message does not get through now; it comes again then, unless nobody waits for it.
bool VirtualNetwork::is_held_up(std::uint64_t handle, Exchange& exchange) {
  if (exchange.phase == Phase::turn) return false;
  const bool is_request = exchange.phase == Phase::request;
  const MachineId source = is_request ? exchange.from : exchange.to;
  const MachineId target = is_request ? exchange.to : exchange.from;
  const bool needs_both = is_request && exchange.is_connecting;
  TimePoint again = outages_->passage(source, target, time_.now());
  if (outages_->is_cut(source, target) || (needs_both && outages_->is_cut(target, source))) {
    again = time_.now() +
            LinkModel::pause_after(exchange.attempts++, needs_both ? LinkModel::kConnectRetry
                                                                   : LinkModel::kSegmentRetry);
    if (!exchange.group) {
      exchanges_->release(handle);
      return true;
    }
  }
  if (again <= time_.now()) return false;
  time_.schedule(again, target, *this, handle);
  return true;
}

void VirtualNetwork::deliver_request(std::uint64_t handle, Exchange& exchange) {
  Site& site = sites_[exchange.to];
  if (!site.is_powered) return exchanges_->release(handle);
  note(exchange, exchange.request.body);
  if (!site.handler || site.port != exchange.port) return refuse(handle, exchange);
  ++counters_.requests;
  counters_.bytes += bytes_of(exchange.request);
  if (site.slowness <= Duration::zero()) return begin(handle, exchange);
  exchange.phase = Phase::turn;
  site.busy_until = std::max(site.busy_until, time_.now()) + site.slowness;
  time_.schedule(site.busy_until, exchange.to, *this, handle);
}

void VirtualNetwork::begin(std::uint64_t handle, Exchange& exchange) {
  Site& site = sites_[exchange.to];
  if (!site.handler) return refuse(handle, exchange);
  exchange.phase = Phase::answering;
  if (exchange.request.body.size() > site.body_bytes_max) {
    return answer(handle, exchange,
                  error_response({Errc::too_large, "request entity too large", {}}));
  }
  ++site.handlers;
  time_.spawn(exchange.to, [this, handle, handler = site.handler] { serve(handle, *handler); });
}

void VirtualNetwork::serve(std::uint64_t handle, RequestHandler& handler) {
  Exchange& exchange = *exchanges_->find(handle);
  const MachineId machine = exchange.to;
  const std::uint32_t incarnation = sites_[machine].incarnation;
  HttpResponse response = handler.handle(std::move(exchange.request));
  Site& site = sites_[machine];
  if (--site.handlers == 0 && site.draining) site.draining->notify();
  const bool is_answered = response.status != kNoAnswer;
  if (site.incarnation != incarnation || !is_answered) return exchanges_->release(handle);
  answer(handle, exchange, std::move(response));
}

void VirtualNetwork::answer(std::uint64_t handle, Exchange& exchange, HttpResponse response) {
  exchange.reply = {response.status, std::move(response.headers), std::move(response.body)};
  exchange.phase = Phase::reply;
  exchange.attempts = 0;
  const std::size_t bytes = bytes_of(exchange.reply);
  counters_.bytes += bytes;
  time_.schedule(time_.now() + links_.message_delay(exchange.to, exchange.from, bytes),
                 exchange.from, *this, handle);
}

void VirtualNetwork::deliver_reply(std::uint64_t handle, Exchange& exchange) {
  note(exchange, exchange.reply.body);
  keep_open(exchange.from, exchange.to);
  if (exchange.reply.body.size() > exchange.reply_bytes_max) {
    return settle(handle, exchange, Error{Errc::bad_response, "the answer is too large", {}});
  }
  settle(handle, exchange, std::move(exchange.reply));
}

void VirtualNetwork::refuse(std::uint64_t handle, Exchange& exchange) {
  exchange.phase = Phase::refusal;
  exchange.attempts = 0;
  time_.schedule(time_.now() + links_.message_delay(exchange.to, exchange.from, 0), exchange.from,
                 *this, handle);
}

void VirtualNetwork::settle(std::uint64_t handle, Exchange& exchange,
                            Result<TransportReply> result) {
  Group* const group = exchange.group;
  const std::size_t slot = exchange.slot;
  exchanges_->release(handle);
  if (group) group->settle(slot, std::move(result));
}

bool VirtualNetwork::is_open(MachineId from, MachineId to) const {
  const auto known = connections_.find(detail::pair_key(from, to));
  return known != connections_.end() &&
         known->second.incarnations == sites_[from].incarnation + sites_[to].incarnation &&
         time_.now() - known->second.used_at < conditions().keep_alive;
}

void VirtualNetwork::keep_open(MachineId from, MachineId to) {
  connections_[detail::pair_key(from, to)] = {time_.now(),
                                              sites_[from].incarnation + sites_[to].incarnation};
  if (connections_.size() < connections_to_sweep_at_) return;
  std::erase_if(connections_, [&](const auto& item) {
    return time_.now() - item.second.used_at >= conditions().keep_alive;
  });
  connections_to_sweep_at_ = std::max(kConnectionsBeforeSweep, 2 * connections_.size());
}

void VirtualNetwork::note(const Exchange& exchange, std::string_view body) {
  const auto phase = static_cast<std::uint64_t>(exchange.phase);
  time_.note(detail::mix(detail::pair_key(exchange.from, exchange.to), phase));
  if (!body.empty()) time_.note(std::hash<std::string_view>{}(body));
}

}  // namespace spreadable
