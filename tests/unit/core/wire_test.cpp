#include "core/wire.h"

#include <doctest/doctest.h>

#include <optional>

namespace spreadable {

using std::chrono::milliseconds;

TEST_CASE("wire: budget: is relative, keeps a margin, and never trusts the sender's clock") {
  struct Row {
    const char* body;
    std::optional<milliseconds> budget;
  };
  for (const Row& row : {
           Row{R"({"timeout":2000})", milliseconds{1880}},
           Row{R"({"timeout":2000,"timestamp":1})", milliseconds{1880}},
           Row{R"({"timeout":2000,"timestamp":99999999999999})", milliseconds{1880}},
           Row{R"({"timeout":"2000"})", milliseconds{1880}},
           Row{R"({"timeout":100})", milliseconds{75}},
           Row{R"({"timeout":-5})", milliseconds{0}},
           Row{R"({"timeout":1e300})", milliseconds{59'880}},
           Row{R"({"timeout":0})", std::nullopt},
           Row{R"({"timeout":"soon"})", std::nullopt},
           Row{R"({"timeout":""})", std::nullopt},
           Row{R"({"timeout":[1]})", std::nullopt},
           Row{R"({})", std::nullopt},
           Row{R"([2000])", std::nullopt},
       }) {
    INFO(row.body);
    const auto budget = wire::budget_of(*parse_json(row.body));
    CHECK(budget.has_value() == row.budget.has_value());
    if (budget && row.budget) CHECK(*budget == *row.budget);
  }
}

TEST_CASE("wire: budget: what a sender puts in, a receiver reads") {
  Json body = Json::object();
  wire::put_budget(body, milliseconds{1500}, WallTime(milliseconds{1795176412246}));
  CHECK(body == Json{{"timeout", 1500}, {"timestamp", 1795176412246}});
  CHECK(wire::budget_of(body) == milliseconds{1380});
}

TEST_CASE("wire: budget: a text with it is that of a body with it") {
  const WallTime now(milliseconds{1795176412246});
  for (const Json& plain : {Json::object(), Json{{"a", "}"}, {"z", {{"timeout", 1}}}},
                            Json{{"timeout", 7}, {"x", 1}}, Json{{"timestamp", "x"}}}) {
    Json body = plain;
    wire::put_budget(body, milliseconds{1500}, now);
    const std::string text = wire::dump_with_budget(plain, milliseconds{1500}, now);
    CHECK(*parse_json(text) == body);
    CHECK(text.size() == dump_json(body).size());  // each field once
  }
}

TEST_CASE("wire: features: a list is searched by whole names") {
  CHECK(wire::has_feature("coverage,stand-in,move", "move"));
  CHECK(wire::has_feature(" coverage , move ", "coverage"));
  CHECK_FALSE(wire::has_feature("coverage,moves", "move"));
  CHECK_FALSE(wire::has_feature("", "move"));
}

}  // namespace spreadable
