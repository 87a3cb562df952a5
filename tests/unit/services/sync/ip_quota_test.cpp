#include "services/sync/ip_quota.h"

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <vector>

#include "tests/support/manual_clock.h"

namespace spreadable {
namespace {

using Nodes = std::vector<Address>;

constexpr Duration kSettling = std::chrono::seconds{48};

/// Counts look-ups of names.
class Names final : public Resolver {
 public:
  Result<IpAddress> resolve(std::string_view host) override {
    if (const auto ip = IpAddress::parse(host)) return *ip;
    ++asked;
    if (host.ends_with(".example.com")) return *IpAddress::parse("9.9.2.200");
    return Error{Errc::not_found, "no such host", {}};
  }
  int asked = 0;
};

Address at(const std::string& text) {
  return *Address::parse(text);
}

/// Nodes from `first` to `last` of 9.9.2.0/24.
Nodes neighbours(int first, int last) {
  Nodes nodes;
  for (int i = first; i <= last; ++i) nodes.push_back(at("9.9.2." + std::to_string(i) + ":80"));
  return nodes;
}

/// What a master knows: its own slaves, and the lists of others.
class Knowledge {
 public:
  Knowledge(const Nodes& own, const std::vector<Nodes>& others) : table_(at("10.1.0.1:80")) {
    std::vector<MasterEntry> masters;
    KnownLists::Lists lists;
    for (const Nodes& other : others) {
      const Address master = at("10.1.1." + std::to_string(masters.size()) + ":80");
      masters.push_back({master, other.size()});
      lists.emplace(master, std::make_shared<const Nodes>(other));
    }
    known_.update(std::move(lists), TimePoint());
    table_.set_masters(std::move(masters));
    for (const Address& slave : own) table_.add_slave(slave);
    view_ = table_.view();
  }
  [[nodiscard]] IpQuota::Lists lists() const { return {*view_, known_}; }

