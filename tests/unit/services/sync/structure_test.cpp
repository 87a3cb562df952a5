#include "services/sync/structure.h"

#include <doctest/doctest.h>

#include "core/transport.h"

namespace spreadable {

TEST_CASE("structure: json: what one node writes another reads") {
  PeerTable table(*Address::parse("localhost:7402"));
  table.set_masters(
      {{*Address::parse("localhost:7400"), 2}, {*Address::parse("localhost:7401"), 1}});
  table.add_slave(*Address::parse("localhost:7403"));
  table.set_backlink(*Address::parse("localhost:7400"));
  const Json json = structure_json(*table.view());
  CHECK(json == *parse_json(R"({"address":"localhost:7402","backlink":{"address":"localhost:7400"},
      "slaves":[{"address":"localhost:7403"}],
      "masters":[{"address":"localhost:7400","size":2},{"address":"localhost:7401","size":1},
                 {"address":"localhost:7402","size":1}]})"));
  const auto read = parse_structure(json);
  REQUIRE(read);
  CHECK(read->backlink == table.view()->backlink);
  CHECK(read->slaves == table.view()->slaves);
  CHECK(read->masters == table.view()->masters);
}

TEST_CASE("structure: json: a fresh node has all four keys") {
  const PeerTable table(*Address::parse("localhost:7100"));
  CHECK(structure_json(*table.view()) ==
        *parse_json(R"({"address":"localhost:7100","backlink":null,"slaves":[],"masters":[]})"));
}

TEST_CASE("structure: foreign answers: what is not a structure is refused, whatever it is") {
  Json long_list = Json::array();
  for (std::size_t i = 0; i <= Transport::kGroupMax; ++i) {
    long_list.push_back({{"address", "localhost:" + std::to_string(i)}});
  }
  const Json good{{"address", "localhost:1"},
                  {"backlink", nullptr},
                  {"slaves", Json::array()},
                  {"masters", Json::array()}};
  REQUIRE(parse_structure(good));
  struct Row {
    const char* key;
    Json value;
  };
  for (const Row& row : {
           Row{"address", 5},
           Row{"backlink", "localhost:1"},
           Row{"backlink", {{"address", "x"}}},
           Row{"slaves", Json::object()},
           Row{"slaves", {{{"address", "localhost"}}}},
           Row{"slaves", {{{"address", "localhost:1"}}, {{"address", "localhost:1"}}}},
           Row{"slaves", long_list},
           Row{"masters", {{{"address", "localhost:1"}}}},
           Row{"masters", {{{"address", "localhost:1"}, {"size", 1e9}}}},
           Row{"masters", {{{"address", "localhost:1"}, {"size", -1}}}},
           Row{"masters", {{{"address", "localhost:1"}, {"size", "1"}}}},
       }) {
    INFO(row.key, " ", row.value.dump().substr(0, 80));
    Json bad = good;
    bad[row.key] = row.value;
    CHECK_FALSE(parse_structure(bad));
    bad.erase(row.key);
    CHECK_FALSE(parse_structure(bad));
  }
  CHECK_FALSE(parse_structure(Json::object()));
  CHECK_FALSE(parse_structure(Json("x")));
}

}  // namespace spreadable
