#include "services/approvals/ballot_box.h"

#include <doctest/doctest.h>

#include "tests/support/manual_clock.h"

namespace spreadable {
namespace {

constexpr Duration kLifetime = std::chrono::minutes{5};

struct Box {
  ManualClock clock;
  BallotBox ballots{clock, {.ballots_max = 4, .per_ip_max = 2}};

  void put(const std::string& key, const char* ip) {
    ballots.put({.action = "vote",
                 .key = key,
                 .client_ip = *IpAddress::parse(ip),
                 .info = {},
                 .answer = {},
                 .used_by = {},
                 .lifetime = kLifetime});
  }
  /// The answer kept for `key`, "none" without one, "" when there is no such ballot.
  std::string answer(const std::string& key) {
    std::string found;
    ballots.visit("vote", key, [&](Ballot& ballot) {
      found = ballot.answer ? dump_json(*ballot.answer) : "none";
    });
    return found;
  }
};

}  // namespace

TEST_CASE("ballot box: put: forgets the answer, and keeps who has used it") {
  Box box;
  box.put("k", "10.0.0.1");
  box.ballots.visit("vote", "k", [](Ballot& ballot) {
    ballot.answer = 5;
    ballot.used_by = {"a.com:1"};
  });
  CHECK(box.answer("k") == "5");
  box.put("k", "10.0.0.1");
  CHECK(box.answer("k") == "none");
  std::size_t users = 0;
  box.ballots.visit("vote", "k", [&](Ballot& ballot) { users = ballot.used_by.size(); });
  CHECK(users == 1);
  CHECK(box.ballots.size() == 1);
}

TEST_CASE("ballot box: keys: the same one from two ips is two ballots") {
  Box box;
  box.put("k", "10.0.0.1");
  box.put("k", "10.0.0.2");
  CHECK(box.ballots.size() == 2);
  CHECK(box.ballots.visit("vote", "k", [](Ballot& ballot) { ballot.answer = 1; }) == 2);
  CHECK(box.ballots.visit("k", *IpAddress::parse("10.0.0.2"), [](Ballot&) {}) == 1);
  CHECK(box.ballots.visit("k", *IpAddress::parse("10.0.0.3"), [](Ballot&) {}) == 0);
  CHECK(box.ballots.visit("other", "k", [](Ballot&) {}) == 0);
}

TEST_CASE("ballot box: lifetime: begins anew with each use") {
  Box box;
  box.put("k", "10.0.0.1");
  box.clock.advance(kLifetime - Millis{1});
  CHECK(box.answer("k") == "none");
  box.clock.advance(kLifetime - Millis{1});
  CHECK(box.answer("k") == "none");
  box.clock.advance(kLifetime);
  CHECK(box.answer("k") == "");
  box.put("other", "10.0.0.1");
  CHECK(box.ballots.size() == 1);
}

TEST_CASE("ballot box: limits: an ip pushes out its own, then the oldest goes") {
  Box box;
  box.put("other", "10.0.0.9");
  for (const char* key : {"a", "b", "c"}) box.put(key, "10.0.0.1");
  CHECK(box.answer("a") == "");
  CHECK(box.answer("b") == "none");
  CHECK(box.answer("other") == "none");
  box.put("d", "10.0.0.2");
  box.put("e", "10.0.0.3");
  CHECK(box.ballots.size() == 4);
  CHECK(box.answer("other") == "");
}

}  // namespace spreadable
