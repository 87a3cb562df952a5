// The store of documents against a list of documents: whatever is done to both, they stay the same.
#include <algorithm>
#include <memory>
#include <optional>

#include "extensions/documents/collection_store.h"
#include "extensions/documents/detail/field_scan.h"
#include "extensions/documents/detail/index_key.h"
#include "extensions/documents/document_store.h"
#include "services/system/system_random.h"
#include "tests/properties/generators.h"
#include "tests/properties/property.h"
#include "tests/support/fake_logger.h"
#include "tests/support/manual_clock.h"

namespace spreadable::documents {
namespace {

/// Values that JavaScript takes for one another in many ways.
Json value() {
  static const std::vector<Json> kValues = {0,
                                            1,
                                            5,
                                            -1,
                                            2.5,
                                            1e21,
                                            "",
                                            "0",
                                            "1",
                                            "5",
                                            "05",
                                            " 5",
                                            "5.0",
                                            "0x5",
                                            "a",
                                            "ab",
                                            "b",
                                            "A",
                                            "true",
                                            "Infinity",
                                            true,
                                            false,
                                            "ä",
                                            "😀",
                                            "～",
                                            Json::array(),
                                            {5},
                                            {"5"},
                                            {1, 2},
                                            "1,2",
                                            {{"x", 1}},
                                            "[object Object]",
                                            std::string(200, 'y'),
                                            std::string(200, 'y') + "z"};
  return *rc::gen::elementOf(kValues);
}

std::string path() {
  static const std::vector<std::string> kPaths = {"n", "s", "id", "a.b", "m", "n.length", "a"};
  return *rc::gen::elementOf(kPaths);
}

Json fields() {
  Json out = {{"z", 1}};
  for (const char* name : {"n", "s", "m"}) {
    if (*rc::gen::inRange(0, 3) > 0) out[name] = value();
  }
  if (*rc::gen::inRange(0, 2) > 0) out["a"] = {{"b", value()}};
  if (*rc::gen::inRange(0, 6) == 0) out["a.b"] = value();
  if (*rc::gen::inRange(0, 2) > 0) out["id"] = *rc::gen::inRange(0, 8);
  return out;
}

Json condition() {
  switch (*rc::gen::inRange(0, 7)) {
    case 0:
      return value();
    case 1:
      return {{*rc::gen::element("$gt", "$gte", "$lt", "$lte"), value()}};
    case 2:
      return {{"$gte", value()}, {"$lte", value()}};
    case 3:
      return {{*rc::gen::element("$in", "$nin"), {value(), value()}}};
    case 4:
      return {{"$sw", *rc::gen::element("", "a", "5", "y", " ", "ä", "I")}};
    case 5:
      return {{"$or", {value(), {{"$gt", value()}}}}};
    default:
      return {{*rc::gen::element("$eq", "$ne", "$eqs", "$nes"), value()}};
  }
}

Json filter() {
  Json out = {{path(), condition()}};
  if (*rc::gen::inRange(0, 3) == 0) out[path()] = condition();
  if (*rc::gen::inRange(0, 4) == 0) {
    out = {{*rc::gen::element("$or", "$and"), {out, {{path(), condition()}}}}};
  }
  return out;
}

/// A store in memory and what should be in it, in order of rows.
class Twins {
 public:
  explicit Twins(bool has_indices) {
    options_.pk = "id";
    if (has_indices) {
      options_.indices = {FieldPath("n"), FieldPath("s"), FieldPath("a.b"), FieldPath("n.length")};
    }
    open();
  }

  void open() {
    store_.reset();
    store_ = DocumentStore::open(disk_, {clock_, random_, logger_}).value();
    RC_ASSERT(store_->add(std::make_shared<const Collection>("things", options_)).has_value());
  }

  void act() {
    clock_.advance(Millis{1});
    switch (*rc::gen::inRange(0, 10)) {
      case 0:
        return change();
      case 1:
        return remove();
      case 2:
        return merge();
      case 3:
        return open();
      default:
        return add();
    }
  }

  void check() {
    const Json text = filter();
    const Filter parsed = Filter::parse(text).value();
    Json expected = Json::array();
    for (const Document& document : model_) {
      if (parsed.matches(document.fields)) expected.push_back(document.fields);
    }
    Json got = Json::array();
    const auto visited = things().visit(parsed, soon(), [&](Document& document) {
      got.push_back(document.fields);
      return true;
    });
    RC_ASSERT(visited.has_value() && *visited);
    RC_ASSERT(got == expected);
    RC_ASSERT(things().count() == model_.size());
    const Json pk = *rc::gen::inRange(0, 8);
    const auto found = things().find(pk).value();
    const auto own = find_pk(pk);
    RC_ASSERT(found.has_value() == (own != model_.end()));
    if (found) RC_ASSERT(found->fields == own->fields);
  }

 private:
  using Place = std::vector<Document>::iterator;

  CollectionStore& things() { return *store_->find("things"); }
  [[nodiscard]] Deadline soon() const { return Deadline::after(clock_, std::chrono::seconds{10}); }

  Place find_pk(const Json& pk) {
    return std::find_if(model_.begin(), model_.end(), [&](const Document& document) {
      return key_text(document.fields.at("id")) == key_text(pk);
    });
  }

