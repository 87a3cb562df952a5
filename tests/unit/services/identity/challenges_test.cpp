#include "services/identity/challenges.h"

#include <doctest/doctest.h>

namespace spreadable {
namespace {

using std::chrono::minutes;

const Address kAlice = *Address::parse("alice.example:2079");
const Address kBob = *Address::parse("bob.example:2079");
const TimePoint kStart{std::chrono::hours{5}};

}  // namespace

TEST_CASE("identity: challenges: each is for one sender, one maker and ten minutes") {
  const Challenges challenges;
  const std::string challenge = challenges.make(kAlice, kStart);
  CHECK(challenges.is_valid(kAlice, challenge, kStart));
  CHECK(challenges.is_valid(kAlice, challenge, kStart + minutes{10}));
  CHECK_FALSE(challenges.is_valid(kAlice, challenge, kStart + minutes{11}));
  CHECK_FALSE(challenges.is_valid(kBob, challenge, kStart));
  CHECK_FALSE(Challenges().is_valid(kAlice, challenge, kStart));
  CHECK(challenges.make(kAlice, kStart) != challenge);
  CHECK(challenges.senders() == 0);
}

TEST_CASE("identity: challenges: one that is made up or changed is refused") {
  const Challenges challenges;
  const std::string challenge = challenges.make(kAlice, kStart);
  for (const char* text : {"", ".", "..", "1", "1.2.3", "99999999999999999999.AAAA.AAAA"}) {
    INFO(text);
    CHECK_FALSE(challenges.is_valid(kAlice, text, kStart));
  }
  for (std::size_t i = 0; i < challenge.size(); ++i) {
    std::string other = challenge;
    other[i] = other[i] == '1' ? '2' : '1';
    INFO("character ", i);
    CHECK_FALSE(challenges.is_valid(kAlice, other, kStart));
  }
}

TEST_CASE("identity: challenges: a count is good once, in whatever order they come") {
  Challenges challenges;
  const std::string challenge = challenges.make(kAlice, kStart);
  CHECK(challenges.use(kAlice, challenge, 1));
  CHECK_FALSE(challenges.use(kAlice, challenge, 1));
  CHECK(challenges.use(kAlice, challenge, 5));
  CHECK(challenges.use(kAlice, challenge, 3));
  CHECK_FALSE(challenges.use(kAlice, challenge, 3));
  CHECK_FALSE(challenges.use(kAlice, challenge, 5));
  CHECK(challenges.use(kAlice, challenge, 5 + Challenges::kWindow));
  CHECK_FALSE(challenges.use(kAlice, challenge, 5));
  CHECK_FALSE(challenges.use(kAlice, challenge, 4));  // too long ago to be known
  CHECK(challenges.use(kAlice, challenge, 6));
  CHECK(challenges.use(kAlice, challenge, UINT64_MAX));
  CHECK_FALSE(challenges.use(kAlice, challenge, UINT64_MAX));
  CHECK_FALSE(challenges.use(kAlice, challenge, 7));
}

TEST_CASE("identity: challenges: an older one is over once a newer one has been used") {
  Challenges challenges;
  const std::string older = challenges.make(kAlice, kStart);
  const std::string newer = challenges.make(kAlice, kStart + minutes{1});
  CHECK(challenges.use(kAlice, older, 1));
  CHECK(challenges.is_valid(kAlice, newer, kStart + minutes{1}));
  CHECK(challenges.use(kAlice, newer, 1));
  CHECK_FALSE(challenges.is_valid(kAlice, older, kStart + minutes{1}));
}

TEST_CASE("identity: challenges: a sender who is forgotten can't repeat what it has sent") {
  Challenges challenges;
  const std::string challenge = challenges.make(kAlice, kStart);
  CHECK(challenges.use(kAlice, challenge, 1));
  const TimePoint later = kStart + minutes{1};
  for (std::size_t i = 0; i < Challenges::kSendersMax; ++i) {
    const Address sender = *Address::parse("sender-" + std::to_string(i) + ".example:80");
    CHECK(challenges.use(sender, challenges.make(sender, later), 1));
  }
  CHECK(challenges.senders() == Challenges::kSendersMax);
  CHECK_FALSE(challenges.is_valid(kAlice, challenge, later));
  CHECK(challenges.is_valid(kAlice, challenges.make(kAlice, later), later));
}

}  // namespace spreadable
