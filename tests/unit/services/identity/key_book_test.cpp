#include "services/identity/key_book.h"

#include <doctest/doctest.h>

namespace spreadable {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

const TimePoint kStart{std::chrono::hours{5}};

Address peer(std::size_t i) {
  return *Address::parse("peer-" + std::to_string(i) + ".example:2079");
}

}  // namespace

TEST_CASE("identity: key book: a key that was seen lately stays, an old one may be replaced") {
  KeyBook book;
  const PublicKey first = PrivateKey::generate().public_key();
  const PublicKey second = PrivateKey::generate().public_key();
  CHECK(book.find(peer(1)) == nullptr);
  CHECK(book.note(peer(1), first, kStart));
  CHECK_FALSE(book.note(peer(1), second, kStart + minutes{59}));
  CHECK(*book.find(peer(1)) == first);
  CHECK(book.note(peer(1), first, kStart + minutes{50}));
  CHECK_FALSE(book.note(peer(1), second, kStart + minutes{100}));
  CHECK(book.note(peer(1), second, kStart + minutes{110}));
  CHECK(*book.find(peer(1)) == second);
}

TEST_CASE("identity: key book: the key seen longest ago is forgotten first") {
  KeyBook book;
  const PublicKey key = PrivateKey::generate().public_key();
  for (std::size_t i = 0; i < KeyBook::kKeysMax; ++i) book.note(peer(i), key, kStart);
  book.note(peer(0), key, kStart + seconds{1});
  book.note(peer(KeyBook::kKeysMax), key, kStart + seconds{2});
  CHECK(book.find(peer(0)));
  CHECK_FALSE(book.find(peer(1)));
  CHECK(book.find(peer(KeyBook::kKeysMax)));
}

TEST_CASE("identity: key book: an address is looked up once in a while, and few at a time") {
  KeyBook book;
  CHECK(book.want(peer(1), kStart));
  CHECK(book.want(peer(1), kStart));
  CHECK(book.take_wanted(16, kStart) == std::vector{peer(1)});
  CHECK(book.take_wanted(16, kStart).empty());
  CHECK_FALSE(book.want(peer(1), kStart + seconds{29}));
  CHECK(book.want(peer(1), kStart + seconds{30}));
  for (std::size_t i = 2; i < 1 + KeyBook::kWantedMax; ++i) CHECK(book.want(peer(i), kStart));
  CHECK_FALSE(book.want(peer(1000), kStart));
  CHECK(book.take_wanted(16, kStart).size() == 16);
  CHECK(book.want(peer(1000), kStart));
}

}  // namespace spreadable
