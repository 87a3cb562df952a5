#include "services/approvals/committee_finder.h"

#include <algorithm>
#include <cmath>

#include "core/wire.h"
#include "services/sync/structure.h"
#include "services/sync/sync.h"

namespace spreadable {
namespace {

bool contains(const std::vector<Address>& list, const Address& address) {
  return std::find(list.begin(), list.end(), address) != list.end();
}

}  // namespace

bool Committee::has_member(const Address& address) const {
  return contains(members, address);
}

bool Committee::knows(std::span<const Address> addresses) const {
  return std::all_of(addresses.begin(), addresses.end(), [&](const Address& address) {
    return contains(members, address) || contains(silent, address);
  });
}

std::size_t CommitteeFinder::wanted(const Approval& approval) const {
  return approval.options().approvers.of(node_.peers().view()->network_size());
}

CommitteeFinder::Cached CommitteeFinder::cached(const Approval& approval, std::int64_t period) {
  const MutexLock lock(mutex_);
  const auto found = committees_.find({approval.action(), period});
  return found == committees_.end() ? Cached{} : found->second;
}

std::shared_ptr<const Committee> CommitteeFinder::find(const Approval& approval,
                                                       std::int64_t period, Deadline deadline) {
  const TimePoint now = node_.clock().now();
  if (const Cached known = cached(approval, period);
      known.committee && now - known.found_at < kLifetime) {
    return known.committee;
  }
  const bool is_legacy = approval.options().committee == Approval::Choice::legacy;
  const Order order = is_legacy ? legacy_order(approval, period, deadline)
                                : beacon_order(approval, period, deadline);
  auto found = std::make_shared<const Committee>(first_alive(order, deadline));
  const MutexLock lock(mutex_);
  // Of each approval the last two periods are asked for; what is older is over.
  const std::int64_t oldest = period - 2 * approval.options().period.count();
  std::erase_if(committees_, [&](const auto& item) {
    return item.first.first == approval.action() && item.first.second < oldest;
  });
  if (!found->members.empty()) committees_[{approval.action(), period}] = {found, now};
  return found;
}

std::shared_ptr<const Committee> CommitteeFinder::find_with(const Approval& approval,
                                                            std::int64_t period,
                                                            std::span<const Address> named,
                                                            Deadline deadline) {
  const Cached known = cached(approval, period);
  if (known.committee && known.committee->knows(named)) return known.committee;
  return find(approval, period, deadline);
}

CommitteeFinder::Order CommitteeFinder::legacy_order(const Approval& approval, std::int64_t period,
                                                     Deadline deadline) {
  Order order{{}, wanted(approval)};
  for (const std::string& text : approver_order(electorate(deadline), period)) {
    if (auto address = Address::parse(text)) order.addresses.push_back(std::move(*address));
  }
  return order;
}

/// Everybody who may have to vote by the protocol: all slaves of all masters.
std::vector<std::string> CommitteeFinder::electorate(Deadline deadline) {
  const auto view = node_.peers().view();
  if (view->masters.empty()) return {node_.address().text()};
  std::vector<PeerRequest> requests;
  for (const MasterEntry& master : view->masters) {
    requests.push_back({.to = master.address,
                        .path = std::string(wire::kNodeRoute) + "structure",
                        .has_budget = false,
                        .is_raw = true});
  }
  const Deadline soon =
      deadline.at_most(Deadline::after(node_.clock(), node_.options().request.server_timeout));
  const auto replies = node_.outbound().request_group(requests, soon);
  std::vector<std::string> slaves;
  for (std::size_t i = 0; i < replies.size(); ++i) {
    const Result<Structure> structure =
        replies[i] ? parse_structure(replies[i]->text) : Result<Structure>(replies[i].error());
    // Of a master that is silent just now, those it had will do.
    const auto known = structure ? nullptr : node_.known_lists().find(requests[i].to);
    if (!structure && !known) continue;
    for (const Address& slave : structure ? structure->slaves : *known) {
      slaves.push_back(slave.text());
    }
  }
  return slaves;
}

CommitteeFinder::Order CommitteeFinder::beacon_order(const Approval& approval, std::int64_t period,
                                                     Deadline deadline) {
  if (node_.peers().view()->masters.empty()) return {{node_.address()}, 1};
  const auto reports = beacon_.reports(approval.options().period, period, deadline);
  auto* const sync = node_.services().find<Sync>();
  const Duration lifetime = sync ? sync->sync_lifetime() : Duration::zero();
  const std::vector<Address> seniors =
      senior_members(reports, std::chrono::duration_cast<Millis>(2 * lifetime));
  const SeatPlan plan(candidates(seniors));
  Order order{{}, std::max<std::size_t>(1, std::min(wanted(approval), plan.seats()))};
  const SeatSeed seed = seat_seed(approval.action(), period, beacon_value(reports));
  for (const std::size_t index : plan.choose(seed, plan.seats())) {
    order.addresses.push_back(plan.candidates()[index].address);
  }
  return order;
}

/// Those of `addresses` whose host has an ip, with it.
std::vector<Candidate> CommitteeFinder::candidates(const std::vector<Address>& addresses) {
  const auto& trusted = node_.options().network.trustlist;
  std::vector<Candidate> found;
  for (const Address& address : addresses) {
    const auto literal = IpAddress::parse(address.host());
    const Result<IpAddress> ip =
        literal ? Result<IpAddress>(*literal) : node_.resolver().resolve(address.host());
    if (!ip) continue;
    const bool is_trusted =
        std::any_of(trusted.begin(), trusted.end(), [&](const std::string& item) {
          return item == address.text() || item == address.host() || IpAddress::parse(item) == *ip;
        });
    found.push_back({address, *ip, is_trusted || ip->is_private()});
  }
  return found;
}

/// The first of `order` that answer a ping, as many as there are seats. They are asked in groups,
/// each a few larger than what is missing, so that one who is silent rarely costs another round.
Committee CommitteeFinder::first_alive(const Order& order, Deadline deadline) {
  const auto extra =
      static_cast<std::size_t>(std::ceil(std::sqrt(static_cast<double>(order.seats))));
  Committee committee{{}, {}, order.seats};
  std::size_t next = 0;
  while (committee.members.size() < order.seats && next < order.addresses.size()) {
    std::vector<PeerRequest> pings;
    const std::size_t end = next + order.seats - committee.members.size() + extra;
    for (; next < std::min(end, order.addresses.size()); ++next) {
      pings.push_back({.to = order.addresses[next], .path = "/ping", .method = Method::get});
    }
    const Deadline soon =
        deadline.at_most(Deadline::after(node_.clock(), node_.options().request.ping_timeout));
    const auto replies = node_.outbound().request_group(pings, soon);
    for (std::size_t i = 0; i < replies.size(); ++i) {
      if (committee.members.size() == order.seats) break;
      (replies[i] ? committee.members : committee.silent).push_back(pings[i].to);
    }
  }
  return committee;
}

}  // namespace spreadable
