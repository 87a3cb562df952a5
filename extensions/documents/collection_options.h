// extensions/documents/collection_options.h: everything a user can set about a collection.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/count_rule.h"
#include "core/json.h"
#include "core/result.h"
#include "core/schema.h"
#include "extensions/documents/field_path.h"

namespace spreadable::documents {

/// Who may do something with documents. Source: reliability S20; design.md, law 11.
struct Permission {
  enum class Who {
    anyone,    ///< as upstream: every client
    owner,     ///< who shows the token under which the document was added
    approval,  ///< who has the approval named below
    nobody,    ///< no client; nodes still make and repair copies
  };
  Who who = Who::anyone;
  std::string approval{};  ///< its name, with Who::approval

  /// `"anyone"`, `"owner"`, `"nobody"` or `"approval:<name>"`. Errc::invalid_argument otherwise.
  [[nodiscard]] static Result<Permission> parse(const Json& value);
  [[nodiscard]] std::string text() const;
  friend bool operator==(const Permission&, const Permission&) = default;
};

/// What a function about one field of a document is told.
struct FieldContext {
  const std::string& path;  ///< as the option names it
  const Json* value;        ///< what stands there; nullptr: nothing
  const Json& document;     ///< fields of the user
  const Json* previous;     ///< the document before an update; nullptr when it is new or being read
};

/// Gives the value of a field; nothing takes the field away. Runs on many threads at a time, does
/// not block on the network, and does not call the store. An exception fails the one document.
using FieldFunction = std::function<std::optional<Json>(const FieldContext&)>;

/// All options of a collection, a plain value. Names and defaults are upstream's, so that nodes of
/// a mixed network agree; all nodes of a network need the same. Source: metastocle sections 2
/// and 3.
struct CollectionOptions {
  /// What clients may do. Upstream lets anyone do anything (`open`); a network of ours does not let
  /// strangers change what others have stored.
  struct Permissions {
    Permission add{Permission::Who::anyone};
    Permission update{Permission::Who::owner};
    Permission remove{Permission::Who::owner};
    [[nodiscard]] static Permissions open();
    friend bool operator==(const Permissions&, const Permissions&) = default;
  };

  /// One field of the order in which documents go when there are too many.
  struct EvictionRule {
    FieldPath path;  ///< a field of the user, `$accessedAt`, `$createdAt` or `$updatedAt`
    bool is_descending = false;
    friend bool operator==(const EvictionRule&, const EvictionRule&) = default;
  };

  static constexpr std::size_t kIndicesMax = 16;
  static constexpr std::size_t kEvictionRulesMax = 8;

  std::string pk{};             ///< the field that identifies a document; empty: none
  std::size_t limit = 0;        ///< documents on a node; 0: any number
  std::uint64_t bytes_max = 0;  ///< `maxSize`: estimated bytes on a node; 0: any number
  bool is_queue = false;        ///< beyond these, old documents make room for new ones
  std::vector<EvictionRule> eviction_order{{FieldPath("$accessedAt"), false}};
  /// `preferredDuplicates`: copies wanted, of the size of the network.
  CountRule replicas = CountRule::root(2);
  std::string duplication_key = "$duplicate";  ///< the field that ties copies together
  /// What the fields of the user must look like; none: anything.
  std::optional<Schema> schema{};
  // By path, each applied in order of the paths.
  std::map<std::string, FieldFunction> defaults{};  ///< on every change, for what is missing
  std::map<std::string, FieldFunction> setters{};   ///< on every change
  std::map<std::string, FieldFunction> getters{};   ///< on every reading
  /// Paths of fields that filters ask for: an index makes such filters fast. `pk` has one anyway.
  std::vector<FieldPath> indices{};
  Permissions permissions{};

  /// The options of a config. Functions cannot be written there: a default, setter or getter is the
  /// value itself. Errc::invalid_argument that names the full path of the option (`where` and its
  /// key), what is expected and what was given; an unknown option is an error too.
  [[nodiscard]] static Result<CollectionOptions> parse(std::string_view where, const Json& config);
};

/// Reads the notation in which upstream writes schemas (`type`, `props`, `items`, `required`,
/// `strict`, `expected`, `value`, `uniq`, `minLength`, `maxLength`, `canBeNull`; a bare text is a
/// type, an array a choice) for the fields of a document: no others are allowed unless it says
/// `"expected": false`. Errors as CollectionOptions::parse.
[[nodiscard]] Result<Schema> parse_document_schema(std::string_view where, const Json& notation);

/// A function that gives `value` whatever it is told.
[[nodiscard]] FieldFunction always(Json value);

}  // namespace spreadable::documents