  void add() {
    const Json own = fields();
    const bool has_pk = own.contains("id") && own["id"] != 0;
    const auto added = things().add({.fields = own});
    RC_ASSERT(added.has_value() == (!has_pk || find_pk(own["id"]) == model_.end()));
    if (added) model_.push_back(*added);
  }

  void change() {
    const Filter chosen = Filter::parse(filter()).value();
    Json own = fields();
    own.erase("id");
    const bool replaces = *rc::gen::inRange(0, 2) == 0;
    const Collection& collection = things().collection();
    std::size_t changed = 0;
    for (Document& document : model_) {
      if (!chosen.matches(document.fields)) continue;
      Json after = collection.changed(document.fields, own, replaces);
      after["id"] = document.fields["id"];
      document.fields = after;
      ++changed;
    }
    const auto outcome = things().update({chosen, replaces}, own, soon());
    RC_ASSERT(outcome.has_value() && outcome->changed == changed && outcome->refused == 0);
  }

  void remove() {
    const Filter chosen = Filter::parse(filter()).value();
    const std::size_t before = model_.size();
    std::erase_if(model_, [&](const Document& one) { return chosen.matches(one.fields); });
    const auto outcome = things().remove(chosen, soon());
    RC_ASSERT(outcome.has_value() && outcome->changed == before - model_.size());
  }

  /// A copy of a document here with other content, later or not.
  void merge() {
    if (model_.empty()) return;
    Document& own = model_[*rc::gen::inRange<std::size_t>(0, model_.size())];
    Document copy = *things().find_key(own.key).value();
    const Json pk = own.fields["id"];
    copy.fields = fields();
    copy.fields["id"] = pk;
    copy.revision.time += *rc::gen::inRange(-1, 2) * 10;
    if (copy.revision.time == own.revision.time) return;  // the digest decides
    const auto merged = things().merge(copy);
    RC_ASSERT(merged.has_value());
    if (*merged == CollectionStore::Merge::replaced) own.fields = copy.fields;
  }

  CollectionOptions options_;
  ManualClock clock_;
  SeededRandom random_{1};
  FakeLogger logger_;
  std::shared_ptr<MemoryDisk> disk_ = std::make_shared<MemoryDisk>();
  std::unique_ptr<DocumentStore> store_;
  std::vector<Document> model_;
};

}  // namespace

TEST_CASE("documents: store: holds and finds what a list of the same documents does") {
  holds([] {
    Twins twins(*rc::gen::inRange(0, 4) > 0);
    const int steps = *rc::gen::inRange(1, 30);
    for (int step = 0; step < steps; ++step) {
      twins.act();
      twins.check();
    }
  });
}

TEST_CASE("documents: index keys: bytes are ordered as keys are") {
  holds([] {
    const auto a = detail::IndexKey::of(detail::Value::of(*generate::json(2)));
    const Json left = value();
    const Json right = *generate::scalar();
    const detail::Value x = detail::Value::of(left);
    const detail::Value y = detail::Value::of(right);
    std::string bytes_x;
    std::string bytes_y;
    detail::append_ordered(bytes_x, x);
    detail::append_ordered(bytes_y, y);
    RC_ASSERT(a.text.size() <= detail::IndexKey::kTextBytesMax);
    if (right.is_null()) return;  // comes first, as what is missing does
    const auto order = detail::IndexKey::of(x) <=> detail::IndexKey::of(y);
    if (order == std::partial_ordering::less) RC_ASSERT(bytes_x < bytes_y);
    if (order == std::partial_ordering::greater) RC_ASSERT(bytes_x > bytes_y);
    if (order == std::partial_ordering::equivalent) RC_ASSERT(bytes_x == bytes_y);
  });
}

TEST_CASE("documents: scanning: gives the fields that reading gives") {
  holds([] {
    Json document = *generate::json(3);
    if (!document.is_object()) document = Json{{"only", document}};
    const std::string text = dump_json(document);
    const Json read = *parse_json(text);
    std::vector<std::string> names = {"a", "b", "only"};
    for (const auto& [name, field] : read.items()) {
      if (*rc::gen::arbitrary<bool>()) names.push_back(name);
    }
    std::sort(names.begin(), names.end());
    names.erase(std::unique(names.begin(), names.end()), names.end());
    Json expected = Json::object();
    for (const std::string& name : names) {
      if (read.contains(name)) expected[name] = read[name];
    }
    RC_ASSERT(detail::scan_fields(text, names) == expected);
  });
}

TEST_CASE("documents: filters: what a document holds is found by itself") {
  holds([] {
    const Json own = fields();
    const Filter by_all = Filter::parse({{"n", {{"$in", {own.value("n", Json(7))}}}}}).value();
    const bool is_scalar = own.contains("n") && !own["n"].is_structured();
    if (is_scalar) RC_ASSERT(by_all.matches(own));
    const Filter parsed = Filter::parse(filter()).value();
    Json part = Json::object();
    for (const std::string& name : parsed.names()) {
      if (own.contains(name)) part[name] = own[name];
    }
    RC_ASSERT(parsed.matches(part) == parsed.matches(own));
  });
}

}  // namespace spreadable::documents
