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
           Row{merges::sum, "[9223372036854775806,1]", "9223372036854775807"},
           Row{merges::sum, "[9223372036854775807,1]", "9223372036854775808.0"},
           Row{merges::sum, "[-9223372036854775808,-1]", "-9223372036854775808.0"},
           Row{merges::sum, "[18446744073709551615,1]", "18446744073709551615.0"},
           Row{merges::sum_by_key, "[]", "{}"},
           Row{merges::sum_by_key, R"([{"a":1},{"a":2,"b":1},7])", R"({"a":3,"b":1})"},
           Row{merges::concatenate, "[]", "[]"},
           Row{merges::concatenate, R"([[1,2],[],[3],"x"])", R"([1,2,3,"x"])"},
       }) {
    INFO(row.replies);
    CHECK(row.merge(replies_of(row.replies), Json::object()) == Json::parse(row.merged));
  }
}

TEST_CASE("network action: merges: what may take the values gives the same, without copies") {
  for (const char* text :
       {"[]", R"([[1,2],[],[3],"x"])", R"([{"a":1},"a text that is not short"])"}) {
    INFO(text);
    auto replies = replies_of(text);
    const Json expected = merges::concatenate(replies, Json::object());
    FunctionAction named("list-all");
    named.merge(merges::concatenate);
    FunctionAction own("list-all");
    own.merge([](const std::vector<Reply>& all, const Json&) { return Json(all.size()); });
    CHECK(own.merge_away(replies, Json::object()) == Json(replies.size()));
    CHECK(FunctionAction("list-all").merge_away(replies, Json::object()) == expected);
    for (const Reply& reply : replies) CHECK(memory_of(reply.value) == 0);
    replies = replies_of(text);
    CHECK(named.merge_away(replies, Json::object()) == expected);
    for (const Reply& reply : replies) CHECK(memory_of(reply.value) == 0);
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

TEST_CASE("network action: audits: none by default, and by the function that is given") {
  const Reply reply{Address(), Json::array({1})};
  FunctionAction action("list-all");
  CHECK_FALSE(action.is_auditable());
  CHECK_FALSE(action.leaves_room(Json::array(), reply, Json()).has_value());
  action.audit(audits::contains);
  CHECK(action.is_auditable());
  CHECK(action.leaves_room(Json::array(), reply, Json()) == false);
  CHECK(action.leaves_room(Json::array({1}), reply, Json()) == true);
}

TEST_CASE("network action: audits: what a reply holds must be in what was merged") {
  struct Row {
    const char *merged, *reply;
    std::optional<bool> leaves_room;
  };
  for (const Row& row : {
           Row{"[1,2,3]", "[3,1]", true},
           Row{"[1,2]", "[1,3]", false},
           Row{"[1,{\"a\":2}]", "{\"a\":2}", true},
           Row{"[]", "7", false},
           Row{"[1]", "[]", std::nullopt},
           Row{"{\"1\":1}", "[1]", false},
           Row{"null", "[1]", false},
       }) {
    INFO(row.reply, " in ", row.merged);
    const Reply reply{Address(), Json::parse(row.reply)};
    CHECK(audits::contains(Json::parse(row.merged), reply, Json()) == row.leaves_room);
  }
}

}  // namespace spreadable
