#include "services/sync/ip_quota.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <utility>

namespace spreadable {
namespace {

/// Calls `visit` for the list of each other master.
template <typename Visit>
void visit_others(const IpQuota::Lists& lists, Visit visit) {
  for (const MasterEntry& master : lists.view.masters) {
    if (const auto list = lists.known.find(master.address)) visit(std::span(*list));
  }
}

}  // namespace

std::size_t largest_group(std::span<const Address> list) {
  std::vector<IpAddress> groups;
  for (const Address& address : list) {
    const auto ip = IpAddress::parse(address.host());
    if (ip && !ip->is_private()) groups.push_back(ip->group());
  }
  std::sort(groups.begin(), groups.end());
  std::size_t largest = 0;
  for (auto group = groups.begin(); group != groups.end();) {
    const auto next = std::upper_bound(group, groups.end(), *group);
    largest = std::max(largest, static_cast<std::size_t>(next - group));
    group = next;
  }
  return largest;
}

IpQuota::IpQuota(const Parts& parts, Predicate is_trusted, Limits limits, Duration settling)
    : parts_(parts), is_trusted_(std::move(is_trusted)), limits_(limits), settling_(settling) {}

std::optional<IpAddress> IpQuota::group_of(const Address& address) const {
  const Result<IpAddress> ip = parts_.resolver.resolve(address.host());
  if (!ip || ip->is_private()) return std::nullopt;
  return ip->group();
}

std::optional<IpAddress> IpQuota::known_group_of(const Address& address) const {
  const auto ip = IpAddress::parse(address.host());
  if (!ip || ip->is_private() || is_trusted_(address)) return std::nullopt;
  return ip->group();
}

IpQuota::Set IpQuota::members(std::span<const Address> list, const IpAddress& group) const {
  Set members;
  for (const Address& address : list) {
    if (group_of(address) == group && !is_trusted_(address)) members.insert(address);
  }
  return members;
}

std::optional<IpQuota::Set> IpQuota::neighbours(const Address& newcomer, const IpAddress& group,
                                                const Lists& lists) const {
  Set all = members(lists.view.slaves, group);
  all.erase(newcomer);
  if (all.size() >= limits_.in_list) return std::nullopt;
  visit_others(lists, [&](std::span<const Address> list) { all.merge(members(list, group)); });
  all.erase(newcomer);
  if (all.size() + limits_.in_reserve >= limits_.in_network) return std::nullopt;
  return all;
}

bool IpQuota::has_room_for(const Address& newcomer, const Lists& lists) const {
  const std::optional<IpAddress> group = group_of(newcomer);
  return !group || is_trusted_(newcomer) || neighbours(newcomer, *group, lists).has_value();
}

bool IpQuota::admit(const Address& newcomer, const Lists& lists) {
  const std::optional<IpAddress> group = group_of(newcomer);
  if (!group || is_trusted_(newcomer)) return true;
  std::optional<Set> known = neighbours(newcomer, *group, lists);
  if (!known) return false;
  if (!lists.is_complete) known.reset();
  const TimePoint now = parts_.clock.now();
  const MutexLock lock(mutex_);
  admitted_.insert_or_assign(newcomer, Admitted{now, *group, std::move(known)});
  return true;
}

IpQuota::Admissions IpQuota::just_admitted() {
  const MutexLock lock(mutex_);
  if (admitted_.empty()) return {};
  const TimePoint since = parts_.clock.now() - settling_;
  std::erase_if(admitted_, [&](const auto& item) { return item.second.at < since; });
  return admitted_;
}

std::vector<Address> IpQuota::surplus(const Lists& lists) {
  const Admissions recent = just_admitted();
  if (recent.empty()) return {};
  const auto group_known = [&](const Address& address) -> std::optional<IpAddress> {
    if (const auto place = recent.find(address); place != recent.end()) return place->second.group;
    const auto ip = IpAddress::parse(address.host());
    return ip ? std::optional(ip->group()) : std::nullopt;
  };
  std::map<IpAddress, Set> listed;  // of the neighbourhoods that matter
  for (const auto& [slave, admitted] : recent) listed[admitted.group];
  const auto note = [&](std::span<const Address> list) {
    for (const Address& address : list) {
      const auto group = group_known(address);
      const auto place = group ? listed.find(*group) : listed.end();
      if (place != listed.end() && !is_trusted_(address)) place->second.insert(address);
    }
  };
  std::vector<Address> surplus;
  for (const Address& slave : lists.view.slaves) {  // the oldest first
    note({&slave, 1});
    const auto place = recent.find(slave);
    if (place == recent.end()) continue;
    if (listed[place->second.group].size() > limits_.in_list) surplus.push_back(slave);
  }
  visit_others(lists, note);
  for (const auto& item : recent) {
    const Address& slave = item.first;
    const auto& known = item.second.known;
    const Set& rivals = listed[item.second.group];
    if (!rivals.contains(slave)) continue;  // gone again
    const auto before = std::count_if(rivals.begin(), rivals.end(), [&](const Address& other) {
      return other < slave || (other != slave && (!known || known->contains(other)));
    });
    if (static_cast<std::size_t>(before) >= limits_.in_network) surplus.push_back(slave);
  }
  std::sort(surplus.begin(), surplus.end());
  surplus.erase(std::unique(surplus.begin(), surplus.end()), surplus.end());
  return surplus;
}

bool IpQuota::is_broken_by(std::span<const Address> list) const {
  if (largest_group(list) <= limits_.in_network) return false;
  std::vector<Address> strangers;
  std::copy_if(list.begin(), list.end(), std::back_inserter(strangers),
               [&](const Address& address) { return !is_trusted_(address); });
  return largest_group(strangers) > limits_.in_network;
}

std::set<IpAddress> IpQuota::crowded_groups(std::span<const Listing> masters) const {
  std::vector<IpAddress> places;
  const auto add = [&](const Address& address) {
    if (const auto group = known_group_of(address)) places.push_back(*group);
  };
  for (const Listing& listing : masters) add(listing.master);
  if (places.empty()) return {};
  for (const Listing& listing : masters) {
    std::for_each(listing.slaves.begin(), listing.slaves.end(), add);
  }
  std::sort(places.begin(), places.end());
  std::set<IpAddress> crowded;
  for (std::size_t i = limits_.in_network; i < places.size(); ++i) {
    if (places[i] == places[i - limits_.in_network]) crowded.insert(places[i]);
  }
  return crowded;
}

std::vector<Address> IpQuota::surplus_masters(std::span<const Listing> masters) const {
  Groups groups;  // who has a place in them
  for (const IpAddress& group : crowded_groups(masters)) groups[group];
  if (groups.empty()) return {};
  const auto visit = [&](const Listing& listing, auto use) {
    const auto visit_one = [&](const Address& address) {
      const auto group = known_group_of(address);
      const auto place = group ? groups.find(*group) : groups.end();
      if (place != groups.end()) use(place->first, place->second, address);
    };
    visit_one(listing.master);
    std::for_each(listing.slaves.begin(), listing.slaves.end(), visit_one);
  };
  const auto take = [](const IpAddress&, Set& nodes, const Address& address) {
    nodes.insert(address);
  };
  const auto has_too_many = [&](const Listing& listing) {
    struct Count {
      std::size_t all = 0;
      std::size_t added = 0;
    };
    std::map<IpAddress, Count> counts;
    visit(listing, [&](const IpAddress& group, const Set& nodes, const Address& address) {
      Count& count = counts[group];
      ++count.all;
      if (!nodes.contains(address)) ++count.added;
    });
    const auto own = known_group_of(listing.master);
    return std::any_of(counts.begin(), counts.end(), [&](const auto& item) {
      const auto& [group, count] = item;
      const bool is_held_against_it = group == own || count.all > limits_.in_list;
      return is_held_against_it && count.added > 0 &&
             groups.at(group).size() + count.added > limits_.in_network;
    });
  };
  std::vector<const Listing*> suspects;
  for (const Listing& listing : masters) {
    const auto group = known_group_of(listing.master);
    if (group && groups.contains(*group)) {
      suspects.push_back(&listing);
    } else {
      visit(listing, take);
    }
  }
  std::sort(suspects.begin(), suspects.end(),
            [](const Listing* one, const Listing* other) { return one->master < other->master; });
  std::vector<Address> surplus;
  for (const Listing* suspect : suspects) {
    if (has_too_many(*suspect)) {
      surplus.push_back(suspect->master);
    } else {
      visit(*suspect, take);
    }
  }
  return surplus;
}

}  // namespace spreadable
