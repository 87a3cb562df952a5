// extensions/documents/document.h: a document as a node keeps it.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/clock.h"
#include "core/json.h"

namespace spreadable::documents {

/// Which state of a document is the later one. Nodes that hold different states of it keep the
/// greatest, so that all end with the same one, whatever the order in which they hear of it.
struct Revision {
  /// Milliseconds since the epoch by the clock of the node where the change was made, and above the
  /// time of the state it was made from.
  std::int64_t time = 0;
  bool is_deletion = false;  ///< of two changes at one time, a deletion wins
  std::string digest{};      ///< content_digest(); empty for a deletion

  friend auto operator<=>(const Revision&, const Revision&) = default;
};

/// One document of a collection.
struct Document {
  std::int64_t row = 0;    ///< stable on this node, unique in the collection; `$loki`
  Json key;                ///< the duplication key: a text or a number
  Json fields;             ///< of the user: an object, without system fields
  Revision revision{};     ///< of the content
  std::string owner{};     ///< owner_digest() of the token it was added with; empty: nobody's
  WallTime created_at{};   ///< of this copy, or of the first one where that is known
  WallTime updated_at{};   ///< of this copy
  WallTime accessed_at{};  ///< of this copy; may lag
};

/// What a deletion leaves behind, so that an old copy does not bring the document back.
struct Tombstone {
  std::string key;  ///< key_text() of the duplication key
  Revision revision;
};

/// What one node has of a document, for comparing nodes.
struct Trace {
  std::string key;  ///< key_text()
  Revision revision;

  friend bool operator==(const Trace&, const Trace&) = default;
};

/// A key as text: keys that JavaScript writes alike are the same key (5, 5.0 and "5").
/// Requires: a text or a number.
[[nodiscard]] std::string key_text(const Json& key);

/// 16 bytes of the SHA-256 over a key and the text that dump_json() makes of fields: equal on all
/// nodes that hold the same content.
[[nodiscard]] std::string content_digest(std::string_view key, std::string_view fields_text);

/// What is kept of an owner's token: 32 bytes of its SHA-256. Empty for an empty token.
[[nodiscard]] std::string owner_digest(std::string_view token);

/// The bytes that a document counts for against `maxSize`: those of its JSON, with system fields,
/// as the package object-sizeof counts that upstream uses. Source: metastocle section 5.6.
[[nodiscard]] std::uint64_t estimated_bytes(const Json& document);

}  // namespace spreadable::documents
