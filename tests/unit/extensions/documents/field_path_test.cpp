#include "extensions/documents/field_path.h"

#include <doctest/doctest.h>

namespace spreadable::documents {
namespace {

using Parts = std::vector<std::string>;

}  // namespace

TEST_CASE("field path: parts: as lodash takes paths apart") {
  struct Row {
    const char* text;
    Parts parts;
  };
  for (const Row& row : {
           Row{"a", {"a"}},
           Row{"a.b", {"a", "b"}},
           Row{"a[0].b", {"a", "0", "b"}},
           Row{"a[-1.5]", {"a", "-1.5"}},
           Row{"a[x]", {"a", "x"}},
           Row{"a[\"x.y\"]", {"a", "x.y"}},
           Row{"a['it\\\\s']", {"a", "it\\s"}},
           Row{"a['it\\'s']", {"a", "it's"}},
           Row{".a", {"", "a"}},
           Row{"a.", {"a", ""}},
           Row{"a..b", {"a", "", "b"}},
           Row{".", {"", ""}},
           Row{"a[]", {"a", ""}},
           Row{"a[].b", {"a", "", "b"}},
           Row{"[][", {}},
           Row{"a[", {"a["}},
           Row{"a]", {"a]"}},
           Row{"", {""}},
           Row{"ä.ö", {"ä", "ö"}},
       }) {
    INFO(row.text);
    CHECK(FieldPath(row.text).parts() == row.parts);
  }
}

TEST_CASE("field path: find: a field of the whole name goes before the parts") {
  const Json document = {{"a", {{"b", {1, {{"c", 2}}}}}}, {"a.b", 5}, {"n", nullptr}};
  CHECK(*FieldPath("a.b").find(document) == 5);
  CHECK(*FieldPath("a.b[1].c").find(document) == 2);
  CHECK(FieldPath("n").find(document)->is_null());
  for (const char* missing : {"x", "a.x", "a.b[2]", "a.b.length", "n.x", "[]["}) {
    INFO(missing);
    CHECK(FieldPath(missing).find(document) == nullptr);
  }
  CHECK(FieldPath("a.b").find(Json(5)) == nullptr);
}

TEST_CASE("field path: set: makes what is missing on the way") {
  struct Row {
    const char* before;
    const char* path;
    const char* after;
  };
  for (const Row& row : {
           Row{"{}", "a", R"({"a":1})"},
           Row{"{}", "a.b", R"({"a":{"b":1}})"},
           Row{"{}", "a[1].b", R"({"a":[null,{"b":1}]})"},
           Row{R"({"a":5})", "a.b", R"({"a":{"b":1}})"},
           Row{R"({"a":[5]})", "a.b", R"({"a":{"b":1}})"},
           Row{R"({"a":[5]})", "a[0]", R"({"a":[1]})"},
           Row{R"({"a.b":5})", "a.b", R"({"a.b":1})"},
           Row{R"({"a":{"b":5,"c":6}})", "a.b", R"({"a":{"b":1,"c":6}})"},
       }) {
    INFO(row.path, " in ", row.before);
    Json document = *parse_json(row.before);
    CHECK(FieldPath(row.path).set(document, 1));
    CHECK(dump_json(document) == row.after);
  }
}

TEST_CASE("field path: set: far places of lists are refused, and nothing is changed") {
  Json document = {{"a", 5}};
  CHECK(FieldPath("b[1000]").set(document, 1));
  CHECK(document["b"].size() == 1'001);
  CHECK_FALSE(FieldPath("a[1001]").set(document, 1));
  CHECK_FALSE(FieldPath("[][").set(document, 1));
  CHECK(document["a"] == 5);
}

TEST_CASE("field path: remove: fields go, items of lists become null") {
  Json document = {{"a", {{"b", {1, 2}}, {"c", 1}}}, {"a.c", 1}};
  FieldPath("a.c").remove(document);
  CHECK(dump_json(document) == R"({"a":{"b":[1,2],"c":1}})");
  FieldPath("a.c").remove(document);
  FieldPath("a.b[0]").remove(document);
  FieldPath("a.b[7]").remove(document);
  FieldPath("x.y").remove(document);
  CHECK(dump_json(document) == R"({"a":{"b":[null,2]}})");
}

}  // namespace spreadable::documents
