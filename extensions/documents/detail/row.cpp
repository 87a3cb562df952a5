#include "extensions/documents/detail/row.h"

#include <fmt/format.h>

#include <cmath>
#include <utility>

#include "extensions/documents/detail/index_key.h"
#include "extensions/documents/detail/javascript.h"
#include "extensions/documents/wire.h"

namespace spreadable::documents::detail {
namespace {

WallTime wall_time(std::int64_t millis) {
  return WallTime(Millis(millis));
}

/// The value by which a rule puts a document in order: of a system field, a time.
Value rank_value(const Document& document, const FieldPath& path) {
  const auto time = [](WallTime at) {
    return Value{Kind::number, static_cast<double>(to_epoch_millis(at))};
  };
  if (path.text() == wire::kAccessedAt) return time(document.accessed_at);
  if (path.text() == wire::kCreatedAt) return time(document.created_at);
  if (path.text() == wire::kUpdatedAt) return time(document.updated_at);
  return Value::of(path.find(document.fields));
}

/// The bytes of the fields that a node adds to a document.
std::uint64_t system_bytes(const Collection& collection, const Document& document) {
  return estimated_bytes({{collection.options().duplication_key, document.key},
                          {std::string(wire::kCollection), collection.name()},
                          {std::string(wire::kCreatedAt), to_epoch_millis(document.created_at)},
                          {std::string(wire::kUpdatedAt), to_epoch_millis(document.updated_at)},
                          {std::string(wire::kAccessedAt), to_epoch_millis(document.accessed_at)},
                          {std::string(wire::kRow), 0}});
}

/// The number that a key reads as, when it is written in another way than that number is.
std::optional<double> odd_number(const Json& pk, const std::string& text) {
  if (!pk.is_string()) return {};
  const double number = to_number(text);
  if (std::isnan(number) || number_text(number) == text) return {};
  return number;
}

}  // namespace

RowView RowView::of(const sqlite::Query& query) {
  return {.row = query.integer(0),
          .time = query.integer(1),
          .created_at = query.integer(2),
          .updated_at = query.integer(3),
          .accessed_at = query.integer(4),
          .bytes = query.integer(5),
          .key = query.bytes(6),
          .is_number = query.integer(7) != 0,
          .owner = query.bytes(8),
          .digest = query.bytes(9),
          .fields = query.bytes(10)};
}

bool RowView::is_intact() const {
  return content_digest(key, fields) == digest;
}

Json RowView::key_json() const {
  if (!is_number) return std::string(key);
  Json number = to_number(key);
  normalize_numbers(number);
  return number;
}

Result<Document> RowView::document() const {
  const auto damage = [&] {
    return Error{Errc::damaged, fmt::format("the document in row {} has been altered", row), {}};
  };
  if (!is_intact()) return damage();
  auto parsed = parse_json(fields);
  if (!parsed || !parsed->is_object()) return damage();
  return Document{.row = row,
                  .key = key_json(),
                  .fields = std::move(*parsed),
                  .revision = {time, /*is_deletion=*/false, std::string(digest)},
                  .owner = std::string(owner),
                  .created_at = wall_time(created_at),
                  .updated_at = wall_time(updated_at),
                  .accessed_at = wall_time(accessed_at)};
}

RowImage RowImage::of(const Collection& collection, Document document) {
  normalize_numbers(document.fields);
  RowImage image{.document = std::move(document), .key = {}, .fields = {}};
  Document& own = image.document;
  image.key = key_text(own.key);
  image.fields = dump_json(own.fields);
  own.revision.digest = content_digest(image.key, image.fields);
  own.revision.is_deletion = false;
  image.bytes = image.fields.size() + system_bytes(collection, own) - 1;  // one pair of braces less
  if (const Json* const pk = collection.pk_of(own.fields)) {
    image.pk = key_text(*pk);
    image.odd_pk = odd_number(*pk, *image.pk);
  }
  image.rank = rank_of(collection, own);
  return image;
}

std::optional<std::string> RowImage::rank_of(const Collection& collection,
                                             const Document& document) {
  const CollectionOptions& options = collection.options();
  if (options.limit == 0 && options.bytes_max == 0) return {};
  std::string rank;
  for (const CollectionOptions::EvictionRule& rule : options.eviction_order) {
    const std::size_t begin = rank.size();
    append_ordered(rank, rank_value(document, rule.path));
    if (!rule.is_descending) continue;
    for (std::size_t i = begin; i < rank.size(); ++i) rank[i] = static_cast<char>(~rank[i]);
  }
  return rank;
}

void normalize_numbers(Json& value) {
  constexpr double kExactMax = 9'007'199'254'740'992;  // 2^53
  if (value.is_structured()) {
    for (Json& item : value) normalize_numbers(item);
  } else if (value.is_number_float()) {
    const double number = value.get<double>();
    if (std::trunc(number) == number && std::abs(number) <= kExactMax) {
      value = static_cast<std::int64_t>(number);
    }
  }
}

}  // namespace spreadable::documents::detail
