#include "services/net/detail/peer_slots.h"

#include <doctest/doctest.h>

#include <deque>

namespace spreadable::detail {
namespace {

/// Exchanges with peers named by a letter.
struct Fixture {
  Fixture(std::size_t total, std::size_t per_peer) : slots(total, per_peer) {}

  Exchange& add(char peer) {
    Exchange& exchange = exchanges.emplace_back();
    exchange.to = *Address::parse(std::string(3, peer) + ".example:80");
    slots.add(exchange);
    return exchange;
  }
  /// Whose turn it is, in order, until nobody may start.
  std::string started() {
    std::string peers;
    while (Exchange* exchange = slots.next()) {
      peers += exchange->to.text().front();
      active.push_back(exchange);
    }
    return peers;
  }
  void end_oldest() {
    slots.remove(*active.front());
    active.pop_front();
  }

  PeerSlots slots;
  std::deque<Exchange> exchanges;
  std::deque<Exchange*> active;
};

}  // namespace

TEST_CASE("peer slots: limits: in total and per peer") {
  struct Row {
    std::size_t total, per_peer;
    const char* asked;
    const char* started;
  };
  for (const Row& row :
       {Row{10, 2, "aaabbb", "abab"}, Row{3, 2, "aaabbb", "aba"}, Row{10, 1, "abcabc", "abc"},
        Row{1, 1, "ba", "b"}, Row{4, 9, "aaaaa", "aaaa"}}) {
    INFO(row.asked);
    Fixture fixture(row.total, row.per_peer);
    for (const char* peer = row.asked; *peer != '\0'; ++peer) fixture.add(*peer);
    CHECK(fixture.started() == row.started);
  }
}

TEST_CASE("peer slots: turns: a peer with a long queue does not keep others out") {
  Fixture fixture(2, 2);
  for (const char peer : std::string("aaaaaab")) fixture.add(peer);
  CHECK(fixture.started() == "ab");
  fixture.end_oldest();
  CHECK(fixture.started() == "a");
}

TEST_CASE("peer slots: removal: an ended exchange makes room, a waiting one loses its place") {
  Fixture fixture(8, 1);
  fixture.add('a');
  Exchange& second = fixture.add('a');
  Exchange& third = fixture.add('a');
  CHECK(fixture.started() == "a");
  fixture.slots.remove(second);
  CHECK(fixture.started().empty());
  fixture.end_oldest();
  CHECK(fixture.started() == "a");
  CHECK(fixture.active.front() == &third);
  fixture.end_oldest();
  CHECK(fixture.slots.active() == 0);
  fixture.add('a');
  CHECK(fixture.started() == "a");
}

TEST_CASE("peer slots: removal: the only waiting exchange of a ready peer takes the turn with it") {
  Fixture fixture(1, 1);
  fixture.add('a');
  CHECK(fixture.started() == "a");
  fixture.slots.remove(fixture.add('b'));
  fixture.add('c');
  fixture.end_oldest();
  CHECK(fixture.started() == "c");
}

}  // namespace spreadable::detail
