#include "services/sync/structure.h"

#include <doctest/doctest.h>

#include "core/json.h"
#include "core/transport.h"

namespace spreadable {

TEST_CASE("structure: json: what one node writes another reads") {
  PeerTable table(*Address::parse("localhost:7402"));
  table.set_masters(
      {{*Address::parse("localhost:7400"), 2}, {*Address::parse("localhost:7401"), 1}});
  table.add_slave(*Address::parse("localhost:7403"));
  table.set_backlink(*Address::parse("localhost:7400"));
  const std::string text = structure_text(*table.view());
  CHECK(*parse_json(text) ==
        *parse_json(R"({"address":"localhost:7402","backlink":{"address":"localhost:7400"},
      "slaves":[{"address":"localhost:7403"}],
      "masters":[{"address":"localhost:7400","size":2},{"address":"localhost:7401","size":1},
                 {"address":"localhost:7402","size":1}]})"));
  const auto read = parse_structure(text);
  REQUIRE(read);
  CHECK(read->backlink == table.view()->backlink);
  CHECK(read->slaves == table.view()->slaves);
  CHECK(read->masters == table.view()->masters);
}

TEST_CASE("structure: json: our own form is read as any other is, whatever is wrong with it") {
  const std::string good =
      R"({"address":"localhost:7402","backlink":{"address":"10.0.0.9:80"},"slaves":[)"
      R"({"address":"localhost:7403"},{"address":"localhost:7404"}],"masters":[)"
      R"({"address":"localhost:7400","size":10},{"address":"localhost:7401","size":2}]})";
  const auto text_of = [](const std::string& text) -> std::string {
    const auto read = parse_structure(text);
    if (!read) return read.error().message.substr(0, read.error().message.find(" at byte"));
    PeerView view{.self = read->address,
                  .masters = read->masters,
                  .slaves = read->slaves,
                  .backlink = read->backlink};
    return structure_text(view);
  };
  REQUIRE(text_of(good) == good);
  // A blank behind makes another form of it.
  for (std::size_t at = 0; at <= good.size(); ++at) {
    for (const char other : std::string("0197\"\\{}[],: .-\x80\n")) {
      std::string changed = good;
      if (at < good.size()) changed[at] = other;
      REQUIRE(text_of(changed) == text_of(changed + ' '));
      changed = good;
      changed.insert(at, 1, other);
      REQUIRE(text_of(changed) == text_of(changed + ' '));
    }
    REQUIRE(text_of(good.substr(0, at)) == text_of(good.substr(0, at) + ' '));
    REQUIRE(text_of(good.substr(at)) == text_of(good.substr(at) + ' '));
  }
}

TEST_CASE("structure: json: a fresh node has all four keys") {
  const PeerTable table(*Address::parse("localhost:7100"));
  CHECK(*parse_json(structure_text(*table.view())) ==
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
  const auto is_read = [](const Json& json) {
    return parse_structure(dump_json(json)).has_value();
  };
  REQUIRE(is_read(good));
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
           Row{"slaves", {{{"address", "[::1]:1"}}, {{"address", "[0::1]:1"}}}},
           Row{"slaves", long_list},
           Row{"masters", {{{"address", "localhost:1"}}}},
           Row{"masters",
               {{{"address", "[::1]:1"}, {"size", 1}}, {{"address", "[0::1]:1"}, {"size", 2}}}},
           Row{"masters", {{{"address", "localhost:1"}, {"size", 1e9}}}},
           Row{"masters", {{{"address", "localhost:1"}, {"size", -1}}}},
           Row{"masters", {{{"address", "localhost:1"}, {"size", "1"}}}},
       }) {
    INFO(row.key, " ", row.value.dump().substr(0, 80));
    Json bad = good;
    bad[row.key] = row.value;
    CHECK_FALSE(is_read(bad));
    bad.erase(row.key);
    CHECK_FALSE(is_read(bad));
  }
  CHECK_FALSE(is_read(Json::object()));
  CHECK_FALSE(is_read(Json("x")));
  CHECK_FALSE(is_read(Json::array()));
  const std::string text = dump_json(good);
  for (std::size_t length = 0; length < text.size(); ++length) {
    CHECK_FALSE(parse_structure(std::string_view(text).substr(0, length)));
  }
  CHECK_FALSE(parse_structure(text + "x"));
}

TEST_CASE("structure: foreign answers: what they have besides is passed over, however deep") {
  std::string deep(100'000, '[');
  deep += std::string(100'000, ']');
  const std::string text =
      R"({"version":{"address":"x","masters":5},"list":[{"size":-1},null,true],"deep":)" + deep +
      R"(,"address":"localhost:1","backlink":{"since":[1,{"address":5}],"address":"localhost:2"},
          "slaves":[{"address":"localhost:3","size":1.5,"slaves":[{}]}],
          "masters":[{"size":2.0,"x":{"address":1},"address":"localhost:9"},
                     {"address":"localhost:4","size":1}],"end":"x"})";
  const auto read = parse_structure(text);
  REQUIRE(read);
  CHECK(read->address.text() == "localhost:1");
  CHECK(read->backlink->text() == "localhost:2");
  CHECK(read->slaves == std::vector{*Address::parse("localhost:3")});
  CHECK(read->masters == std::vector<MasterEntry>{{*Address::parse("localhost:9"), 2},
                                                  {*Address::parse("localhost:4"), 1}});
}

TEST_CASE("structure: links: tell all but the masters") {
  PeerTable table(*Address::parse("localhost:1"));
  table.set_masters({{*Address::parse("localhost:2"), 5}});
  table.set_backlink(*Address::parse("localhost:2"));
  table.add_slave(*Address::parse("localhost:3"));
  const auto read = parse_structure(structure_text(*table.view(), StructurePart::links));
  REQUIRE(read);
  CHECK(read->backlink == table.view()->backlink);
  CHECK(read->slaves == table.view()->slaves);
  CHECK(read->masters.empty());
}

}  // namespace spreadable
