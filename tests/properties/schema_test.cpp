// What schemas accept and refuse.
#include "core/schema.h"

#include "tests/properties/generators.h"
#include "tests/properties/property.h"

namespace spreadable {
namespace {

/// A schema made for `value`, as narrow as can be.
Schema schema_of(const Json& value, schema::Keys keys) {
  if (value.is_null()) return schema::null();
  if (value.is_boolean()) return schema::boolean();
  if (value.is_number_float()) return schema::number();
  if (value.is_number_unsigned() && value.get<std::uint64_t>() > INT64_MAX) return schema::number();
  if (value.is_number()) {
    const auto number = value.get<std::int64_t>();
    return schema::integer({.min = number, .max = number});
  }
  if (value.is_string()) {
    const std::size_t size = value.get_ref<const std::string&>().size();
    return schema::string({.bytes_min = size, .bytes_max = size});
  }
  if (value.is_array()) {
    std::vector<Schema> choices{schema::null()};
    for (const Json& item : value) choices.push_back(schema_of(item, keys));
    return schema::array(schema::any_of(std::move(choices)),
                         {.items_min = value.size(), .items_max = value.size()});
  }
  std::vector<schema::Property> properties;
  for (const auto& [name, member] : value.items()) {
    properties.push_back({name, schema_of(member, keys)});
  }
  return schema::object(std::move(properties), keys);
}

std::string new_key(const Json& object) {
  std::string key = "new";
  while (object.contains(key)) key += '.';
  return key;
}

}  // namespace

TEST_CASE("schema: acceptance: what is accepted is accepted again after a way through text") {
  holds([] {
    const Json value = *generate::json();
    const Schema schema = schema_of(value, schema::Keys::strict);
    RC_ASSERT(schema.check(value).has_value());
    RC_ASSERT(schema.check(*parse_json(dump_json(value))).has_value());
  });
}

TEST_CASE("schema: refusal: another value passes only if it looks the same") {
  holds([] {
    const Json value = *generate::json(2);
    const Json other = *generate::json(2);
    const Result<void> passed = schema_of(value, schema::Keys::strict).check(other);
    if (passed) return RC_ASSERT((value.type() == other.type() || value.is_number()));
    RC_ASSERT(passed.error().code == Errc::invalid_argument);
    RC_ASSERT(passed.error().message.find("expected") != std::string::npos);
    RC_ASSERT(passed.error().message.size() < 400U);
    RC_ASSERT(!passed.error().wire_code.empty());
  });
}

TEST_CASE("schema: keys: strict and listed objects refuse any other key, open ones none") {
  holds([] {
    Json value =
        *rc::gen::suchThat(generate::json(), [](const Json& json) { return json.is_object(); });
    const Json extra = *generate::json(1);
    const std::string key = new_key(value);
    const Schema strict = schema_of(value, schema::Keys::strict);
    const Schema listed = schema_of(value, schema::Keys::listed);
    const Schema open = schema_of(value, schema::Keys::open);
    value[key] = extra;
    RC_ASSERT(!strict.check(value).has_value());
    RC_ASSERT(!listed.check(value).has_value());
    RC_ASSERT(open.check(value).has_value());
  });
}

TEST_CASE("schema: properties: each is required unless it is optional") {
  holds([] {
    const Json value = *rc::gen::suchThat(
        generate::json(), [](const Json& json) { return json.is_object() && !json.empty(); });
    const Schema schema = schema_of(value, schema::Keys::open);
    std::vector<schema::Property> optional;
    for (const auto& [name, member] : value.items()) {
      optional.push_back(schema::optional(name, schema_of(member, schema::Keys::open)));
    }
    Json other = value;
    other.erase(value.begin().key());
    RC_ASSERT(!schema.check(other).has_value());
    RC_ASSERT(schema::object(std::move(optional)).check(other).has_value());
  });
}

TEST_CASE("schema: uniqueness: an array with one item twice is refused, wherever they stand") {
  holds([] {
    auto items = *rc::gen::container<std::vector<Json>>(
        rc::gen::suchThat(generate::scalar(), [](const Json& item) { return !item.is_null(); }));
    const Schema schema = schema::array(schema::any(), {.is_unique = true});
    const bool was_unique = schema.check(Json(items)).has_value();
    if (items.empty()) return RC_ASSERT(was_unique);
    items.push_back(*rc::gen::elementOf(items));
    const auto place = *rc::gen::inRange<std::size_t>(0, items.size());
    std::swap(items[place], items.back());
    RC_ASSERT(!schema.check(Json(items)).has_value());
  });
}

}  // namespace spreadable
