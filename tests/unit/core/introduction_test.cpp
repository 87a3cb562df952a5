#include "core/introduction.h"

#include <doctest/doctest.h>

#include "tests/support/manual_clock.h"

namespace spreadable {
namespace {

const Address kAsker = *Address::parse("asker.example.com:4000");
const Address kAsked = *Address::parse("asked.example.com:4000");
const Address kThird = *Address::parse("third.example.com:4000");

Introduction node(const Address& self, const char* username = "user",
                  const char* password = "pa:ss") {
  return Introduction({.self = self, .username = username, .password = password});
}

}  // namespace

TEST_CASE("introduction: two nodes that know the credentials prove it to each other") {
  const Introduction asker = node(kAsker);
  const Introduction asked = node(kAsked);
  const auto question = asker.ask(kAsked);
  const auto answer = asked.answer(kAsker.text(), question.text);
  REQUIRE(answer);
  CHECK(asker.is_right(question, *answer));
  CHECK_FALSE(asker.is_right(asker.ask(kAsked), *answer));  // of another question
  CHECK(question.text.find("pa:ss") == std::string::npos);
  CHECK(asker.ask(kAsked).text != question.text);
}

TEST_CASE("introduction: who does not know them gets no answer, and gives none that is right") {
  const Introduction asker = node(kAsker);
  const Introduction asked = node(kAsked);
  const auto question = asker.ask(kAsked);
  for (const Introduction& stranger :
       {node(kThird, "user", "pass"), node(kThird, "resu", "pa:ss"), node(kThird, "", "")}) {
    CHECK_FALSE(asked.answer(kThird.text(), stranger.ask(kAsked).text));
    const auto wrong = stranger.answer(kAsker.text(), question.text);
    CHECK_FALSE(wrong);
  }
  for (const char* text : {"", " ", "x", "x y", "x  "}) {
    INFO(text);
    CHECK_FALSE(asked.answer(kAsker.text(), text));
    CHECK_FALSE(asker.is_right(question, text));
  }
  CHECK_FALSE(asked.answer("no address", question.text));
}

TEST_CASE("introduction: what was overheard is of no use elsewhere") {
  const Introduction asker = node(kAsker);
  const Introduction asked = node(kAsked);
  const Introduction third = node(kThird);
  const auto question = asker.ask(kAsked);
  const auto answer = asked.answer(kAsker.text(), question.text);
  REQUIRE(answer);
  CHECK_FALSE(third.answer(kAsker.text(), question.text));        // asked somebody else
  CHECK_FALSE(asked.answer(kThird.text(), question.text));        // asked by somebody else
  CHECK_FALSE(asker.is_right({kThird, question.text}, *answer));  // answered by somebody else
  const std::string mark = question.text.substr(question.text.find(' ') + 1);
  CHECK_FALSE(asker.is_right(question, mark));  // the question itself is no answer
}

TEST_CASE("acquaintances: the owner's are so for good, others for a while") {
  ManualClock clock;
  Acquaintances acquaintances({kAsked}, std::chrono::minutes{10});
  acquaintances.add(kThird, clock.now());
  CHECK(acquaintances.has(kAsked, clock.now()));
  CHECK(acquaintances.has(kThird, clock.now()));
  CHECK_FALSE(acquaintances.has(kAsker, clock.now()));
  clock.advance(std::chrono::minutes{10});
  CHECK(acquaintances.has(kAsked, clock.now()));
  CHECK_FALSE(acquaintances.has(kThird, clock.now()));
}

TEST_CASE("acquaintances: only so many are remembered, the latest") {
  ManualClock clock;
  Acquaintances acquaintances({}, std::chrono::hours{1});
  const auto nth = [](std::size_t i) {
    return *Address::from_parts("10.0." + std::to_string(i / 256) + "." + std::to_string(i % 256),
                                1);
  };
  for (std::size_t i = 0; i <= Acquaintances::kEntriesMax; ++i) {
    acquaintances.add(nth(i), clock.now());
    clock.advance(Millis{1});
  }
  CHECK_FALSE(acquaintances.has(nth(0), clock.now()));
  CHECK(acquaintances.has(nth(1), clock.now()));
  CHECK(acquaintances.has(nth(Acquaintances::kEntriesMax), clock.now()));
}

}  // namespace spreadable
