#include "services/behaviours/evidence.h"

#include <doctest/doctest.h>

#include "services/system/system_random.h"

namespace spreadable {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using Testimony = Evidence::Testimony;

std::vector<Address> slaves(std::size_t count) {
  std::vector<Address> list;
  for (std::size_t i = 0; i < count; ++i) {
    list.push_back(*Address::from_parts("localhost", static_cast<std::uint16_t>(8000 + i)));
  }
  return list;
}

const Address kJudge = *Address::parse("localhost:7999");
const TimePoint kStart{std::chrono::hours{24}};

/// The first `missing` of `heard` witnesses were left out, the others were not.
Evidence evidence_of(std::size_t missing, std::size_t heard) {
  Evidence evidence(kJudge, {});
  const std::vector<Address> list = slaves(heard);
  for (std::size_t i = 0; i < heard; ++i) {
    evidence.note(list[i], i < missing ? Testimony::missing : Testimony::present, kStart);
  }
  return evidence;
}

}  // namespace

TEST_CASE("evidence: guilt: more than two fifths of twelve witnesses, or of a whole list of five") {
  struct Row {
    std::size_t missing, heard, list_length;
    bool is_damning;
  };
  for (const Row& row :
       {Row{0, 12, 32, false}, Row{4, 12, 32, false}, Row{5, 12, 32, true}, Row{8, 8, 32, false},
        Row{3, 7, 7, true}, Row{2, 7, 7, false}, Row{3, 6, 6, true}, Row{2, 6, 6, false},
        Row{3, 5, 5, true}, Row{2, 5, 5, false}, Row{4, 10, 10, false}, Row{5, 10, 10, true},
        Row{4, 4, 4, false}, Row{1, 1, 1, false}, Row{1, 2, 2, false}, Row{2, 2, 2, false}}) {
    INFO(row.missing, " of ", row.heard, " in a list of ", row.list_length);
    CHECK(evidence_of(row.missing, row.heard).is_damning(row.list_length) == row.is_damning);
  }
}

TEST_CASE("evidence: witnesses: each counts once, until three good words take it back") {
  Evidence evidence = evidence_of(0, 12);
  const Address liar = slaves(1).front();
  for (int i = 0; i < 100; ++i) evidence.note(liar, Testimony::missing, kStart + seconds{i});
  CHECK(evidence.against() == 1);
  CHECK_FALSE(evidence.is_damning(12));
  for (int i = 0; i < 3; ++i) {
    CHECK(evidence.against() == 1);
    evidence.note(liar, Testimony::present, kStart + minutes{2});
  }
  CHECK(evidence.against() == 0);
}

TEST_CASE("evidence: witnesses: the word of the judge itself is enough") {
  Evidence evidence(kJudge, {});
  evidence.note(kJudge, Testimony::present, kStart);
  CHECK_FALSE(evidence.is_damning(20));
  evidence.note(kJudge, Testimony::missing, kStart);
  CHECK(evidence.is_damning(20));
}

TEST_CASE("evidence: witnesses: who has left the list speaks no more") {
  Evidence evidence = evidence_of(6, 12);
  CHECK(evidence.is_damning(12));
  std::vector<Address> list = slaves(12);
  list.erase(list.begin(), list.begin() + 6);
  evidence.keep_only(list, kStart);
  CHECK(evidence.against() == 0);
  CHECK_FALSE(evidence.is_damning(6));
}

TEST_CASE(
    "evidence: age: what was said of answers counts for five minutes, absence for as long as it "
    "lasts") {
  const std::vector<Address> list = slaves(13);
  Evidence evidence = evidence_of(0, 12);
  evidence.note(list[12], Testimony::absent, kStart);
  evidence.keep_only(list, kStart + minutes{5});
  CHECK(evidence.has_heard_enough(13));
  evidence.keep_only(list, kStart + minutes{5} + seconds{1});
  CHECK_FALSE(evidence.has_heard_enough(13));
  evidence.note(list[12], Testimony::absent, kStart + minutes{10});
  CHECK(evidence.against() == 1);

  // Twelve good words of before the master turned do not outweigh five bad ones.
  Evidence turned = evidence_of(0, 12);
  turned.keep_only(slaves(32), kStart + minutes{9});
  for (std::size_t i = 0; i < 12; ++i) {
    const auto word = i < 5 ? Testimony::missing : Testimony::present;
    turned.note(slaves(32)[20 + i], word, kStart + minutes{9});
  }
  CHECK(turned.is_damning(32));
}

TEST_CASE("evidence: absence: counts once it has lasted, without a sign of life in between") {
  struct Row {
    Testimony testimony;
    Duration just_before, patience;
  };
  const Address witness = slaves(1).front();
  for (const Row& row : {Row{Testimony::elsewhere, seconds{79}, seconds{80}},
                         Row{Testimony::absent, seconds{599}, minutes{10}}}) {
    Evidence evidence(kJudge, {});
    evidence.note(witness, row.testimony, kStart);
    evidence.note(witness, row.testimony, kStart + row.just_before);
    CHECK(evidence.against() == 0);
    evidence.note(witness, row.testimony, kStart + row.patience);
    CHECK(evidence.against() == 1);
    evidence.note(witness, Testimony::unclear, kStart + row.patience);
    evidence.note(witness, row.testimony, kStart + row.patience + row.just_before);
    CHECK(evidence.against() == 0);
  }
}

TEST_CASE("evidence: choice: the lasting absent, then the unheard, then the longest unheard-of") {
  SeededRandom random(1);
  const std::vector<Address> list = slaves(4);
  Evidence evidence(kJudge, {});
  evidence.note(list[0], Testimony::present, kStart + seconds{2});
  evidence.note(list[1], Testimony::present, kStart + seconds{1});
  evidence.note(list[2], Testimony::absent, kStart + seconds{3});
  const auto early = evidence.choose(list, 3, random, kStart + minutes{1});
  CHECK(early == std::vector<Address>{list[3], list[1], list[0]});
  const auto late = evidence.choose(list, 2, random, kStart + minutes{11});
  CHECK(late == std::vector<Address>{list[2], list[3]});
  CHECK(evidence.choose(list, 9, random, kStart).size() == 4);
}

TEST_CASE("evidence: bounds: the witness heard longest ago goes first") {
  Evidence evidence(kJudge, {.witnesses_max = 3});
  const std::vector<Address> list = slaves(4);
  for (std::size_t i = 0; i < 4; ++i) {
    evidence.note(list[i], Testimony::missing, kStart + seconds{static_cast<int>(i)});
  }
  CHECK(evidence.against() == 3);
  evidence.keep_only({list[0]}, kStart);
  CHECK(evidence.against() == 0);
}

}  // namespace spreadable
