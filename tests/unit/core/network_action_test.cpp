#include "core/network_action.h"

#include <doctest/doctest.h>

namespace spreadable {
namespace {

std::vector<Reply> replies_of(const char* json) {
  std::vector<Reply> replies;
  for (const Json& value : Json::parse(json)) replies.push_back({Address(), value});
  return replies;
}

}  // namespace

TEST_CASE("network action: merges: each joins what it gets") {
  using Merge = Json (*)(const std::vector<Reply>&, const Json&);
  struct Row {
    Merge merge;
    const char *replies, *merged;
  };
  for (const Row& row : {
           Row{merges::sum, "[]", "0"},
           Row{merges::sum, "[1,2,3]", "6"},
           Row{merges::sum, R"([1,0.5,"x"])", "1.5"},
           Row{merges::sum_by_key, "[]", "{}"},
           Row{merges::sum_by_key, R"([{"a":1},{"a":2,"b":1},7])", R"({"a":3,"b":1})"},
           Row{merges::concatenate, "[]", "[]"},
           Row{merges::concatenate, R"([[1,2],[],[3],"x"])", R"([1,2,3,"x"])"},
       }) {
    INFO(row.replies);
    CHECK(row.merge(replies_of(row.replies), Json::object()) == Json::parse(row.merged));
  }
}

TEST_CASE("network action: merges: two stages give what one would") {
  const auto all = replies_of("[[1],[2],[3],[4]]");
  const std::vector<Reply> first(all.begin(), all.begin() + 3);
  const std::vector<Reply> rest(all.begin() + 3, all.end());
  const Json query;
  CHECK(merges::concatenate({{Address(), merges::concatenate(first, query)},
                             {Address(), merges::concatenate(rest, query)}},
                            query) == merges::concatenate(all, query));
}

TEST_CASE("network action: functions: missing ones have the defaults") {
  FunctionAction action("list-all");
  CHECK(action.check(Json::object()));
  CHECK(action.is_for_clients());
  CHECK_FALSE(action.internal().is_for_clients());
  CHECK(static_cast<NetworkAction&>(action).merge(replies_of("[1,2]"), Json()) == Json({1, 2}));
}

}  // namespace spreadable
