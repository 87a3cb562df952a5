#include "services/sync/ip_quota.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <iterator>
#include <memory>
#include <string>
#include <utility>
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
  [[nodiscard]] IpQuota::Lists lists(bool is_complete = true) const {
    return {*view_, known_, is_complete};
  }

 private:
  PeerTable table_;
  KnownLists known_;
  std::shared_ptr<const PeerView> view_;
};

/// The quota of a master, which trusts one node at most.
struct Master {
  explicit Master(IpQuota::Limits limits = {}, Address trusted = {})
      : quota(
            {names, clock}, [=](const Address& address) { return address == trusted; }, limits,
            kSettling) {}

  [[nodiscard]] bool has_room(const Address& newcomer, const Knowledge& knowledge) const {
    return quota.has_room_for(newcomer, knowledge.lists());
  }
  /// Takes `slaves` at once, that is to say before it knows that others are in its list.
  void take(const Nodes& slaves, const Knowledge& knowledge = Knowledge({}, {}),
            bool is_complete = true) {
    for (const Address& slave : slaves) {
      REQUIRE(quota.admit(slave, knowledge.lists(is_complete)));
    }
  }
  [[nodiscard]] Nodes surplus(const Nodes& own, const std::vector<Nodes>& others) {
    return quota.surplus(Knowledge(own, others).lists());
  }

  Names names;
  ManualClock clock;
  IpQuota quota;
};

}  // namespace

TEST_CASE("ip quota: room: two of a neighbourhood in a list, eight in all, two kept for a race") {
  struct Row {
    const char* newcomer;
    Nodes own;
    std::vector<Nodes> others;
    bool is_taken;
  };
  const Row rows[] = {
      {"9.9.2.99:80", neighbours(1, 1), {}, true},
      {"9.9.2.99:80", neighbours(1, 2), {}, false},
      {"9.9.3.1:80", neighbours(1, 2), {}, true},
      {"9.9.2.99:80", neighbours(1, 1), {neighbours(11, 14), neighbours(15, 16)}, true},
      {"9.9.2.99:80", neighbours(1, 1), {neighbours(11, 14), neighbours(15, 17)}, false},
      {"a.example.com:80", neighbours(1, 1), {}, true},
      {"a.example.com:80", neighbours(1, 2), {}, false},
  };
  for (const Row& row : rows) {
    INFO(row.newcomer, " to ", row.own.size(), " and ", row.others.size(), " lists");
    Master master;
    const Knowledge knowledge(row.own, row.others);
    CHECK(master.has_room(at(row.newcomer), knowledge) == row.is_taken);
    CHECK(master.quota.admit(at(row.newcomer), knowledge.lists()) == row.is_taken);
  }
}

TEST_CASE("ip quota: room: who moves from one list to another takes no place of its own") {
  const Master master;
  const Knowledge knowledge({}, {neighbours(11, 18)});
  CHECK(master.has_room(at("9.9.2.18:80"), knowledge));
  CHECK_FALSE(master.has_room(at("9.9.2.19:80"), knowledge));
}

TEST_CASE("ip quota: room: private and trusted nodes neither need nor take any") {
  const Address trusted = at("9.9.2.1:80");
  const Master master({.in_list = 1, .in_network = 1, .in_reserve = 0}, trusted);
  const Knowledge private_ones({at("10.0.0.1:80"), at("127.0.0.1:80"), trusted}, {});
  CHECK(master.has_room(at("10.0.0.2:80"), private_ones));
  CHECK(master.has_room(at("127.0.0.1:81"), private_ones));
  CHECK(master.has_room(at("9.9.2.2:80"), private_ones));
  const Knowledge full(neighbours(2, 3), {});
  CHECK(master.has_room(trusted, full));
  CHECK_FALSE(master.has_room(at("9.9.2.4:80"), full));
}

