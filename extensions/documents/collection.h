// extensions/documents/collection.h: the rules of one collection.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "core/clock.h"
#include "core/json.h"
#include "core/random.h"
#include "core/result.h"
#include "extensions/documents/collection_options.h"
#include "extensions/documents/document.h"

namespace spreadable::documents {

/// What becomes of documents on their way into the store and out of it. Derived to change that; the
/// hooks run on many threads at a time and must not call the store. Thread-safe.
/// Source: metastocle section 3.
class Collection {
 public:
  static constexpr std::size_t kNameBytesMax = 64;
  /// What travels in one request, so what all nodes can pass on. Source: metastocle section 1.13.
  static constexpr std::size_t kDocumentBytesMax = 500'000;
  /// Levels of nesting: a few less than JSON may have, since documents travel inside of answers.
  static constexpr std::size_t kDocumentDepthMax = kJsonDepthMax - 4;
  static constexpr std::size_t kKeyBytesMax = 1'000;  ///< of a pk or a duplication key

  /// Errc::invalid_argument when the name is not 1 to kNameBytesMax lower-case letters, digits, `-`
  /// and `_`, beginning with a letter: upstream loses collections with other names.
  [[nodiscard]] static Result<void> check_name(std::string_view name);

  /// Requires: a name that check_name accepts.
  Collection(std::string name, CollectionOptions options);
  virtual ~Collection() = default;
  Collection(const Collection&) = delete;
  Collection& operator=(const Collection&) = delete;

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] const CollectionOptions& options() const { return options_; }

  /// Copies wanted in a network of `network_size` nodes. Requires: network_size > 0.
  [[nodiscard]] std::size_t replica_count(std::size_t network_size) const;

  /// What a client sent, without system fields: a new document, or the change of an update.
  /// Errc::logical: wire::kInvalidDocument for anything but an object with at least one field,
  /// wire::kWrongFields for a null inside, Errc::too_large.
  [[nodiscard]] Result<Json> accepted(const Json& document) const;

  /// Whether fields can be stored and travel: Errc::logical with wire::kInvalidDocument for
  /// anything but an object or for more than kDocumentDepthMax levels, Errc::too_large.
  [[nodiscard]] Result<void> check_form(const Json& fields) const;

  /// The value of the pk in `fields`; nullptr when the collection or the document has none, also
  /// for values that count as none: 0, "", false and null.
  [[nodiscard]] const Json* pk_of(const Json& fields) const;

  /// What is to be stored: defaults for missing fields, setters, schema, pk, in this order. A
  /// document without pk gets the one of `previous`, or a new one. Errc::logical:
  /// wire::kInvalidPkType, the codes of the schema and of check_form(), or wire::kInvalidDocument
  /// when a function throws. `previous`: the document before an update; nullptr: none.
  [[nodiscard]] Result<Json> prepared(Json fields, const Json* previous, const Clock& clock,
                                      Random& random) const;

  /// The duplication key of a new document: `given` by the first copy, or the field of that name,
  /// or a new one; put into `fields` where it is a field of the user. Errc::logical with
  /// wire::kInvalidDocument for what is no key.
  [[nodiscard]] Result<Json> give_key(Json& fields, const std::optional<Json>& given,
                                      const Clock& clock, Random& random) const;

  /// The change of an update applied to the stored fields: merged deeply (objects by key, arrays by
  /// index, null overwrites), or put in their place. The duplication key stays when it is a field.
  [[nodiscard]] Json changed(const Json& fields, const Json& change, bool replaces) const;

  /// Fields on their way out: getters applied.
  [[nodiscard]] Json presented(Json fields) const;
  [[nodiscard]] bool has_getters() const { return !options_.getters.empty(); }

  /// To a client: fields alone.
  [[nodiscard]] Json for_client(Json document) const;
  /// To a node that asked for documents: fields and duplication key.
  [[nodiscard]] Json for_node(const Document& document) const;
  /// To a node that asked whether it exists: fields and all system fields.
  [[nodiscard]] Json with_system_fields(const Document& document) const;

 private:
  [[nodiscard]] Result<void> give_pk(Json& fields, const Json* previous, const Clock& clock,
                                     Random& random) const;

  const std::string name_;
  const CollectionOptions options_;
};

/// A new key: a UUID of version 7, which begins with the time, so that keys made one after another
/// lie side by side in an index. Source: RFC 9562, section 5.7.
[[nodiscard]] std::string make_key(WallTime now, Random& random);

/// `document` without the fields at its top that begin with `$`.
[[nodiscard]] Json without_system_fields(Json document);

}  // namespace spreadable::documents
