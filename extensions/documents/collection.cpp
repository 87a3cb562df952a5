#include "extensions/documents/collection.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <exception>
#include <utility>

#include "core/ascii.h"
#include "core/assert.h"
#include "core/excerpt.h"
#include "extensions/documents/detail/javascript.h"
#include "extensions/documents/detail/merge.h"
#include "extensions/documents/wire.h"

namespace spreadable::documents {
namespace {

Error refusal(std::string_view code, std::string message) {
  return {Errc::logical, std::move(message), std::string(code)};
}

bool is_system_field(std::string_view name) {
  return name.starts_with(wire::kSystemPrefix);
}

bool holds_null(const Json& value) {
  if (!value.is_structured()) return value.is_null();
  return std::any_of(value.begin(), value.end(), holds_null);
}

bool is_deeper_than(const Json& value, std::size_t levels) {
  if (!value.is_structured()) return false;
  if (levels == 0) return true;
  return std::any_of(value.begin(), value.end(),
                     [&](const Json& item) { return is_deeper_than(item, levels - 1); });
}

/// Calls `function` for the value at `path`, and puts its answer there.
Result<void> apply(const std::string& path, const FieldFunction& function, Json& document,
                   const Json* previous) {
  const FieldPath place(path);
  try {
    auto value = function({path, place.find(document), document, previous});
    if (!value) {
      place.remove(document);
    } else if (!place.set(document, std::move(*value))) {
      return refusal(wire::kInvalidDocument, fmt::format("\"{}\" cannot be set", path));
    }
  } catch (const std::exception& exception) {
    return refusal(wire::kInvalidDocument,
                   fmt::format("the function of field \"{}\" failed: {}", path, exception.what()));
  }
  return {};
}

void put_field(Json& document, std::string_view name, Json value) {
  document[std::string(name)] = std::move(value);
}

}  // namespace

Result<void> Collection::check_name(std::string_view name) {
  const bool is_good = !name.empty() && name.size() <= kNameBytesMax && ascii::is_lower(name[0]) &&
                       std::all_of(name.begin(), name.end(), [](char c) {
                         return ascii::is_lower(c) || ascii::is_digit(c) || c == '-' || c == '_';
                       });
  if (is_good) return {};
  return Error{Errc::invalid_argument,
               fmt::format("name of a collection: expected 1 to {} lower-case letters, digits, "
                           "\"-\" and \"_\", beginning with a letter, got {}",
                           kNameBytesMax, quote(name)),
               {}};
}

Collection::Collection(std::string name, CollectionOptions options)
    : name_(std::move(name)), options_(std::move(options)) {
  SPREADABLE_ASSERT(check_name(name_));
}

std::size_t Collection::replica_count(std::size_t network_size) const {
  return options_.replicas.of(network_size);
}

Result<Json> Collection::accepted(const Json& document) const {
  if (!document.is_object() || document.empty()) {
    return refusal(wire::kInvalidDocument,
                   fmt::format("document: expected an object with at least one field, got {}",
                               describe(document)));
  }
  Json fields = without_system_fields(document);
  if (holds_null(fields))
    return refusal(wire::kWrongFields, "document: null is not allowed inside");
  if (auto checked = check_form(fields); !checked) return checked.error();
  return fields;
}

Result<void> Collection::check_form(const Json& fields) const {
  if (!fields.is_object() || is_deeper_than(fields, kDocumentDepthMax)) {
    return refusal(wire::kInvalidDocument,
                   fmt::format("document: expected an object of at most {} levels, got {}",
                               kDocumentDepthMax, describe(fields)));
  }
  const std::size_t bytes = dump_json(fields).size();
  if (bytes <= kDocumentBytesMax) return {};
  return Error{Errc::too_large,
               fmt::format("document: {} bytes, and {} is the limit", bytes, kDocumentBytesMax),
               {}};
}

const Json* Collection::pk_of(const Json& fields) const {
  if (options_.pk.empty()) return nullptr;
  const auto found = fields.find(options_.pk);
  return found == fields.end() || !detail::is_truthy(*found) ? nullptr : &*found;
}

Result<Json> Collection::prepared(Json fields, const Json* previous, const Clock& clock,
                                  Random& random) const {
  for (const auto& [path, function] : options_.defaults) {
    if (FieldPath(path).find(fields) != nullptr) continue;
    if (auto applied = apply(path, function, fields, previous); !applied) return applied.error();
  }
  for (const auto& [path, function] : options_.setters) {
    if (auto applied = apply(path, function, fields, previous); !applied) return applied.error();
  }
  if (auto checked = check_form(fields); !checked) return checked.error();
  if (options_.schema) {
    if (auto checked = options_.schema->check(fields); !checked) {
      return refusal(checked.error().wire_code, "document: " + checked.error().message);
    }
  }
  if (options_.pk.empty()) return fields;
  if (auto keyed = give_pk(fields, previous, clock, random); !keyed) return keyed.error();
  return fields;
}

Result<void> Collection::give_pk(Json& fields, const Json* previous, const Clock& clock,
                                 Random& random) const {
  const Json* const pk = pk_of(fields);
  if (pk == nullptr) {
    const Json* const old = previous == nullptr ? nullptr : pk_of(*previous);
    fields[options_.pk] = old != nullptr ? *old : Json(make_key(clock.wall_now(), random));
    return {};
  }
  if (!pk->is_string() && !pk->is_number()) {
    return refusal(wire::kInvalidPkType,
                   fmt::format("primary key \"{}\": expected a string or a number, got {}",
                               options_.pk, describe(*pk)));
  }
  if (pk->is_string() && pk->get_ref<const std::string&>().size() > kKeyBytesMax) {
    return refusal(wire::kInvalidPkType, fmt::format("primary key \"{}\": longer than {} bytes",
                                                     options_.pk, kKeyBytesMax));
  }
  return {};
}

Result<Json> Collection::give_key(Json& fields, const std::optional<Json>& given,
                                  const Clock& clock, Random& random) const {
  const std::string& name = options_.duplication_key;
  const auto own = fields.find(name);
  Json key = own != fields.end() ? *own : given.value_or(nullptr);
  if (!detail::is_truthy(key)) key = make_key(clock.wall_now(), random);
  const bool is_long = key.is_string() && key.get_ref<const std::string&>().size() > kKeyBytesMax;
  if ((!key.is_string() && !key.is_number()) || is_long) {
    return refusal(
        wire::kInvalidDocument,
        fmt::format("duplication key \"{}\": expected a number or a string of at most {} "
                    "bytes, got {}",
                    name, kKeyBytesMax, describe(key)));
  }
  if (!is_system_field(name)) fields[name] = key;
  return key;
}

Json Collection::changed(const Json& fields, const Json& change, bool replaces) const {
  const Json own = without_system_fields(change);
  Json result = replaces ? own : fields;
  if (!replaces) detail::merge_into(result, own);
  if (is_system_field(options_.duplication_key)) return result;
  const auto key = fields.find(options_.duplication_key);
  if (key != fields.end()) result[options_.duplication_key] = *key;
  return result;
}

Json Collection::presented(Json fields) const {
  for (const auto& [path, function] : options_.getters) {
    // A document whose getter fails goes out as it is stored.
    static_cast<void>(apply(path, function, fields, nullptr));
  }
  return fields;
}

Json Collection::for_client(Json document) const {
  return without_system_fields(std::move(document));
}

Json Collection::for_node(const Document& document) const {
  Json out = presented(document.fields);
  out[options_.duplication_key] = document.key;
  return out;
}

Json Collection::with_system_fields(const Document& document) const {
  Json out = for_node(document);
  put_field(out, wire::kCollection, name_);
  put_field(out, wire::kCreatedAt, to_epoch_millis(document.created_at));
  put_field(out, wire::kUpdatedAt, to_epoch_millis(document.updated_at));
  put_field(out, wire::kAccessedAt, to_epoch_millis(document.accessed_at));
  put_field(out, wire::kRow, document.row);
  return out;
}

std::string make_key(WallTime now, Random& random) {
  const auto millis = static_cast<std::uint64_t>(to_epoch_millis(now));
  const std::uint64_t first = random.next();
  const std::uint64_t second = random.next();
  return fmt::format("{:08x}-{:04x}-7{:03x}-{:04x}-{:012x}", (millis >> 16) & 0xFFFF'FFFF,
                     millis & 0xFFFF, first & 0xFFF, 0x8000 | ((first >> 16) & 0x3FFF),
                     second & 0xFFFF'FFFF'FFFF);
}

Json without_system_fields(Json document) {
  for (auto field = document.begin(); field != document.end();) {
    field = is_system_field(field.key()) ? document.erase(field) : std::next(field);
  }
  return document;
}

}  // namespace spreadable::documents