TEST_CASE("ip quota: surplus: masters that took too many at once keep ten between them") {
  std::vector<Nodes> lists;
  for (int i = 10; i < 40; i += 2) lists.push_back(neighbours(i, i + 1));
  lists.push_back({at("10.0.0.1:80"), at("9.9.3.1:80")});
  Nodes dropped;
  for (std::size_t i = 0; i < lists.size(); ++i) {
    Master master;
    master.take(lists[i]);
    std::vector<Nodes> others = lists;
    others.erase(others.begin() + static_cast<std::ptrdiff_t>(i));
    const Nodes surplus = master.surplus(lists[i], others);
    dropped.insert(dropped.end(), surplus.begin(), surplus.end());
  }
  CHECK(dropped == neighbours(20, 39));
}

TEST_CASE("ip quota: surplus: of four that took the last three places the lowest three keep them") {
  const Nodes seven = neighbours(50, 56);
  const std::vector<Nodes> four{neighbours(20, 20), neighbours(30, 30), neighbours(40, 40),
                                neighbours(49, 49)};
  for (const Nodes& mine : four) {
    std::vector<Nodes> others{seven};
    std::copy_if(four.begin(), four.end(), std::back_inserter(others),
                 [&](const Nodes& taken) { return taken != mine; });
    Master master;
    master.take(mine, Knowledge({}, {seven}));
    CHECK(master.surplus(mine, others) == (mine == four.back() ? mine : Nodes()));
  }
}

TEST_CASE("ip quota: surplus: who comes to a node that knows no lists makes room for all") {
  Master master;
  const Nodes own = neighbours(10, 10);
  master.take(own, Knowledge({}, {}), /*is_complete=*/false);
  CHECK(master.surplus(own, {neighbours(20, 28)}).empty());
  CHECK(master.surplus(own, {neighbours(20, 29)}) == own);
}

TEST_CASE("ip quota: surplus: who has been there for long is not driven out") {
  Master master;
  const Nodes own = neighbours(98, 99);
  const Nodes crowd = neighbours(10, 30);
  master.take({own[0]});
  master.clock.advance(kSettling);
  master.take({own[1]});
  CHECK(master.surplus(own, {crowd}) == own);
  master.clock.advance(std::chrono::seconds{1});
  CHECK(master.surplus(own, {crowd}) == Nodes{own[1]});
}

TEST_CASE("ip quota: surplus: of four that come to one list at once the two youngest go") {
  Master master;
  const Nodes own = neighbours(1, 4);
  master.take(own);
  CHECK(master.surplus(own, {}) == neighbours(3, 4));
}

TEST_CASE("ip quota: surplus: the same node in two lists counts once, trusted ones never") {
  const Address trusted = at("9.9.2.97:80");
  Master master({}, trusted);
  const Nodes own{trusted, at("9.9.2.98:80"), at("9.9.2.99:80")};
  master.take(own, Knowledge({}, {}), /*is_complete=*/false);
  const Nodes eight = neighbours(10, 17);
  CHECK(master.surplus(own, {eight, eight}).empty());
  CHECK(master.surplus(own, {eight, neighbours(10, 18)}) == Nodes{own[1], own[2]});
}

TEST_CASE("ip quota: surplus: names are not looked up") {
  Master master({.in_list = 2, .in_network = 1, .in_reserve = 0});
  const Nodes own{at("a.example.com:80"), at("b.example.com:80"), at("c.example.com:80")};
  master.take({own[0], own[1]}, Knowledge({}, {}), /*is_complete=*/false);
  master.names.asked = 0;
  const Nodes others{at("d.example.com:80"), at("e.example.com:80")};
  CHECK(master.surplus({own[0], own[2]}, {others}).empty());
  CHECK(master.surplus(own, {others}) == Nodes{own[0], own[1]});
  CHECK(master.names.asked == 0);
}

TEST_CASE("ip quota: broken: a list with more of a neighbourhood than all together may have") {
  const Nodes eleven = neighbours(1, 11);
  const Master master;
  CHECK_FALSE(master.quota.is_broken_by({}));
  CHECK_FALSE(master.quota.is_broken_by(neighbours(1, 10)));
  CHECK(master.quota.is_broken_by(eleven));
  CHECK_FALSE(Master({}, eleven[0]).quota.is_broken_by(eleven));
  CHECK_FALSE(master.quota.is_broken_by(Nodes(100, at("127.0.0.1:80"))));
  CHECK_FALSE(master.quota.is_broken_by(Nodes(100, at("a.example.com:80"))));
  CHECK(master.names.asked == 0);
}

