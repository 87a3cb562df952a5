#include "extensions/documents/filter.h"

#include <doctest/doctest.h>

#include "extensions/documents/wire.h"

namespace spreadable::documents {
namespace {

Filter filter_of(const char* text) {
  auto filter = Filter::parse(*parse_json(text));
  REQUIRE_MESSAGE(filter, (filter ? "" : filter.error().message));
  return *filter;
}

/// A filter tried on a document.
struct Row {
  const char* filter;
  const char* document;
  bool matches;
};

void check(std::initializer_list<Row> rows) {
  for (const Row& row : rows) {
    INFO(row.filter, " on ", row.document);
    CHECK(filter_of(row.filter).matches(*parse_json(row.document)) == row.matches);
  }
}

/// What is no filter.
struct Refusal {
  const char* filter;
  std::string_view code;
  const char* message;
};

void check_refusals(std::initializer_list<Refusal> rows) {
  for (const Refusal& row : rows) {
    INFO(row.filter);
    const auto filter = Filter::parse(*parse_json(row.filter));
    REQUIRE_FALSE(filter);
    CHECK(filter.error().code == Errc::logical);
    CHECK(filter.error().wire_code == row.code);
    CHECK(filter.error().message == row.message);
  }
}

/// `count` conditions `{"x": 1}` in a list: each counts twice.
Json conditions(std::size_t count) {
  Json list = Json::array();
  for (std::size_t i = 0; i < count; ++i) list.push_back({{"x", 1}});
  return list;
}

Json nested(std::size_t levels) {
  Json filter = 1;
  for (std::size_t i = 0; i < levels; ++i) filter = Json{{"a", filter}};
  return filter;
}

}  // namespace

TEST_CASE("filter: nothing asked for: everything matches") {
  for (const char* none : {"null", "0", "\"\"", "false", "{}"}) {
    INFO(none);
    const Filter filter = filter_of(none);
    CHECK(filter.matches_everything());
    CHECK(filter.matches(Json{{"a", 1}}));
  }
  CHECK(Filter().matches(Json()));
}

TEST_CASE("filter: equality: as == of JavaScript") {
  check({
      {R"({"x": 1})", R"({"x": 1})", true},
      {R"({"x": 1})", R"({"x": 1.0})", true},
      {R"({"x": 1})", R"({"x": "1"})", true},
      {R"({"x": "1"})", R"({"x": 1})", true},
      {R"({"x": 1})", R"({"x": " 1\n"})", true},
      {R"({"x": 16})", R"({"x": "0x10"})", true},
      {R"({"x": 1})", R"({"x": true})", true},
      {R"({"x": true})", R"({"x": "1"})", true},
      {R"({"x": true})", R"({"x": "true"})", false},
      {R"({"x": false})", R"({"x": ""})", true},
      {R"({"x": 0})", R"({"x": ""})", true},
      {R"({"x": 0})", R"({"x": null})", false},
      {R"({"x": 0})", R"({})", false},
      {R"({"x": 0})", R"({"x": []})", true},
      {R"({"x": 5})", R"({"x": [5]})", true},
      {R"({"x": 5})", R"({"x": [["5"]]})", true},
      {R"({"x": 5})", R"({"x": [5, 6]})", false},
      {R"({"x": "1,2"})", R"({"x": [1, 2]})", true},
      {R"({"x": "1,,a"})", R"({"x": [1, null, ["a"]]})", true},
      {R"({"x": [1, 2]})", R"({"x": "1,2"})", true},
      {R"({"x": [1, 2]})", R"({"x": [1, 2]})", false},
      {R"({"x": [1e21]})", R"({"x": "1e+21"})", true},
      {R"({"x": "[object Object]"})", R"({"x": {"a": 1}})", true},
      {R"({"x": {"$eq": {"a": 1}}})", R"({"x": {"a": 1}})", false},
      {R"({"x": {"$ne": 1}})", R"({"x": "1"})", false},
      {R"({"x": {"$ne": 1}})", R"({"x": 2})", true},
      {R"({"x": {"$ne": 1}})", R"({})", true},
      {R"({"x": {"$ne": [1]}})", R"({"x": [1]})", true},
      {R"([1])", R"({"x": 1})", false},
  });
}

TEST_CASE("filter: strict equality: as === of JavaScript") {
  check({
      {R"({"x": {"$eqs": 1}})", R"({"x": 1.0})", true},
      {R"({"x": {"$eqs": 1}})", R"({"x": "1"})", false},
      {R"({"x": {"$eqs": true}})", R"({"x": 1})", false},
      {R"({"x": {"$eqs": "a"}})", R"({"x": "a"})", true},
      {R"({"x": {"$eqs": [1]}})", R"({"x": [1]})", false},
      {R"({"x": {"$nes": 1}})", R"({"x": "1"})", true},
      {R"({"x": {"$nes": 1}})", R"({})", true},
      {R"({"x": {"$nes": "a"}})", R"({"x": "a"})", false},
  });
}

TEST_CASE("filter: comparisons: texts by UTF-16 units, all else as numbers") {
  check({
      {R"({"x": {"$gt": 1}})", R"({"x": 2})", true},
      {R"({"x": {"$gt": 1}})", R"({"x": 1})", false},
      {R"({"x": {"$gte": 1}})", R"({"x": 1})", true},
      {R"({"x": {"$gt": "1"}})", R"({"x": 2})", true},
      {R"({"x": {"$lt": 10}})", R"({"x": "9"})", true},
      {R"({"x": {"$lt": "10"}})", R"({"x": "9"})", false},
      {R"({"x": {"$lt": "b"}})", R"({"x": "a"})", true},
      {R"({"x": {"$lt": "ab"}})", R"({"x": "a"})", true},
      {R"({"x": {"$gt": 0}})", R"({"x": "a"})", false},
      {R"({"x": {"$lte": 0}})", R"({"x": "a"})", false},
      {R"({"x": {"$gte": 0}})", R"({"x": null})", true},
      {R"({"x": {"$gte": 0}})", R"({})", false},
      {R"({"x": {"$lt": 1}})", R"({})", false},
      {R"({"x": {"$gt": 0}})", R"({"x": true})", true},
      {R"({"x": {"$lte": 0}})", R"({"x": ""})", true},
      {R"({"x": {"$gt": "Z"}})", R"({"x": {"a": 1}})", true},
      {R"({"x": {"$gt": "1,1"}})", R"({"x": [1, 2]})", true},
      {R"({"x": {"$gt": 0, "$lt": 2}})", R"({"x": 1})", true},
      {R"({"x": {"$gt": 0, "$lt": 2}})", R"({"x": 2})", false},
      // U+FF5E is one unit above every surrogate, U+1F600 two surrogates.
      {R"({"x": {"$lt": "～"}})", R"({"x": "😀"})", true},
      {R"({"x": {"$gt": "～"}})", R"({"x": "😀"})", false},
      {R"({"x": {"$gt": "ä"}})", R"({"x": "😀"})", true},
  });
}

TEST_CASE("filter: lists of values: the same value is in them") {
  check({
      {R"({"x": {"$in": [1, "a", true]}})", R"({"x": 1.0})", true},
      {R"({"x": {"$in": [1, "a", true]}})", R"({"x": "a"})", true},
      {R"({"x": {"$in": [1, "a", true]}})", R"({"x": true})", true},
      {R"({"x": {"$in": [1, "a", true]}})", R"({"x": "1"})", false},
      {R"({"x": {"$in": [1, "a", true]}})", R"({"x": false})", false},
      {R"({"x": {"$in": [1, "a", true]}})", R"({})", false},
      {R"({"x": {"$in": []}})", R"({"x": 1})", false},
      {R"({"x": {"$in": [[1]]}})", R"({"x": [1]})", false},
      {R"({"x": {"$nin": [1, 2]}})", R"({"x": 3})", true},
      {R"({"x": {"$nin": [1, 2]}})", R"({"x": 2})", false},
      {R"({"x": {"$nin": [1, 2]}})", R"({})", true},
  });
}

TEST_CASE("filter: parts of texts: at the start, at the end, anywhere, in any case") {
  check({
      {R"({"x": {"$sw": "te"}})", R"({"x": "text"})", true},
      {R"({"x": {"$sw": "xt"}})", R"({"x": "text"})", false},
      {R"({"x": {"$sw": ""}})", R"({"x": "text"})", true},
      {R"({"x": {"$ew": "xt"}})", R"({"x": "text"})", true},
      {R"({"x": {"$ew": "te"}})", R"({"x": "text"})", false},
      {R"({"x": {"$lk": "ex"}})", R"({"x": "text"})", true},
      {R"({"x": {"$lk": "go"}})", R"({"x": "text"})", false},
      {R"({"x": {"$lk": ""}})", R"({"x": ""})", true},
      {R"({"x": {"$lk": "EX"}})", R"({"x": "text"})", false},
      {R"({"x": {"$isw": "TE"}})", R"({"x": "Text"})", true},
      {R"({"x": {"$iew": "XT"}})", R"({"x": "texT"})", true},
      {R"({"x": {"$ilk": "EX"}})", R"({"x": "tExt"})", true},
      {R"({"x": {"$ilk": "ЖÄ"}})", R"({"x": "жä"})", true},
      {R"({"x": {"$ilk": "ΟΔΟΣ"}})", R"({"x": "οδος"})", true},
      {R"({"x": {"$ilk": "i̇"}})", R"({"x": "İ"})", true},
      {R"({"$and": [{"x": {"$ilk": "A"}}, {"y": {"$ilk": "B"}}]})", R"({"x": "xAx", "y": "yBy"})",
       true},
  });
}

TEST_CASE("filter: regular expressions: found anywhere, with flags") {
  check({
      {R"({"x": {"$rx": {"source": "e.t$"}}})", R"({"x": "text"})", true},
      {R"({"x": {"$rx": {"source": "^e"}}})", R"({"x": "text"})", false},
      {R"({"x": {"$rx": {"source": "T", "flags": "i"}}})", R"({"x": "text"})", true},
      {R"({"x": {"$rx": {"source": "t", "flags": ""}}})", R"({"x": 5})", false},
      {R"({"x": {"source": "text"}})", R"({"x": "text"})", false},
  });
}

TEST_CASE("filter: lengths of lists: compared with anything that is a number") {
  check({
      {R"({"x": {"$lgt": 1}})", R"({"x": [1, 2]})", true},
      {R"({"x": {"$lgt": "1"}})", R"({"x": [1, 2]})", true},
      {R"({"x": {"$lgt": 2}})", R"({"x": [1, 2]})", false},
      {R"({"x": {"$lgte": 2}})", R"({"x": [1, 2]})", true},
      {R"({"x": {"$llt": 3}})", R"({"x": [1, 2]})", true},
      {R"({"x": {"$llte": 2}})", R"({"x": [1, 2]})", true},
      {R"({"x": {"$llte": 1}})", R"({"x": [1, 2]})", false},
      {R"({"x": {"$llte": "a"}})", R"({"x": []})", false},
      {R"({"x": {"$lgt": 0}})", R"({"x": {"length": 3}})", false},
  });
}

TEST_CASE("filter: type mismatch: no match for that document, and no error") {
  for (const char* filter :
       {R"({"x": {"$sw": "a"}})", R"({"x": {"$isw": "a"}})", R"({"x": {"$ew": "a"}})",
        R"({"x": {"$iew": "a"}})", R"({"x": {"$lk": "a"}})", R"({"x": {"$ilk": "a"}})",
        R"({"x": {"$rx": {"source": "a"}}})", R"({"x": {"$lgt": 0}})", R"({"x": {"$llte": 9}})"}) {
    for (const char* document :
         {R"({})", R"({"x": 1})", R"({"x": null})", R"({"x": {"a": "a"}})"}) {
      INFO(filter, " on ", document);
      CHECK_FALSE(filter_of(filter).matches(*parse_json(document)));
    }
  }
}

TEST_CASE("filter: logic: all keys, $and, $or, also below a field") {
  check({
      {R"({"x": 1, "y": 2})", R"({"x": 1, "y": 2})", true},
      {R"({"x": 1, "y": 2})", R"({"x": 1, "y": 3})", false},
      {R"({"$and": [{"x": 1}, {"y": 2}]})", R"({"x": 1, "y": 2})", true},
      {R"({"$and": [{"x": 1}, {"y": 2}]})", R"({"x": 1})", false},
      {R"({"$or": [{"x": 1}, {"y": 2}]})", R"({"y": 2})", true},
      {R"({"$or": [{"x": 1}, {"y": 2}]})", R"({"x": 2})", false},
      {R"({"$and": []})", R"({"x": 1})", true},
      {R"({"$or": []})", R"({"x": 1})", false},
      {R"({"$and": {"x": 2}})", R"({"x": 1})", true},
      {R"({"$or": {"x": 1}})", R"({"x": 1})", false},
      {R"({"k": {"$or": [{"$gt": 5}, 1]}})", R"({"k": 1})", true},
      {R"({"k": {"$or": [{"$gt": 5}, 1]}})", R"({"k": 6})", true},
      {R"({"k": {"$or": [{"$gt": 5}, 1]}})", R"({"k": 2})", false},
      {R"({"k": {"$and": [{"$gt": 5}, {"$lt": 7}]}})", R"({"k": 6})", true},
      {R"({"k": {}})", R"({})", true},
      {R"({"x": 1, "$or": [{"y": 1}, {"z": 1}]})", R"({"x": 1, "z": 1})", true},
  });
}

TEST_CASE("filter: paths: by dots, brackets, places and lengths; a field of that name goes first") {
  check({
      {R"({"b.c": 2})", R"({"b": {"c": 2}})", true},
      {R"({"b": {"c": 2}})", R"({"b": {"c": 2}})", true},
      {R"({"b.c": 2})", R"({"b.c": 3, "b": {"c": 2}})", false},
      {R"({"b.c": 3})", R"({"b.c": 3, "b": {"c": 2}})", true},
      {R"({"b": {"c": 2}})", R"({"b.c": 3, "b": {"c": 2}})", true},
      {R"({"b.arr[0].z": 1})", R"({"b": {"arr": [{"z": 1}]}})", true},
      {R"({"b.arr.0.z": 1})", R"({"b": {"arr": [{"z": 1}]}})", true},
      {R"({"b[\"odd.key\"]": 1})", R"({"b": {"odd.key": 1}})", true},
      {R"({"b['a\\\\b']": 1})", R"({"b": {"a\\b": 1}})", true},
      {R"({"b.length": 2})", R"({"b": [1, 2]})", true},
      {R"({"b.length": 2})", R"({"b": "😀"})", true},
      {R"({"b.length": 5})", R"({"b": {"length": 5}})", true},
      {R"({"b[1]": "y"})", R"({"b": "xyz"})", true},
      {R"({"b[01]": 2})", R"({"b": [1, 2]})", false},
      {R"({"b[-1]": 2})", R"({"b": [1, 2]})", false},
      {R"({"b.c.d": 1})", R"({"b": {"c": null}})", false},
      {R"({"": 1})", R"({"": 1})", true},
      {R"({".a": 1})", R"({"": {"a": 1}})", true},
      {R"({"a.": 1})", R"({"a": {"": 1}})", true},
      {R"({"a[b": 1})", R"({"a[b": 1})", true},
      {R"({"constructor": {"$ne": 1}})", R"({})", true},
      {R"({"toString.length": 0})", R"({})", false},
  });
}

TEST_CASE("filter: refusals: null, unknown operators, wrong operands are named with their place") {
  check_refusals({
      {"5", wire::kWrongFilter, "filter: expected an object, got 5"},
      {"\"a\"", wire::kWrongFilter, "filter: expected an object, got \"a\""},
      {R"({"x": null})", wire::kWrongFilter, "filter at \"x\": null cannot be searched for"},
      {R"({"x": {"y": [1, null]}})", wire::kWrongFilter,
       "filter at \"x.y\": null cannot be searched for"},
      {R"({"x": {"$in": [null]}})", wire::kWrongFilter,
       "filter at \"x.$in\": null cannot be searched for"},
      {R"({"$and": [{"x": {"$gt": null}}]})", wire::kWrongFilter,
       "filter at \"$and.x.$gt\": null cannot be searched for"},
      {R"({"$and": 5})", wire::kWrongFilter, "filter at \"$and\": expected a list, got 5"},
      {R"({"$or": "a"})", wire::kWrongFilter, "filter at \"$or\": expected a list, got \"a\""},
      {R"({"$or": {"x": null}})", wire::kWrongFilter,
       "filter at \"$or\": null cannot be searched for"},
      {R"({"x": {"$like": 5}})", wire::kUnknownOperator,
       "filter at \"x.$like\": there is no such operator"},
      {R"({"$createdAt": 5})", wire::kUnknownOperator,
       "filter at \"$createdAt\": there is no such operator"},
      {R"({"x": {"$in": 5}})", wire::kWrongOperand,
       "filter at \"x.$in\": expected an array, got 5"},
      {R"({"x": {"$sw": 5}})", wire::kWrongOperand,
       "filter at \"x.$sw\": expected a string, got 5"},
      {R"({"x": {"$rx": "a"}})", wire::kWrongOperand,
       "filter at \"x.$rx\": expected an object with \"source\", got \"a\""},
      {R"({"x": {"$rx": {}}})", wire::kWrongOperand,
       "filter at \"x.$rx\": expected a string as \"source\""},
      {R"({"x": {"$rx": {"source": "a", "flags": 1}}})", wire::kWrongOperand,
       "filter at \"x.$rx\": expected a string as \"flags\""},
      {R"({"x": {"$rx": {"source": "("}}})", wire::kWrongFilter,
       "filter at \"x.$rx\": the regular expression cannot be used: unterminated group"},
      {R"({"x": {"$rx": {"source": "(a)\\1"}}})", wire::kWrongFilter,
       "filter at \"x.$rx\": the regular expression cannot be used: back-references are not "
       "supported"},
  });
}

TEST_CASE("filter: limits: as many nodes and levels as allowed, and one more") {
  // The object, the list, and two for each condition in it.
  const std::size_t most = (Filter::kNodesMax - 2) / 2;
  CHECK(Filter::parse({{"$or", conditions(most)}}));
  const auto more = Filter::parse({{"$or", conditions(most + 1)}});
  REQUIRE_FALSE(more);
  CHECK(more.error().message == "filter at \"$or\": more than 1000 conditions and values");
  const Json values = std::vector<int>(Filter::kNodesMax);
  CHECK_FALSE(Filter::parse({{"x", {{"$in", values}}}}));
  CHECK(Filter::parse(nested(Filter::kDepthMax)));
  CHECK_FALSE(Filter::parse(nested(Filter::kDepthMax + 1)));
}

TEST_CASE("filter: limits: regular expressions and searches weigh more") {
  const auto with = [](std::size_t count, const Json& condition) {
    Json list = Json::array();
    for (std::size_t i = 0; i < count; ++i) list.push_back({{"x", condition}});
    return Filter::parse({{"$or", list}}).has_value();
  };
  CHECK(with(140, {{"$ilk", "a"}}));
  CHECK_FALSE(with(150, {{"$ilk", "a"}}));
  CHECK(with(15, {{"$rx", {{"source", "a"}}}}));
  CHECK_FALSE(with(20, {{"$rx", {{"source", "a"}}}}));
  const auto of_length = [](std::size_t length) {
    return Filter::parse({{"x", {{"$rx", {{"source", std::string(length, 'a')}}}}}}).has_value();
  };
  CHECK(of_length(Filter::kRegexBytesMax));
  CHECK_FALSE(of_length(Filter::kRegexBytesMax + 1));
}

TEST_CASE("filter: names: the fields at the top that are looked at, also by whole paths") {
  using Names = std::vector<std::string>;
  CHECK(filter_of(R"({"b.c": 1, "$or": [{"a": {"x": 1}}, {"d[0]": 1}]})").names() ==
        Names{"a", "b", "b.c", "d", "d[0]"});
  CHECK(Filter().names().empty());
}

}  // namespace spreadable::documents
