#include "extensions/documents/candidates.h"

#include <doctest/doctest.h>

#include <algorithm>

namespace spreadable::documents {
namespace {

Address at(int number) {
  return *Address::from_parts("localhost", static_cast<std::uint16_t>(4000 + number));
}

std::vector<Address> chosen(const std::vector<Candidate>& candidates, CandidateRules rules) {
  if (!rules.is_allowed) rules.is_allowed = [](const Address&) { return true; };
  if (!rules.weight) rules.weight = [](const Address&) { return 0.0; };
  std::vector<Address> addresses;
  for (const Candidate& candidate : choose_candidates(candidates, rules)) {
    addresses.push_back(candidate.address);
  }
  return addresses;
}

}  // namespace

TEST_CASE("candidates: order: weight, then room, then fewer documents, then as given") {
  const std::vector<Candidate> candidates{{at(1), 5, true},  {at(2), 9, false}, {at(3), 2, false},
                                          {at(4), 2, false}, {at(5), 0, false}, {at(6), 0, true}};
  const auto weight = [](const Address& address) { return address == at(5) ? 1.0 : 0.0; };
  CHECK(chosen(candidates, {.limit = 10, .weight = weight}) ==
        std::vector<Address>{at(3), at(4), at(2), at(6), at(1), at(5)});
}

TEST_CASE("candidates: limit: the best are kept, each address once, and only those allowed") {
  const std::vector<Candidate> candidates{
      {at(1), 5, false}, {at(2), 0, false}, {at(1), 0, false}, {at(3), 1, false}};
  CHECK(chosen(candidates, {.limit = 2}) == std::vector<Address>{at(2), at(3)});
  const auto is_allowed = [](const Address& address) { return address != at(2); };
  CHECK(chosen(candidates, {.limit = 5, .is_allowed = is_allowed}) ==
        std::vector<Address>{at(3), at(1)});
  CHECK(chosen(candidates, {.limit = 0}).empty());
}

TEST_CASE("candidates: suspicions: who is always first gets weight, and loses it to others") {
  Suspicions suspicions;
  constexpr std::size_t kSize = 100;
  for (int i = 0; i < 4; ++i) suspicions.note_chosen(at(1), kSize);
  CHECK(suspicions.weight(at(1), kSize) == 0);  // below the level
  suspicions.note_chosen(at(1), kSize);
  CHECK(suspicions.weight(at(1), kSize) == 5);
  CHECK(suspicions.weight(at(2), kSize) == 0);
  double before = 5;
  for (int i = 2; i < 9; ++i) {
    suspicions.note_chosen(at(i), kSize);
    CHECK(suspicions.weight(at(1), kSize) < before);
    before = suspicions.weight(at(1), kSize);
  }
  for (int i = 0; i < 10; ++i) suspicions.note_chosen(at(i % 2 + 20), kSize);
  CHECK(suspicions.weight(at(1), kSize) == 0);
}

TEST_CASE("candidates: suspicions: a network of one suspects nobody for long") {
  Suspicions suspicions;
  for (int i = 0; i < 20; ++i) suspicions.note_chosen(at(1), 1);
  CHECK(chosen({{at(1), 0, false}}, {.limit = 1, .weight = [&](const Address& address) {
                                       return suspicions.weight(address, 1);
                                     }}) == std::vector<Address>{at(1)});
}

}  // namespace spreadable::documents