 private:
  PeerTable table_;
  KnownLists known_;
  std::shared_ptr<const PeerView> view_;
};

bool trusts_nobody(const Address&) {
  return false;
}

}  // namespace

TEST_CASE("ip quota: room: two of a neighbourhood in a list, and ten in all of them") {
  Names names;
  ManualClock clock;
  const IpQuota quota({names, clock}, trusts_nobody, {}, kSettling);
  const auto has_room = [&](const std::string& newcomer, const Nodes& own,
                            const std::vector<Nodes>& others) {
    const Knowledge knowledge(own, others);
    return quota.has_room_for(at(newcomer), knowledge.lists());
  };
  CHECK(has_room("9.9.2.99:80", neighbours(1, 1), {}));
  CHECK_FALSE(has_room("9.9.2.99:80", neighbours(1, 2), {}));
  CHECK(has_room("9.9.3.1:80", neighbours(1, 2), {}));
  CHECK(has_room("9.9.2.99:80", neighbours(1, 1), {neighbours(11, 14), neighbours(15, 18)}));
  CHECK_FALSE(has_room("9.9.2.99:80", neighbours(1, 1), {neighbours(11, 14), neighbours(15, 19)}));
  CHECK_FALSE(has_room("a.example.com:80", neighbours(1, 2), {}));
}

TEST_CASE("ip quota: room: who moves from one list to another takes no place of its own") {
  Names names;
  ManualClock clock;
  const IpQuota quota({names, clock}, trusts_nobody, {}, kSettling);
  const Knowledge knowledge({}, {neighbours(11, 20)});
  CHECK(quota.has_room_for(at("9.9.2.20:80"), knowledge.lists()));
  CHECK_FALSE(quota.has_room_for(at("9.9.2.21:80"), knowledge.lists()));
}

TEST_CASE("ip quota: room: private and trusted nodes neither need nor take any") {
  Names names;
  ManualClock clock;
  const Address trusted = at("9.9.2.1:80");
  const IpQuota quota(
      {names, clock}, [&](const Address& address) { return address == trusted; },
      {.in_list = 1, .in_network = 1}, kSettling);
  const Knowledge private_ones({at("10.0.0.1:80"), at("127.0.0.1:80"), trusted}, {});
  CHECK(quota.has_room_for(at("10.0.0.2:80"), private_ones.lists()));
  CHECK(quota.has_room_for(at("127.0.0.1:81"), private_ones.lists()));
  CHECK(quota.has_room_for(at("9.9.2.2:80"), private_ones.lists()));
  const Knowledge full(neighbours(2, 3), {});
  CHECK(quota.has_room_for(trusted, full.lists()));
  CHECK_FALSE(quota.has_room_for(at("9.9.2.4:80"), full.lists()));
}

TEST_CASE("ip quota: surplus: masters that took too many at once keep ten between them") {
  Names names;
  ManualClock clock;
  std::vector<Nodes> lists;
  for (int i = 10; i < 40; i += 2) lists.push_back(neighbours(i, i + 1));
  lists.push_back({at("10.0.0.1:80"), at("9.9.3.1:80")});
  Nodes dropped;
  for (std::size_t i = 0; i < lists.size(); ++i) {
    IpQuota quota({names, clock}, trusts_nobody, {}, kSettling);
    const Knowledge before({}, {});
    const IpQuota::Lists none = before.lists();
    for (const Address& slave : lists[i]) quota.note_admitted(slave, &none);
    std::vector<Nodes> others = lists;
    others.erase(others.begin() + static_cast<std::ptrdiff_t>(i));
    const Nodes surplus = quota.surplus(Knowledge(lists[i], others).lists());
    dropped.insert(dropped.end(), surplus.begin(), surplus.end());
  }
  CHECK(dropped == neighbours(20, 39));
}

TEST_CASE("ip quota: surplus: of two that took the last place the lower address keeps it") {
  Names names;
  ManualClock clock;
  const Knowledge before({}, {neighbours(50, 58)});
  const IpQuota::Lists nine = before.lists();
  for (const bool is_lower : {true, false}) {
    const Nodes mine = is_lower ? neighbours(20, 20) : neighbours(30, 30);
    const Nodes theirs = is_lower ? neighbours(30, 30) : neighbours(20, 20);
    IpQuota quota({names, clock}, trusts_nobody, {}, kSettling);
    quota.note_admitted(mine[0], &nine);
    const Nodes surplus = quota.surplus(Knowledge(mine, {neighbours(50, 58), theirs}).lists());
    CHECK(surplus == (is_lower ? Nodes() : mine));
  }
}

TEST_CASE("ip quota: surplus: who comes to a node that knows no lists makes room for all") {
  Names names;
  ManualClock clock;
  IpQuota quota({names, clock}, trusts_nobody, {}, kSettling);
  const Nodes own = neighbours(10, 10);
  quota.note_admitted(own[0], nullptr);
  CHECK(quota.surplus(Knowledge(own, {neighbours(20, 28)}).lists()).empty());
  CHECK(quota.surplus(Knowledge(own, {neighbours(20, 29)}).lists()) == own);
}

TEST_CASE("ip quota: surplus: who has been there for long is not driven out") {
  Names names;
  ManualClock clock;
  IpQuota quota({names, clock}, trusts_nobody, {}, kSettling);
  const Knowledge before({}, {});
  const IpQuota::Lists none = before.lists();
  const Nodes own = neighbours(98, 99);
  const Knowledge crowded(own, {neighbours(10, 30)});
  quota.note_admitted(own[0], &none);
  clock.advance(kSettling);
  quota.note_admitted(own[1], &none);
  CHECK(quota.surplus(crowded.lists()) == own);
  clock.advance(std::chrono::seconds{1});
  CHECK(quota.surplus(crowded.lists()) == Nodes{own[1]});
}

TEST_CASE("ip quota: surplus: two that come at once to one list are two too many in it") {
  Names names;
  ManualClock clock;
  IpQuota quota({names, clock}, trusts_nobody, {}, kSettling);
  const Knowledge before({}, {});
  const IpQuota::Lists none = before.lists();
  const Nodes own = neighbours(1, 4);
  for (const Address& slave : own) quota.note_admitted(slave, &none);
  CHECK(quota.surplus(Knowledge(own, {}).lists()) == neighbours(3, 4));
}

TEST_CASE("ip quota: surplus: the same node in two lists counts once, trusted ones never") {
  Names names;
  ManualClock clock;
  const Address trusted = at("9.9.2.97:80");
  IpQuota quota(
      {names, clock}, [&](const Address& address) { return address == trusted; }, {}, kSettling);
  const Nodes own{trusted, at("9.9.2.98:80"), at("9.9.2.99:80")};
  for (const Address& slave : own) quota.note_admitted(slave, nullptr);
  const Nodes eight = neighbours(10, 17);
  CHECK(quota.surplus(Knowledge(own, {eight, eight}).lists()).empty());
  CHECK(quota.surplus(Knowledge(own, {eight, neighbours(10, 18)}).lists()) ==
        Nodes{own[1], own[2]});
}

TEST_CASE("ip quota: surplus: names are not looked up") {
  Names names;
  ManualClock clock;
  IpQuota quota({names, clock}, trusts_nobody, {.in_list = 2, .in_network = 1}, kSettling);
  const Nodes own{at("a.example.com:80"), at("b.example.com:80"), at("c.example.com:80")};
  quota.note_admitted(own[0], nullptr);
  quota.note_admitted(own[1], nullptr);
  names.asked = 0;
  const Nodes others{at("d.example.com:80"), at("e.example.com:80")};
  CHECK(quota.surplus(Knowledge({own[0], own[2]}, {others}).lists()).empty());
  CHECK(quota.surplus(Knowledge(own, {others}).lists()) == Nodes{own[0], own[1]});
  CHECK(names.asked == 0);
}

TEST_CASE("ip quota: broken: a list with more of a neighbourhood than all together may have") {
  Names names;
  ManualClock clock;
  const Nodes ten = neighbours(1, 10);
  const Nodes eleven = neighbours(1, 11);
  const IpQuota quota({names, clock}, trusts_nobody, {}, kSettling);
  CHECK_FALSE(quota.is_broken_by({}));
  CHECK_FALSE(quota.is_broken_by(ten));
  CHECK(quota.is_broken_by(eleven));
  const IpQuota trusting(
      {names, clock}, [&](const Address& address) { return address == eleven[0]; }, {}, kSettling);
  CHECK_FALSE(trusting.is_broken_by(eleven));
  const Nodes local(100, at("127.0.0.1:80"));
  CHECK_FALSE(quota.is_broken_by(local));
  const Nodes named(100, at("a.example.com:80"));
  CHECK_FALSE(quota.is_broken_by(named));
  CHECK(names.asked == 0);
}

TEST_CASE("ip quota: largest group: of the neighbourhood that has most nodes") {
  CHECK(largest_group({}) == 0);
  Nodes nodes = neighbours(1, 3);
  nodes.push_back(at("9.9.3.1:80"));
  nodes.push_back(at("[2001:db8:1::1]:80"));
  for (int i = 1; i < 5; ++i) nodes.push_back(at("[2001:db8:0:" + std::to_string(i) + "::1]:80"));
  CHECK(largest_group(nodes) == 4);
}

}  // namespace spreadable
