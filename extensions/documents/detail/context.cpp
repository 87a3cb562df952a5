#include "extensions/documents/detail/context.h"

#include <cstdint>

#include "core/schema.h"
#include "extensions/documents/wire.h"

namespace spreadable::documents::detail {
namespace {

constexpr std::size_t kOwnerBytes = 32;
constexpr std::size_t kDigestBytesMax = 32;

bool is_key(const Json& value) {
  return value.is_number() || (value.is_string() && value.get_ref<const std::string&>().size() <=
                                                        Collection::kKeyBytesMax);
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

WallTime wall_time(const Json& millis) {
  return WallTime(Millis(millis.get<std::int64_t>()));
}

}  // namespace

Result<CollectionStore*> collection_of(const DocumentStore& store, const Json& body) {
  const auto name = body.find("collection");
  const bool is_text = name != body.end() && name->is_string();
  const std::string text = is_text ? name->get<std::string>() : std::string();
  if (CollectionStore* const found = store.find(text)) return found;
  return Error{Errc::logical, "Collection " + text.substr(0, 64) + " doesn't exist",
               std::string(wire::kNotFoundCollection)};
}

const Json& actions_of(const Json& body) {
  static const Json kNone = Json::object();
  const auto actions = body.find("actions");
  return actions == body.end() || actions->is_null() ? kNone : *actions;
}

const Json* key_of(const Json& document, const Collection& collection) {
  if (!document.is_object()) return nullptr;
  const auto key = document.find(collection.options().duplication_key);
  return key == document.end() || !is_key(*key) ? nullptr : &*key;
}

bool is_sound(const Json& document, const Collection& collection) {
  if (!key_of(document, collection)) return false;
  const auto& schema = collection.options().schema;
  return !schema || schema->check(collection.for_client(document));
}

std::size_t replica_count(const Context& context, const Collection& collection) {
  return collection.replica_count(context.node.peers().view()->network_size());
}

std::string to_hex(std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  text.reserve(2 * bytes.size());
  for (const char byte : bytes) {
    const auto value = static_cast<unsigned char>(byte);
    text += kDigits[value >> 4];
    text += kDigits[value & 15];
  }
  return text;
}

std::optional<std::string> from_hex(std::string_view text) {
  if (text.size() % 2 != 0) return std::nullopt;
  std::string bytes;
  bytes.reserve(text.size() / 2);
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const int high = hex_value(text[i]);
    const int low = hex_value(text[i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    bytes += static_cast<char>(high << 4 | low);
  }
  return bytes;
}

std::string proof_of(std::string_view token) {
  return to_hex(owner_digest(token));
}

Json to_json(const Revision& revision) {
  return Json::array({revision.time, revision.is_deletion, to_hex(revision.digest)});
}

std::optional<Revision> revision_from(const Json& json) {
  static const Schema parts =
      schema::array(schema::any_of({schema::integer(), schema::boolean(),
                                    schema::string({.bytes_max = 2 * kDigestBytesMax})}),
                    {.items_min = 3, .items_max = 3});
  if (!parts.check(json) || !json[0].is_number() || !json[1].is_boolean() || !json[2].is_string()) {
    return std::nullopt;
  }
  auto digest = from_hex(json[2].get_ref<const std::string&>());
  if (!digest) return std::nullopt;
  return Revision{json[0].get<std::int64_t>(), json[1].get<bool>(), std::move(*digest)};
}

Json to_json(const Document& document) {
  return {{"key", document.key},
          {"fields", document.fields},
          {"time", document.revision.time},
          {"createdAt", to_epoch_millis(document.created_at)},
          {"owner", to_hex(document.owner)}};
}

std::optional<Document> copy_from(const Json& json) {
  static const Schema whole = schema::object(
      {{"key", schema::any_of(
                   {schema::number(), schema::string({.bytes_max = Collection::kKeyBytesMax})})},
       {"fields", schema::object({})},
       {"time", schema::integer()},
       {"createdAt", schema::integer()},
       {"owner", schema::string({.bytes_max = 2 * kOwnerBytes})}});
  if (!whole.check(json)) return std::nullopt;
  auto owner = from_hex(json["owner"].get_ref<const std::string&>());
  if (!owner || (!owner->empty() && owner->size() != kOwnerBytes)) return std::nullopt;
  Document document{.row = 0,
                    .key = json["key"],
                    .fields = without_system_fields(json["fields"]),
                    .revision = {},
                    .owner = std::move(*owner),
                    .created_at = wall_time(json["createdAt"])};
  document.revision = {json["time"].get<std::int64_t>(), /*is_deletion=*/false,
                       content_digest(key_text(document.key), dump_json(document.fields))};
  return document;
}

}  // namespace spreadable::documents::detail