namespace {

/// Which of masters with these lists are too many.
Nodes surplus_of(const Master& master, const std::vector<std::pair<Address, Nodes>>& lists) {
  std::vector<IpQuota::Listing> listings;
  for (const auto& [address, slaves] : lists) listings.push_back({address, slaves});
  return master.quota.surplus_masters(listings);
}

}  // namespace

TEST_CASE("ip quota: masters: those of a neighbourhood have what is left of its places") {
  const Master master;
  const Address stranger = at("8.8.8.8:80");
  const Address low = at("9.9.2.100:80");
  const Address high = at("9.9.2.200:80");
  const auto surplus = [&](int elsewhere, int of_low, int of_high) {
    return surplus_of(master, {{high, neighbours(80, 79 + of_high)},
                               {stranger, neighbours(1, elsewhere)},
                               {low, neighbours(50, 49 + of_low)}});
  };
  CHECK(surplus(4, 2, 2).empty());
  CHECK(surplus(4, 2, 3) == Nodes{high});
  CHECK(surplus(4, 6, 5) == Nodes{low});  // then there is room for the other
  CHECK(surplus(4, 6, 6) == Nodes{low, high});
  CHECK(surplus(10, 1, 1) == Nodes{low, high});
  CHECK(surplus(12, 0, 0) == Nodes{low, high});
}

TEST_CASE("ip quota: masters: whom others list as well takes no place of its own") {
  const Master master;
  const Address listed = at("9.9.2.1:80");
  const Address stranger = at("8.8.8.8:80");
  CHECK(surplus_of(master, {{stranger, neighbours(1, 10)}, {listed, {at("7.7.7.7:80")}}}).empty());
  CHECK(surplus_of(master, {{stranger, neighbours(1, 10)}, {listed, neighbours(2, 3)}}).empty());
  CHECK(surplus_of(master, {{stranger, neighbours(1, 10)}, {listed, neighbours(10, 11)}}) ==
        Nodes{listed});
}

TEST_CASE("ip quota: masters: crowds that list each other's nodes are held to all places") {
  const Master master;
  const auto node = [](int crowd, int number) {
    return at("9.9." + std::to_string(crowd) + "." + std::to_string(number) + ":80");
  };
  std::vector<std::pair<Address, Nodes>> lists;
  for (const int crowd : {1, 2}) {
    for (int i = 0; i < 12; ++i) {
      const int first = 3 * i;
      lists.push_back(
          {node(crowd, first),
           {node(3 - crowd, first), node(3 - crowd, first + 1), node(3 - crowd, first + 2)}});
    }
  }
  // Three of each crowd bring nine of the other.
  CHECK(surplus_of(master, lists).size() == lists.size() - 6);
}

TEST_CASE("ip quota: masters: who invents neighbours of a master does not bring it down") {
  const Master master;
  const Address framed = at("9.9.2.1:80");
  const Nodes slaves{at("9.9.3.1:80"), at("9.9.3.2:80")};
  Nodes invented = neighbours(100, 120);
  for (int i = 100; i <= 120; ++i) invented.push_back(at("9.9.3." + std::to_string(i) + ":80"));
  const std::vector<std::pair<Address, Nodes>> lists{
      {at("7.7.7.7:80"), invented}, {at("8.8.8.8:80"), {framed}}, {framed, slaves}};
  CHECK(surplus_of(master, lists).empty());
}

TEST_CASE("ip quota: masters: elsewhere, private, trusted or under names they are none too many") {
  const Address trusted = at("9.9.2.250:80");
  const Master master({}, trusted);
  const Nodes crowd = neighbours(1, 20);
  for (const Address& other :
       {trusted, at("9.9.3.1:80"), at("10.0.0.1:80"), at("a.example.com:80")}) {
    INFO(other.text());
    CHECK(surplus_of(master, {{other, crowd}, {at("9.9.2.251:80"), {at("7.7.7.7:80")}}}) ==
          Nodes{at("9.9.2.251:80")});
  }
  CHECK(surplus_of(master, {{at("10.0.0.1:80"), crowd}}).empty());
  CHECK(master.names.asked == 0);
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
