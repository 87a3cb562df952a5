#include "core/peer_book.h"

#include <doctest/doctest.h>

namespace spreadable {
namespace {

Address at(std::size_t port) {
  return *Address::from_parts("localhost", static_cast<std::uint16_t>(port));
}
TimePoint second(int n) {
  return TimePoint(std::chrono::seconds{n});
}

}  // namespace

TEST_CASE("peer book: failures: count in a row, for those who are known") {
  PeerBook book;
  book.note_failure(at(1), second(1));
  CHECK(book.entries().empty());
  book.note_success(at(1), second(1), /*is_native=*/false);
  book.note_failure(at(1), second(2));
  book.note_failure(at(1), second(3));
  CHECK(book.fails(at(1)) == 2);
  CHECK(book.entries().front().tried_at == second(3));
  book.note_success(at(1), second(4), /*is_native=*/false);
  CHECK(book.fails(at(1)) == 0);
}

TEST_CASE("peer book: native: learnt from answers and calls, unknown for strangers") {
  PeerBook book;
  CHECK_FALSE(book.is_native(at(1)));
  book.mention(at(1), second(1));
  CHECK_FALSE(book.is_native(at(1)));
  book.note_success(at(1), second(2), /*is_native=*/true);
  CHECK(book.is_native(at(1)));
  book.note_heard(at(1), second(3), /*is_native=*/false);
  CHECK_FALSE(book.is_native(at(1)));
  book.note_heard(at(2), second(3), /*is_native=*/true);
  CHECK(book.is_native(at(2)));
}

TEST_CASE("peer book: suspects: whose last request failed, or who fails too often") {
  PeerBook book;
  CHECK_FALSE(book.is_suspect(at(1)));
  book.note_success(at(1), second(1), /*is_native=*/true);
  CHECK_FALSE(book.is_suspect(at(1)));
  book.note_failure(at(1), second(2));
  CHECK(book.is_suspect(at(1)));
  book.note_success(at(1), second(3), /*is_native=*/true);
  CHECK_FALSE(book.is_suspect(at(1)));
  for (int i = 0; i < 30; ++i) book.note_failure(at(1), second(4));
  book.note_heard(at(1), second(5), /*is_native=*/true);
  CHECK(book.fails(at(1)) == 0);
  CHECK(book.is_suspect(at(1)));
}

TEST_CASE("peer book: foreign: who has answered and is no node of ours") {
  PeerBook book;
  book.mention(at(1), second(1));
  book.note_success(at(2), second(1), /*is_native=*/false);
  book.note_success(at(3), second(1), /*is_native=*/true);
  CHECK_FALSE(book.is_foreign(at(1)));
  CHECK(book.is_foreign(at(2)));
  CHECK_FALSE(book.is_foreign(at(3)));
  CHECK_FALSE(book.is_foreign(at(4)));
  CHECK(book.has_answered(at(2)));
  CHECK_FALSE(book.has_answered(at(4)));
}

TEST_CASE("peer book: visit: in the order of entries, until it has been enough") {
  PeerBook book;
  book.mention(at(1), second(1));
  book.note_success(at(2), second(1), /*is_native=*/false);
  book.note_heard(at(3), second(2), /*is_native=*/false);
  std::vector<Address> seen;
  book.visit([&](const PeerBook::Entry& entry) {
    seen.push_back(entry.address);
    return seen.size() < 2;
  });
  CHECK(seen == std::vector<Address>{at(3), at(2)});
  CHECK(book.entries().size() == 3);
}

TEST_CASE("peer book: limit: whoever is silent for the longest goes first") {
  PeerBook book;
  std::size_t most = PeerBook::kHeardMin;
  SUBCASE("few at first") {}
  SUBCASE("as many as are needed") {
    most = 700;
    book.set_heard_max(most);
  }
  SUBCASE("never too many") {
    most = PeerBook::kHeardMax;
    book.set_heard_max(most + 1);
  }
  for (std::size_t i = 0; i < most; ++i) book.note_heard(at(i), second(1), /*is_native=*/false);
  book.note_success(at(0), second(2), /*is_native=*/false);
  book.note_heard(at(50'000), second(3), /*is_native=*/false);
  CHECK(book.entries().size() == most);
  CHECK(book.entries().front().address == at(50'000));
  book.note_failure(at(0), second(4));
  book.note_failure(at(1), second(4));
  CHECK(book.fails(at(0)) == 1);
  CHECK(book.fails(at(1)) == 0);  // it is the one that was dropped
}

TEST_CASE(
    "peer book: limit: the first that have answered stay as anchors, until they are forgotten") {
  PeerBook book;
  const std::size_t heard = 2 * PeerBook::kHeardMin;
  for (std::size_t i = 0; i < heard; ++i) book.note_success(at(i), second(1), /*is_native=*/true);
  std::vector<PeerBook::Entry> entries = book.entries();
  REQUIRE(entries.size() == PeerBook::kHeardMin + PeerBook::kAnchorsMax);
  CHECK(entries.back().address == at(0));
  CHECK(entries[PeerBook::kHeardMin].address == at(PeerBook::kAnchorsMax - 1));
  book.note_heard(at(0), second(2), /*is_native=*/true);  // no anchor any more
  book.forget(at(1));
  entries = book.entries();
  CHECK(entries.front().address == at(0));
  CHECK(entries.back().address == at(2));
  CHECK(book.is_native(at(2)));
  CHECK_FALSE(book.is_native(at(1)));
  book.set_heard_max(0);
  CHECK(book.entries().size() == entries.size());
}

TEST_CASE("peer book: limit: names that others dropped push out other names, not those heard") {
  PeerBook book;
  book.mention(at(60'000), second(1));
  book.note_heard(at(60'000), second(1), /*is_native=*/false);
  book.mention(at(60'001), second(1));
  for (std::size_t i = 0; i < PeerBook::kNamedMax; ++i) book.mention(at(i), second(2));
  const std::vector<PeerBook::Entry> entries = book.entries();
  CHECK(entries.size() == 1 + PeerBook::kNamedMax);
  CHECK(entries.front().address == at(60'000));
  CHECK(entries.back().address == at(0));
}

TEST_CASE("peer book: reliability: a peer's own calls do not polish its share of answers") {
  PeerBook book;
  const Address peer = *Address::parse("localhost:1");
  const TimePoint now{};
  book.note_success(peer, now, /*is_native=*/false);
  for (int i = 0; i < 10; ++i) book.note_failure(peer, now);
  CHECK_FALSE(book.is_unreliable(peer));  // asked too few times to tell
  for (int i = 0; i < 10; ++i) book.note_failure(peer, now);
  CHECK(book.is_unreliable(peer));
  CHECK(book.fails(peer) == 20);
  for (int i = 0; i < 100; ++i) book.note_heard(peer, now, /*is_native=*/false);
  CHECK(book.fails(peer) == 0);
  CHECK(book.is_unreliable(peer));
  for (int i = 0; i < 20; ++i) book.note_success(peer, now, /*is_native=*/false);
  CHECK_FALSE(book.is_unreliable(peer));
}

}  // namespace spreadable
