#include "extensions/documents/kind.h"

#include <doctest/doctest.h>

#include <limits>

namespace spreadable::documents {
namespace {

std::string refusal_of(const char* path, Json value) {
  NodeOptions options;
  options.of_kind[path] = std::move(value);
  const Result<KindOptions> own = kind_options_of(options);
  if (own) return "";
  CHECK(own.error().code == Errc::invalid_argument);
  return own.error().message;
}

}  // namespace

TEST_CASE("documents: options of the kind: what was set is read back, defaults are not kept") {
  NodeOptions options;
  const Result<KindOptions> usual = kind_options_of(options);
  REQUIRE(usual);
  CHECK(usual->collections == Json::object());
  CHECK_FALSE(usual->has_open_permissions);
  CHECK(usual->addition_node_timeout == Millis{2'000});
  CHECK(usual->repair_interval == Millis{60'000});
  REQUIRE(set_kind_options(options, *usual));
  CHECK(options.of_kind == Json::object());

  REQUIRE(set_kind_options(options, {.collections = {{"things", {{"pk", "id"}}}},
                                     .has_open_permissions = true,
                                     .addition_node_timeout = Millis{1},
                                     .repair_interval = Millis{90'500}}));
  CHECK(options.of_kind == Json{{"collections", {{"things", {{"pk", "id"}}}}},
                                {"documents.openPermissions", true},
                                {"documents.repairInterval", "90500ms"},
                                {"request.documentAdditionNodeTimeout", "1ms"}});
  const Result<KindOptions> own = kind_options_of(options);
  REQUIRE(own);
  CHECK(own->collections == Json{{"things", {{"pk", "id"}}}});
  CHECK(own->has_open_permissions);
  CHECK(own->addition_node_timeout == Millis{1});
  CHECK(own->repair_interval == Millis{90'500});

  REQUIRE(set_kind_options(options, {}));
  CHECK(options.of_kind == Json::object());
}

TEST_CASE("documents: options of the kind: are kept as a config file has them kept") {
  declare_options();
  declare_options();  // once more means nothing
  const auto read = parse_options({{"documents", {{"repairInterval", 120'000}}},
                                   {"request", {{"documentAdditionNodeTimeout", "3 s"}}}});
  REQUIRE(read);
  NodeOptions set;
  REQUIRE(set_kind_options(
      set, {.addition_node_timeout = Millis{3'000}, .repair_interval = Millis{120'000}}));
  CHECK(*read == set);
}

TEST_CASE("documents: options of the kind: what is malformed is refused by name") {
  CHECK(refusal_of("collections", 1) ==
        "option \"collections\": expected an object of objects, by names of collections, got 1");
  CHECK(refusal_of("documents.openPermissions", "yes") ==
        "option \"documents.openPermissions\": expected true or false, got \"yes\"");
  CHECK(refusal_of("documents.repairInterval", "soon") ==
        "option \"documents.repairInterval\": expected a time such as \"16s\" or a number of "
        "milliseconds, got \"soon\"");
  CHECK(refusal_of("request.documentAdditionNodeTimeout", "1h") ==
        "option \"request.documentAdditionNodeTimeout\": expected a time from 1ms to 10m, got "
        "\"1h\"");
  struct Row {
    const char* path;
    Json value;
  };
  for (const Row& row :
       {Row{"collections", Json{{"things", 1}}}, Row{"collections", "x"},
        Row{"collections", Json::array({1})}, Row{"collections", nullptr},
        Row{"documents.openPermissions", nullptr}, Row{"documents.repairInterval", nullptr},
        Row{"documents.openPermissions", 1}, Row{"documents.openPermissions", Json::object()},
        Row{"documents.repairInterval", true}, Row{"documents.repairInterval", Json::array()},
        Row{"documents.repairInterval", 1e300}, Row{"documents.repairInterval", 0},
        Row{"request.documentAdditionNodeTimeout", -1},
        Row{"request.documentAdditionNodeTimeout", ""}}) {
    INFO(row.path, " ", row.value.dump());
    CHECK(refusal_of(row.path, row.value).find(row.path) != std::string::npos);
  }
}

TEST_CASE("documents: options of the kind: what keeps them is an object") {
  NodeOptions options;
  options.of_kind = 7;
  const auto read = kind_options_of(options);
  REQUIRE_FALSE(read);
  CHECK(read.error().code == Errc::invalid_argument);
  CHECK(read.error().message.ends_with("NodeOptions::of_kind) must be an object, got 7"));
  CHECK_FALSE(set_kind_options(options, {.repair_interval = std::chrono::seconds{2}}));
  CHECK(options.of_kind == 7);
}

TEST_CASE("documents: options of the kind: none is set out of its range, nor a node made with it") {
  NodeOptions options;
  const auto set = set_kind_options(options, {.repair_interval = Millis{999}});
  REQUIRE_FALSE(set);
  CHECK(set.error().message ==
        "option \"documents.repairInterval\": expected a time from 1s to 1d, got 999");
  CHECK(options.of_kind == Json::object());
  CHECK_FALSE(set_kind_options(
      options, {.addition_node_timeout = Millis{std::numeric_limits<Millis::rep>::max()}}));

  options.of_kind["documents.openPermissions"] = 1;
  Environment environment;
  CHECK_THROWS_WITH_AS(equip(environment, options),
                       "option \"documents.openPermissions\": expected true or false, got 1",
                       std::runtime_error);
}

}  // namespace spreadable::documents
