#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <utility>

#include "core/excerpt.h"
#include "extensions/documents/collection_options.h"

namespace spreadable::documents {
namespace {

/// Where in the notation something stands, and how deep.
struct Place {
  std::string path;
  std::size_t depth = 0;

  [[nodiscard]] Place inside(std::string_view key) const {
    return {fmt::format("{}.{}", path, key), depth + 1};
  }
};

Error refusal(const Place& place, std::string_view expected, const Json& value) {
  return {Errc::invalid_argument,
          fmt::format("option \"{}\": expected {}, got {}", place.path, expected, describe(value)),
          {}};
}

bool is_scalar(const Json& value) {
  return value.is_string() || value.is_boolean() ||
         (value.is_number() && std::isfinite(value.get<double>()));
}

Result<Schema> read_schema(const Place& place, const Json& notation, bool is_document);

/// A flag of the notation; false when it is not there.
bool flag(const Json& notation, const char* key, bool fallback = false) {
  const auto found = notation.find(key);
  return found == notation.end() || !found->is_boolean() ? fallback : found->get<bool>();
}

Result<std::size_t> length(const Place& place, const Json& notation, const char* key,
                           std::size_t fallback) {
  const auto found = notation.find(key);
  if (found == notation.end()) return fallback;
  if (!found->is_number_unsigned()) return refusal(place.inside(key), "a number of items", *found);
  return found->get<std::size_t>();
}

/// The values allowed for a text, number or truth value; none: all.
Result<std::vector<Json>> values(const Place& place, const Json& notation) {
  const auto found = notation.find("value");
  if (found == notation.end()) return std::vector<Json>();
  const Json list = found->is_array() ? *found : Json::array({*found});
  if (list.empty() || !std::all_of(list.begin(), list.end(), is_scalar)) {
    return refusal(place.inside("value"), "a value, or a list of values", *found);
  }
  return std::vector<Json>(list.begin(), list.end());
}

Result<Schema> read_scalar(const Place& place, const Json& notation, Schema plain) {
  auto allowed = values(place, notation);
  if (!allowed) return allowed.error();
  if (allowed->empty()) return plain;
  std::vector<Json> fitting;
  for (Json& value : *allowed) {
    if (plain.check(value)) fitting.push_back(std::move(value));
  }
  if (fitting.empty())
    return refusal(place.inside("value"), "a value of the type", notation["value"]);
  return schema::one_of(std::move(fitting));
}

Result<Schema> read_array(const Place& place, const Json& notation) {
  schema::ArrayLimits limits;
  const auto items_min = length(place, notation, "minLength", limits.items_min);
  if (!items_min) return items_min.error();
  // Upstream takes 0 for no limit.
  const auto items_max = length(place, notation, "maxLength", 0);
  if (!items_max) return items_max.error();
  limits.items_min = *items_min;
  if (*items_max > 0) limits.items_max = *items_max;
  const auto unique = notation.find("uniq");
  if (unique != notation.end()) {
    if (!unique->is_boolean() && !unique->is_string()) {
      return refusal(place.inside("uniq"), "true, false or the name of a field", *unique);
    }
    limits.is_unique = *unique == true;
    if (unique->is_string()) limits.unique_by = *unique;
  }
  const auto items = notation.find("items");
  if (items == notation.end()) return schema::array(schema::any(), limits);
  auto item = read_schema(place.inside("items"), *items, /*is_document=*/false);
  if (!item) return item.error();
  return schema::array(std::move(*item), limits);
}

Result<std::set<std::string>> required_names(const Place& place, const Json& notation) {
  std::set<std::string> names;
  const auto found = notation.find("required");
  if (found == notation.end()) return names;
  const auto is_text = [](const Json& name) { return name.is_string(); };
  if (!found->is_array() || !std::all_of(found->begin(), found->end(), is_text)) {
    return refusal(place.inside("required"), "a list of names", *found);
  }
  for (const Json& name : *found) names.insert(name.get<std::string>());
  return names;
}

Result<Schema> read_object(const Place& place, const Json& notation, bool is_document) {
  static const Json kNoProperties = Json::object();
  const auto found = notation.find("props");
  const Json& described = found == notation.end() ? kNoProperties : *found;
  if (!described.is_object()) return refusal(place.inside("props"), "an object", described);
  auto required = required_names(place, notation);
  if (!required) return required.error();
  const bool is_strict = flag(notation, "strict");
  std::vector<schema::Property> properties;
  for (const auto& [name, property] : described.items()) {
    auto read = read_schema(place.inside("props").inside(name), property, /*is_document=*/false);
    if (!read) return read.error();
    properties.push_back({name, std::move(*read), !is_strict && !required->contains(name)});
  }
  const bool is_listed = flag(notation, "expected", /*fallback=*/is_document);
  return schema::object(std::move(properties), is_strict   ? schema::Keys::strict
                                               : is_listed ? schema::Keys::listed
                                                           : schema::Keys::open);
}

/// A schema of one type.
Result<Schema> read_typed(const Place& place, const Json& notation, bool is_document) {
  const auto type = notation.find("type");
  const Json name = type == notation.end() ? Json() : *type;
  if (name == "string") return read_scalar(place, notation, schema::string());
  if (name == "number") return read_scalar(place, notation, schema::number());
  if (name == "boolean") return read_scalar(place, notation, schema::boolean());
  if (name == "array") return read_array(place, notation);
  if (name == "object") return read_object(place, notation, is_document);
  return refusal(place.inside("type"), R"("string", "number", "boolean", "array" or "object")",
                 name);
}

Result<void> check_keys(const Place& place, const Json& notation) {
  static const std::set<std::string> kKeys{"type",      "props",     "items",    "required",
                                           "strict",    "expected",  "value",    "uniq",
                                           "minLength", "maxLength", "canBeNull"};
  for (const auto& [key, value] : notation.items()) {
    if (kKeys.contains(key)) continue;
    return Error{
        Errc::invalid_argument, fmt::format("unknown option \"{}\"", place.inside(key).path), {}};
  }
  for (const char* key : {"strict", "expected", "canBeNull"}) {
    const auto found = notation.find(key);
    if (found == notation.end() || found->is_boolean()) continue;
    return refusal(place.inside(key), "true or false", *found);
  }
  return {};
}

Result<Schema> read_schema(const Place& place, const Json& notation, bool is_document) {
  if (place.depth > 2 * kJsonDepthMax) {
    return Error{
        Errc::invalid_argument, fmt::format("option \"{}\" is nested too deeply", place.path), {}};
  }
  if (notation.is_string()) return read_typed(place, {{"type", notation}}, is_document);
  if (notation.is_array() && !notation.empty()) {
    std::vector<Schema> choices;
    for (std::size_t i = 0; i < notation.size(); ++i) {
      auto choice = read_schema({fmt::format("{}[{}]", place.path, i), place.depth + 1},
                                notation[i], is_document);
      if (!choice) return choice.error();
      choices.push_back(std::move(*choice));
    }
    return schema::any_of(std::move(choices));
  }
  if (!notation.is_object()) {
    return refusal(place, "a type, an object or a list of these", notation);
  }
  if (auto checked = check_keys(place, notation); !checked) return checked.error();
  auto read = read_typed(place, notation, is_document);
  if (!read || !flag(notation, "canBeNull")) return read;
  return schema::any_of({schema::null(), std::move(*read)});
}

}  // namespace

Result<Schema> parse_document_schema(std::string_view where, const Json& notation) {
  const Place place{std::string(where)};
  if (!notation.is_object()) return refusal(place, "an object", notation);
  if (notation.contains("type") && notation["type"] != "object") {
    return refusal(place.inside("type"), "\"object\"", notation["type"]);
  }
  Json document = notation;
  document["type"] = "object";
  return read_schema(place, document, /*is_document=*/true);
}

}  // namespace spreadable::documents
