// Schema checks. The first line describes a schema, as JSON; the rest is the value.
#include "core/schema.h"

#include "core/wire.h"
#include "tests/fuzz/fuzz.h"

namespace spreadable {
namespace {

/// The number in a field of the description, or `fallback`.
template <class T>
T number(const Json& text, const char* key, T fallback) {
  const auto field = text.find(key);
  return field != text.end() && field->is_number_integer() ? field->get<T>() : fallback;
}

Schema described(const Json& text);

Schema array_of(const Json& text) {
  schema::ArrayLimits limits;
  limits.items_min = number<std::uint8_t>(text, "min", 0);
  limits.items_max = number<std::uint8_t>(text, "max", 255);
  limits.is_unique = text.contains("unique");
  if (text.contains("by") && text["by"].is_string()) limits.unique_by = text["by"];
  return schema::array(described(text.contains("item") ? text["item"] : Json()), limits);
}

Schema object_of(const Json& text) {
  std::vector<schema::Property> properties;
  for (const auto& [key, value] : text.items()) {
    if (key.starts_with('=')) continue;
    properties.push_back({key, described(value), value.is_array()});
  }
  const bool is_strict = text.contains("=strict");
  const auto open = text.contains("=listed") ? schema::Keys::listed : schema::Keys::open;
  return schema::object(std::move(properties), is_strict ? schema::Keys::strict : open);
}

/// A text is a kind, a number the longest string, an array a choice, an object without `=` a set of
/// properties; one with `=array` or `=integer` is that.
Schema described(const Json& text) {
  if (text.is_number_unsigned()) return schema::string({.bytes_max = text.get<std::uint8_t>()});
  if (text.is_array() && !text.empty()) {
    std::vector<Schema> choices;
    for (const Json& item : text) choices.push_back(described(item));
    return schema::any_of(std::move(choices));
  }
  if (text.is_object() && text.contains("=array")) return array_of(text);
  if (text.is_object() && text.contains("=integer")) {
    return schema::integer({.min = number<std::int64_t>(text, "min", -9),
                            .max = number<std::int64_t>(text, "max", 9)});
  }
  if (text.is_object()) return object_of(text);
  if (text == "null") return schema::null();
  if (text == "boolean") return schema::boolean();
  if (text == "number") return schema::number();
  if (text == "integer") return schema::integer();
  if (text == "string") return schema::string();
  if (text == "address") return schema::address();
  if (text == "ip") return schema::ip();
  return schema::any();
}

void check_refusal(const Error& error) {
  fuzz::check_error(error, {Errc::invalid_argument});
  SPREADABLE_ASSERT(error.wire_code.starts_with(wire::kValidateSchema));
  SPREADABLE_ASSERT(error.wire_code.size() > wire::kValidateSchema.size());
}

}  // namespace

void fuzz::run(std::string_view input) {
  const Result<Json> text = parse_json(cut_line(input));
  Result<Json> value = parse_json(input);
  if (!text || !value) return;
  const Schema schema = described(*text);
  const Result<void> passed = schema.check(*value);
  if (!passed) return check_refusal(passed.error());
  // What travels on as text is accepted again.
  SPREADABLE_ASSERT(schema.check(*parse_json(dump_json(*value))));
  const bool is_strict = text->is_object() && text->contains("=strict") && value->is_object() &&
                         !text->contains("=array") && !text->contains("=integer");
  if (!is_strict) return;
  std::string extra = "extra";
  while (value->contains(extra) || text->contains(extra)) extra += '.';
  (*value)[extra] = nullptr;
  const Result<void> refused = schema.check(*value);
  SPREADABLE_ASSERT(!refused);
  check_refusal(refused.error());
}

}  // namespace spreadable
