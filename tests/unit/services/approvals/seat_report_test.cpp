#include "services/approvals/seat_report.h"

#include <doctest/doctest.h>

#include "services/approvals/seniority.h"

namespace spreadable {
namespace {

using std::chrono::minutes;

Address node(int number) {
  return *Address::parse("node" + std::to_string(number) + ".com:1");
}

std::string word(char digit) {
  return std::string(64, digit);
}

SeatReport witness(std::initializer_list<std::pair<const Address, std::string>> reveals) {
  return {.is_witness = true, .reveals = reveals, .members = {}};
}

SeatReport listing(std::vector<SeatReport::Member> members) {
  return {.is_witness = false, .reveals = {}, .members = std::move(members)};
}

}  // namespace

TEST_CASE(
    "seat report: json: one who is named again has the first age only, however it is spelled") {
  const Json json = parse_json(R"({"isWitness":true,"reveals":{},"members":[
      {"address":"[::1]:1","age":5},{"address":"[0::1]:1","age":6},{"address":"[::1]:1","age":7}]})")
                        .value();
  const auto report = SeatReport::parse(json);
  REQUIRE(report);
  REQUIRE(report->members.size() == 1);
  CHECK(report->members.front().age == Millis{5});
}

TEST_CASE("seat report: json: comes back as it was, and only in its form") {
  SeatReport report = witness({{node(1), word('a')}});
  report.members = {{node(2), minutes{5}}, {node(3), -minutes{1}}};
  const auto back = SeatReport::parse(report.json());
  REQUIRE(back);
  CHECK(back->json() == report.json());
  const auto changed = [&](const char* key, Json value) {
    Json json = report.json();
    json[key] = std::move(value);
    return json;
  };
  for (const Json& json :
       {Json(), Json::object(), changed("isWitness", 1), changed("reveals", Json::array()),
        changed("reveals", {{"no address", word('a')}}), changed("reveals", {{"a.com:1", "aa"}}),
        changed("reveals", {{"a.com:1", 5}}), changed("reveals", {{"a.com:1", word('A')}}),
        changed("members", Json::object()), changed("members", {{{"address", "a.com:1"}}}),
        changed("members", {{{"address", "?"}, {"age", 1}}}),
        changed("members", {{{"address", "a.com:1"}, {"age", "1"}}})}) {
    INFO(dump_json(json));
    CHECK_FALSE(SeatReport::parse(json));
  }
}

TEST_CASE("beacon value: made of the reveals that most witnesses have") {
  const auto both = witness({{node(1), word('a')}, {node(2), word('b')}});
  const auto first = witness({{node(1), word('a')}});
  const auto value = [](std::vector<SeatReport> reports) { return beacon_value(reports); };
  REQUIRE(value({both, both, both}));
  CHECK(value({both, both, both}) == value({both, both, first}));
  CHECK(value({both, first, first}) == value({first, first, first}));
  CHECK(value({both, both, both}) != value({first, first, first}));
  CHECK(value({both}) != value({witness({{node(1), word('a')}, {node(2), word('c')}})}));
}

TEST_CASE("beacon value: there is none where too little is known") {
  const auto value = [](std::vector<SeatReport> reports) { return beacon_value(reports); };
  const auto one = witness({{node(1), word('a')}});
  SeatReport deaf = one;
  deaf.is_witness = false;
  CHECK_FALSE(value({}));
  CHECK_FALSE(value({deaf, deaf}));
  CHECK_FALSE(value({witness({}), witness({})}));
  CHECK_FALSE(value({one, one, one}));  // three witnesses, and only one of them has revealed
  CHECK(value({one, one}));
  CHECK(value({one, one, deaf}) == value({one, one}));
}

TEST_CASE("seniors: who has been there long enough, or for half of the network's age") {
  const auto seniors = [](std::vector<SeatReport> reports, Millis full) {
    return senior_members(reports, full);
  };
  const auto reports = [](Millis oldest, Millis other) {
    return std::vector{listing({{node(1), oldest}, {node(2), other}}),
                       listing({{node(3), oldest}})};
  };
  struct Row {
    Millis oldest, other, full;
    bool counts;
  };
  for (const Row& row : {Row{minutes{100}, minutes{10}, minutes{10}, true},
                         Row{minutes{100}, minutes{9}, minutes{10}, false},
                         Row{minutes{10}, minutes{5}, minutes{10}, true},
                         Row{minutes{10}, minutes{4}, minutes{10}, false},
                         Row{minutes{10}, -minutes{1}, minutes{10}, false},
                         Row{-minutes{1}, -minutes{2}, minutes{10}, true}}) {
    INFO(row.oldest.count(), " ", row.other.count());
    const auto found = seniors(reports(row.oldest, row.other), row.full);
    CHECK(found.size() == (row.counts ? 3 : 2));
  }
  CHECK(seniors({}, minutes{1}).empty());
}

TEST_CASE("seniors: one master's tale of ages does not shut out a young network") {
  const std::vector reports{listing({{node(1), minutes{2}}}), listing({{node(2), minutes{2}}}),
                            listing({{node(3), minutes{100'000}}})};
  CHECK(senior_members(reports, minutes{1000}).size() == 3);
}

TEST_CASE("seniority: counts from the first sight, over moves and short absences") {
  Seniority seniority;
  const TimePoint start{std::chrono::hours{1}};
  const std::vector all{node(1), node(2)};
  const std::vector one{node(1)};
  seniority.see(all, start);
  seniority.see(one, start + minutes{5});
  seniority.see(all, start + minutes{10});
  CHECK(seniority.age(node(2), start + minutes{10}) == minutes{10});
  seniority.see(one, start + minutes{21});
  seniority.see(all, start + minutes{22});
  CHECK(seniority.age(node(1), start + minutes{22}) == minutes{22});
  CHECK(seniority.age(node(2), start + minutes{22}) == Millis::zero());
  CHECK(seniority.age(node(3), start) == Millis::zero());
}

TEST_CASE("seniority: takes over what others remember, for those it has seen") {
  Seniority seniority;
  const TimePoint now{std::chrono::hours{1}};
  const std::vector one{node(1)};
  seniority.see(one, now);
  seniority.adopt(node(1), minutes{10}, now);
  seniority.adopt(node(1), minutes{5}, now);
  seniority.adopt(node(2), minutes{10}, now);
  CHECK(seniority.age(node(1), now) == minutes{10});
  CHECK(seniority.age(node(2), now) == Millis::zero());
  seniority.adopt(node(1), Millis::max(), now);
  seniority.adopt(node(1), Millis::min(), now);
  CHECK(seniority.age(node(1), now) == std::chrono::hours{1});
}

}  // namespace spreadable
