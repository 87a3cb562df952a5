#include "extensions/documents/collection_store.h"

#include "extensions/documents/wire.h"
#include "store_fixture.h"

namespace spreadable::documents {
namespace {

std::string_view code_of(const auto& result) {
  return result ? std::string_view() : std::string_view(result.error().wire_code);
}

Filter filter_of(const Json& filter) {
  return Filter::parse(filter).value();
}

ChangeQuery change_of(const Json& actions) {
  return ChangeQuery::parse(actions).value();
}

}  // namespace

TEST_CASE("collection store: add: what was added is found again, after a restart too") {
  in_both_places(with_pk(), [](StoreFixture& fixture) {
    const Document added = fixture.add({{"id", "a"}, {"n", 1}, {"list", {1, {{"x", "ä😀"}}}}});
    CHECK(added.created_at == fixture.clock.wall_now());
    CHECK(added.row > 0);
    CHECK(added.key.get<std::string>().size() == 36);
    for (int round = 0; round < 2; ++round) {
      const auto found = fixture.things().find("a").value();
      REQUIRE(found);
      CHECK(found->fields == added.fields);
      CHECK(found->key == added.key);
      CHECK(found->row == added.row);
      CHECK(found->revision == added.revision);
      CHECK(fixture.things().find_key(added.key).value()->fields == added.fields);
      CHECK(fixture.things().count() == 1);
      fixture.open();
    }
    CHECK_FALSE(fixture.things().find("b").value());
    CHECK_FALSE(fixture.things().find(Json()).value());
    CHECK_FALSE(fixture.things().find(true).value());
    CHECK_FALSE(fixture.things().find_key("nobody").value());
    CHECK(fixture.logger.records().empty());
  });
}

TEST_CASE("collection store: keys: primary and duplication keys are unique as texts") {
  in_both_places(with_pk(), [](StoreFixture& fixture) {
    const Document first = fixture.add({{"id", 5}});
    CHECK(fixture.things().find("5").value()->fields.at("id") == 5);
    CHECK(code_of(fixture.things().add({.fields = {{"id", "5"}}})) == wire::kPkExists);
    CHECK(code_of(fixture.things().add({.fields = {{"id", 5.0}}})) == wire::kPkExists);
    CHECK(code_of(fixture.things().add({.fields = {{"id", 6}}, .key = first.key})) ==
          wire::kDuplicateExists);
    CHECK(fixture.things().add({.fields = {{"id", 6}}, .key = 7}));
    CHECK(code_of(fixture.things().add({.fields = {{"id", 8}}, .key = "7"})) ==
          wire::kDuplicateExists);
    CHECK(fixture.things().find(6).value()->key == 7);
    CHECK(fixture.things().count() == 2);
  });
}

TEST_CASE("collection store: keys: a field of the user can tie copies together") {
  CollectionOptions options;
  options.duplication_key = "hash";
  in_both_places(options, [](StoreFixture& fixture) {
    CHECK(fixture.add({{"hash", "h1"}}).key == "h1");
    const Document made = fixture.add({{"n", 1}});
    CHECK(made.fields.at("hash") == made.key);
    CHECK(code_of(fixture.things().add({.fields = {{"hash", "h1"}}})) == wire::kDuplicateExists);
    CHECK(code_of(fixture.things().add({.fields = {{"hash", true}}})) == wire::kInvalidDocument);
    // It can come again after its deletion: users make such keys again.
    REQUIRE(fixture.things().remove(filter_of({{"hash", "h1"}}), fixture.soon()));
    CHECK(fixture.things().add({.fields = {{"hash", "h1"}}}));
  });
}

TEST_CASE("collection store: numbers: written as JavaScript writes them") {
  in_both_places({}, [](StoreFixture& fixture) {
    fixture.add({{"a", 5.0}, {"b", {1.5, -0.0, 1e20}}});
    CHECK(fixture.found() == R"([{"a":5,"b":[1.5,0,1e+20]}])");
  });
}

TEST_CASE("collection store: visit: in order of rows, those that match, until told to stop") {
  in_both_places({}, [](StoreFixture& fixture) {
    for (int i = 0; i < 5; ++i) fixture.add({{"n", i}, {"s", "text"}});
    CHECK(fixture.found({{"n", {{"$gt", 2}}}}) == R"([{"n":3,"s":"text"},{"n":4,"s":"text"}])");
    CHECK(fixture.found({{"x", 1}}) == "[]");
    int seen = 0;
    const auto visited =
        fixture.things().visit({}, fixture.soon(), [&](Document&) { return ++seen < 2; });
    CHECK_FALSE(visited.value());
    CHECK(seen == 2);
    CHECK(fixture.things()
              .visit(filter_of({{"n", 9}}), fixture.soon(), [](Document&) { return true; })
              .value());
  });
}

TEST_CASE("collection store: visit: ends at the deadline and says so") {
  in_both_places({}, [](StoreFixture& fixture) {
    for (int i = 0; i < 100; ++i) fixture.add({{"n", i}});
    int seen = 0;
    const Deadline deadline = fixture.soon();
    const auto visited = fixture.things().visit({}, deadline, [&](Document&) {
      fixture.clock.advance(std::chrono::seconds{1});
      return ++seen > 0;
    });
    CHECK_FALSE(visited.value());
    CHECK(seen < 40);
    const auto late = fixture.things().select(DocumentQuery(), {.deadline = deadline});
    CHECK_FALSE(late->is_complete);
  });
}

TEST_CASE("collection store: visit: goes on in slices, and sees each document once") {
  in_both_places({}, [](StoreFixture& fixture) {
    for (int i = 0; i < 200; ++i) fixture.add({{"n", i}});
    std::vector<std::int64_t> rows;
    const Deadline deadline = Deadline::after(fixture.clock, std::chrono::hours{1});
    const auto visited = fixture.things().visit({}, deadline, [&](Document& document) {
      rows.push_back(document.row);
      fixture.clock.advance(CollectionStore::kSlice);
      return true;
    });
    CHECK(visited.value());
    CHECK(rows.size() == 200);
    CHECK(std::is_sorted(rows.begin(), rows.end()));
    CHECK(std::adjacent_find(rows.begin(), rows.end()) == rows.end());
  });
}

TEST_CASE("collection store: select: the first in order, with the keys of all that match") {
  in_both_places({}, [](StoreFixture& fixture) {
    for (const int n : {3, 1, 4, 1, 5, 9, 2, 6}) fixture.add({{"n", n}, {"m", -n}});
    const CollectionStore::Limits limits{.deadline = fixture.soon()};
    const auto query =
        DocumentQuery::parse({{"sort", {"n"}}, {"filter", {{"n", {{"$lt", 6}}}}}}).value();
    const auto first = fixture.things().select(query, limits, 3).value();
    CHECK(first.is_complete);
    CHECK(first.keys.size() == 6);
    REQUIRE(first.documents.size() == 3);
    CHECK(first.documents[0].fields.at("n") == 1);
    CHECK(first.documents[2].fields.at("n") == 2);
    const auto all = fixture.things().select(query, limits).value();
    CHECK(all.documents.size() == 6);
    CHECK(all.documents[0].fields.at("n") == 3);
    // The order knows only the fields that were asked for, as upstream's does.
    const auto blind = DocumentQuery::parse({{"sort", {"n"}}, {"fields", {"m"}}}).value();
    CHECK(fixture.things().select(blind, limits, 1)->documents[0].fields.at("n") == 3);
    CHECK(fixture.things().select_keys(query.filter(), fixture.soon())->keys == all.keys);
  });
}

TEST_CASE("collection store: select: limits of documents and bytes are kept, and told") {
  in_both_places({}, [](StoreFixture& fixture) {
    for (int i = 0; i < 10; ++i) fixture.add({{"s", std::string(100, 'x')}});
    const auto of = [&](std::size_t documents, std::size_t bytes,
                        std::optional<std::size_t> first) {
      return fixture.things()
          .select(DocumentQuery(),
                  {.deadline = fixture.soon(), .documents_max = documents, .bytes_max = bytes},
                  first)
          .value();
    };
    CHECK(of(10, 10'000, {}).is_complete);
    CHECK(of(9, 10'000, {}).documents.size() == 9);
    CHECK_FALSE(of(9, 10'000, {}).is_complete);
    CHECK(of(10, 500, {}).documents.size() == 4);
    CHECK_FALSE(of(10, 500, {}).is_complete);
    CHECK(of(10, 500, 10).documents.size() == 4);
    CHECK_FALSE(of(10, 500, 10).is_complete);
    CHECK(of(10, 500, 10).keys.size() == 10);
  });
}

TEST_CASE("collection store: update: merges or replaces, and counts") {
  in_both_places(with_pk(), [](StoreFixture& fixture) {
    const Document before = fixture.add({{"id", "a"}, {"n", 1}, {"o", {{"x", 1}}}});
    fixture.add({{"id", "b"}, {"n", 2}});
    fixture.clock.advance(Millis{5});
    const auto merged = fixture.things().update(change_of({{"filter", {{"n", 1}}}}),
                                                {{"o", {{"y", 2}}}}, fixture.soon());
    CHECK(merged->changed == 1);
    CHECK(fixture.found({{"id", "a"}}) == R"([{"id":"a","n":1,"o":{"x":1,"y":2}}])");
    const auto after = fixture.things().find("a").value();
    CHECK(after->revision > before.revision);
    CHECK(merged->traces == std::vector<Trace>{{key_text(before.key), after->revision}});
    CHECK(after->created_at == before.created_at);
    CHECK(after->updated_at > before.updated_at);
    const auto replaced =
        fixture.things().update(change_of({{"replace", true}}), {{"z", 1}}, fixture.soon());
    CHECK(replaced->changed == 2);
    CHECK(replaced->is_complete);
    CHECK(fixture.found() == R"([{"id":"a","z":1},{"id":"b","z":1}])");
    CHECK(fixture.things()
              .update(change_of({{"filter", {{"n", 7}}}}), {{"z", 2}}, fixture.soon())
              ->changed == 0);
    fixture.open();
    CHECK(fixture.found() == R"([{"id":"a","z":1},{"id":"b","z":1}])");
  });
}

TEST_CASE("collection store: update: one that cannot be changed does not keep others from it") {
  CollectionOptions options = with_pk();
  options.schema = parse_document_schema("schema", *parse_json(R"({"props": {"id": "string",
      "n": {"type": "number", "value": [1, 2]}}})"))
                       .value();
  in_both_places(options, [](StoreFixture& fixture) {
    fixture.add({{"id", "a"}, {"n", 1}});
    fixture.add({{"id", "b"}, {"n", 2}});
    const auto twins = fixture.things().update({}, {{"id", "b"}}, fixture.soon());
    CHECK(twins->changed == 1);  // b itself
    CHECK(twins->refused == 1);
    CHECK(twins->refusal->wire_code == wire::kPkExists);
    const auto wrong = fixture.things().update({}, {{"n", 3}}, fixture.soon());
    CHECK(wrong->changed == 0);
    CHECK(wrong->refused == 2);
    CHECK(wrong->refusal->wire_code == "ERR_SPREADABLE_VALIDATE_SCHEMA_VALUE");
    CHECK(fixture.found() == R"([{"id":"a","n":1},{"id":"b","n":2}])");
  });
}

TEST_CASE(
    "collection store: update: setters see the document before, and what stays is no change") {
  CollectionOptions options = with_pk();
  options.setters["log"] = [](const FieldContext& field) -> std::optional<Json> {
    if (field.previous == nullptr) return "new";
    return field.previous->at("log").get<std::string>() + "+";
  };
  in_both_places(options, [](StoreFixture& fixture) {
    fixture.add({{"id", "a"}});
    REQUIRE(fixture.things().update({}, {{"n", 1}}, fixture.soon()));
    CHECK(fixture.found() == R"([{"id":"a","log":"new+","n":1}])");
  });
  in_both_places(with_pk(), [](StoreFixture& fixture) {
    const Document before = fixture.add({{"id", "a"}});
    fixture.clock.advance(Millis{5});
    CHECK(fixture.things().update({}, {{"id", "a"}}, fixture.soon())->changed == 1);
    const auto after = fixture.things().find("a").value();
    CHECK(after->revision == before.revision);
    CHECK(after->updated_at > before.updated_at);
  });
}

TEST_CASE("collection store: permissions: who may not change a document passes it over") {
  in_both_places(with_pk(), [](StoreFixture& fixture) {
    REQUIRE(fixture.things().add({.fields = {{"id", "a"}}, .owner = owner_digest("ann")}));
    REQUIRE(fixture.things().add({.fields = {{"id", "b"}}, .owner = owner_digest("bob")}));
    const auto is_anns = [](const Document& document) {
      return document.owner == owner_digest("ann");
    };
    CHECK(fixture.things().update({}, {{"n", 1}}, fixture.soon(), is_anns)->changed == 1);
    CHECK(fixture.found() == R"([{"id":"a","n":1},{"id":"b"}])");
    CHECK(fixture.things().remove({}, fixture.soon(), is_anns)->changed == 1);
    CHECK(fixture.found() == R"([{"id":"b"}])");
  });
}

TEST_CASE("collection store: remove: leaves a tombstone that old copies do not pass") {
  in_both_places(with_pk(), [](StoreFixture& fixture) {
    const Document document = fixture.add({{"id", "a"}});
    fixture.add({{"id", "b"}});
    const auto removed = fixture.things().remove(filter_of({{"id", "a"}}), fixture.soon());
    CHECK(removed->changed == 1);
    REQUIRE(removed->traces.size() == 1);
    CHECK(removed->traces[0].revision.is_deletion);
    CHECK(removed->traces[0].revision > document.revision);
    CHECK(fixture.things().count() == 1);
    CHECK(fixture.things().find_tombstone(document.key).value()->revision ==
          removed->traces[0].revision);
    CHECK(fixture.things().merge(document).value() == CollectionStore::Merge::deleted);
    CHECK(code_of(fixture.things().add({.fields = {{"id", "a"}}, .key = document.key})) ==
          wire::kDocumentDeleted);
    CHECK(code_of(fixture.things().add(
              {.fields = {{"id", "a"}}, .key = document.key, .time = document.revision.time})) ==
          wire::kDocumentDeleted);
    // A document with the same primary key is another one.
    CHECK(fixture.add({{"id", "a"}}).key != document.key);
    Document later = document;
    later.fields["id"] = "c";
    later.revision.time = removed->traces[0].revision.time + 1;
    CHECK(fixture.things().merge(later).value() == CollectionStore::Merge::added);
    CHECK_FALSE(fixture.things().find_tombstone(document.key).value());
    CHECK(fixture.things().remove({}, fixture.soon())->changed == 3);
    CHECK(fixture.things().count() == 0);
    CHECK(fixture.things().bytes() == 0);
  });
}

TEST_CASE("collection store: merge: the greatest revision stays, whatever the order") {
  in_both_places(with_pk(), [](StoreFixture& fixture) {
    using Merge = CollectionStore::Merge;
    const Document mine = fixture.add({{"id", "a"}, {"n", 1}});
    CHECK(fixture.things().merge(mine).value() == Merge::kept);
    Document other = mine;
    other.fields["n"] = 2;
    other.revision.time -= 1;
    CHECK(fixture.things().merge(other).value() == Merge::kept);
    other.revision.time += 2;
    CHECK(fixture.things().merge(other).value() == Merge::replaced);
    CHECK(fixture.found() == R"([{"id":"a","n":2}])");
    CHECK(fixture.things().find("a").value()->created_at == mine.created_at);
    // At one time, the greater digest.
    Document twin = fixture.things().find("a").value().value();
    const Revision before = twin.revision;
    twin.fields["n"] = 3;
    const bool is_greater =
        content_digest(key_text(twin.key), dump_json(twin.fields)) > before.digest;
    CHECK(fixture.things().merge(twin).value() == (is_greater ? Merge::replaced : Merge::kept));
    Tombstone tombstone{key_text(mine.key), {before.time - 1, true, {}}};
    CHECK(fixture.things().merge(tombstone).value() == Merge::kept);
    tombstone.revision.time = before.time;
    CHECK(fixture.things().merge(tombstone).value() == Merge::replaced);
    CHECK(fixture.things().merge(tombstone).value() == Merge::kept);
    CHECK(fixture.things().count() == 0);
    tombstone.key = "unknown";
    CHECK(fixture.things().merge(tombstone).value() == Merge::added);
  });
}

TEST_CASE("collection store: merge: of two documents with one primary key the later one stays") {
  in_both_places(with_pk(), [](StoreFixture& fixture) {
    using Merge = CollectionStore::Merge;
    const Document mine = fixture.add({{"id", "a"}, {"n", 1}});
    Document earlier = mine;
    earlier.key = "other";
    earlier.fields["n"] = 2;
    earlier.revision.time -= 1;
    CHECK(fixture.things().merge(earlier).value() == Merge::conflict);
    CHECK(fixture.things().find_tombstone("other").value()->revision.time == mine.revision.time);
    Document later = mine;
    later.key = "third";
    later.fields["n"] = 3;
    later.revision.time += 1;
    CHECK(fixture.things().merge(later).value() == Merge::added);
    CHECK(fixture.found() == R"([{"id":"a","n":3}])");
    CHECK(fixture.things().find_tombstone(mine.key).value()->revision.time == later.revision.time);
    CHECK(code_of(fixture.things().merge(Document{.key = "x", .fields = {{"n", 1}}})) ==
          wire::kInvalidPkType);
    CHECK(code_of(fixture.things().merge(Document{.key = Json(), .fields = {{"id", 1}}})) ==
          wire::kInvalidDocument);
  });
}

TEST_CASE("collection store: limits: without a queue more is refused") {
  CollectionOptions options;
  options.limit = 2;
  in_both_places(options, [](StoreFixture& fixture) {
    fixture.add({{"n", 1}});
    CHECK(fixture.things().is_available());
    CHECK_FALSE(fixture.things().is_full());
    fixture.add({{"n", 2}});
    CHECK_FALSE(fixture.things().is_available());
    CHECK(fixture.things().is_full());
    CHECK(code_of(fixture.things().add({.fields = {{"n", 3}}})) == wire::kDocumentsLimit);
    CHECK(fixture.things().count() == 2);
  });
  CollectionOptions small;
  small.bytes_max = 1'000;
  in_both_places(small, [](StoreFixture& fixture) {
    fixture.add({{"s", std::string(400, 'x')}});
    CHECK(code_of(fixture.things().add({.fields = {{"s", std::string(400, 'x')}}})) ==
          wire::kDocumentsMaxSize);
    CHECK(fixture.things().add({.fields = {{"n", 1}}}));
  });
  in_both_places({}, [](StoreFixture& fixture) {
    CHECK(fixture.things().is_full());  // as upstream has it
    CHECK(fixture.things().is_available());
  });
}

TEST_CASE("collection store: eviction: with a queue, those that were not asked for longest go") {
  CollectionOptions options;
  options.limit = 3;
  options.is_queue = true;
  in_both_places(options, [](StoreFixture& fixture) {
    std::vector<Document> documents;
    for (int i = 0; i < 3; ++i) {
      documents.push_back(fixture.add({{"n", i}}));
      fixture.clock.advance(Millis{1});
    }
    fixture.things().touch(std::span(documents).first(1));
    fixture.clock.advance(Millis{1});
    fixture.add({{"n", 3}});
    CHECK(fixture.found() == R"([{"n":0},{"n":2},{"n":3}])");
    fixture.open();
    fixture.clock.advance(Millis{1});
    fixture.add({{"n", 4}});
    CHECK(fixture.found() == R"([{"n":0},{"n":3},{"n":4}])");
    CHECK(fixture.things().count() == 3);
  });
}

TEST_CASE("collection store: eviction: in any order of fields, up or down") {
  CollectionOptions options;
  options.limit = 3;
  options.is_queue = true;
  options.eviction_order = {{FieldPath("p"), true}, {FieldPath("s"), false}};
  in_both_places(options, [](StoreFixture& fixture) {
    fixture.add({{"p", 1}, {"s", "b"}});
    fixture.add({{"p", 2}, {"s", "b"}});
    fixture.add({{"p", 2}, {"s", "a"}});
    fixture.add({{"p", 1}, {"s", "a"}});
    CHECK(fixture.found() == R"([{"p":1,"s":"b"},{"p":2,"s":"b"},{"p":1,"s":"a"}])");
    fixture.add({{"p", 1}, {"s", "c"}});
    CHECK(fixture.found() == R"([{"p":1,"s":"b"},{"p":1,"s":"a"},{"p":1,"s":"c"}])");
    fixture.add({{"s", "d"}});
    CHECK(fixture.found() == R"([{"p":1,"s":"b"},{"p":1,"s":"c"},{"s":"d"}])");
  });
}

TEST_CASE("collection store: eviction: by size until it fits") {
  CollectionOptions options;
  options.bytes_max = 2'000;
  options.is_queue = true;
  options.eviction_order = {{FieldPath("n"), false}};
  in_both_places(options, [](StoreFixture& fixture) {
    for (int i = 0; i < 20; ++i) fixture.add({{"n", i}, {"s", std::string(200, 'x')}});
    CHECK(fixture.things().bytes() <= 2'000);
    CHECK(fixture.things().count() >= 4);
    const auto rest = parse_json(fixture.found())->get<std::vector<Json>>();
    CHECK(rest.back().at("n") == 19);
    CHECK(rest.front().at("n") == 20 - static_cast<int>(rest.size()));
    fixture.options.limit = 2;
    fixture.open();
    CHECK(fixture.things().evict().value() == rest.size() - 2);
    CHECK(fixture.things().evict().value() == 0);
  });
}

TEST_CASE("collection store: getters: filters see what they make of a document") {
  CollectionOptions options;
  options.getters["double"] = [](const FieldContext& field) -> std::optional<Json> {
    return 2 * field.document.at("n").get<int>();
  };
  options.indices = {FieldPath("double")};
  in_both_places(options, [](StoreFixture& fixture) {
    for (int i = 0; i < 3; ++i) fixture.add({{"n", i}});
    CHECK(fixture.found({{"double", 4}}) == R"([{"n":2}])");
    CHECK(fixture.things()
              .update(change_of({{"filter", {{"double", 2}}}}), {{"m", 1}}, fixture.soon())
              ->changed == 1);
  });
}

TEST_CASE("collection store: traces: documents and tombstones in order of keys, page by page") {
  in_both_places({}, [](StoreFixture& fixture) {
    for (const char* key : {"d", "a", "c", "b", "e"}) {
      REQUIRE(fixture.things().add({.fields = {{"k", key}}, .key = key}));
    }
    REQUIRE(fixture.things().remove(filter_of({{"k", {{"$in", {"b", "e"}}}}}), fixture.soon()));
    std::string keys;
    std::string after;
    while (true) {
      const auto page = fixture.things().traces(after, 2).value();
      if (page.empty()) break;
      for (const Trace& trace : page) keys += trace.key + (trace.revision.is_deletion ? "x " : " ");
      after = page.back().key;
    }
    CHECK(keys == "a bx c d ex ");
    CHECK(fixture.things().traces("", 1)->front().revision ==
          fixture.things().find_key("a").value()->revision);
  });
}

TEST_CASE("collection store: range digest: equal exactly when the traces are") {
  in_both_places({}, [](StoreFixture& fixture) {
    StoreFixture other(StoreFixture::Place::memory);
    for (const char* key : {"a", "b", "c"}) {
      const auto added = fixture.things().add({.fields = {{"k", key}}, .key = key});
      REQUIRE(other.things().merge(*added));
    }
    const auto digest = [](StoreFixture& of, std::string_view from, std::string_view to) {
      const auto range = of.things().range_digest(from, to).value();
      return std::pair(range.count, range.digest);
    };
    CHECK(digest(fixture, "", "") == digest(other, "", ""));
    CHECK(digest(fixture, "", "").first == 3);
    CHECK(digest(fixture, "a", "c").first == 2);
    REQUIRE(fixture.things().remove(filter_of({{"k", "c"}}), fixture.soon()));
    CHECK(digest(fixture, "", "") != digest(other, "", ""));
    CHECK(digest(fixture, "", "").first == 3);  // the tombstone counts
    CHECK(digest(fixture, "a", "c") == digest(other, "a", "c"));
    REQUIRE(other.things().merge(*fixture.things().find_tombstone("c").value()));
    CHECK(digest(fixture, "", "") == digest(other, "", ""));
  });
}

}  // namespace spreadable::documents
