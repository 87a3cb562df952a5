// extensions/documents/document_query.h: what to do with the documents that match.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/json.h"
#include "core/result.h"
#include "extensions/documents/field_path.h"
#include "extensions/documents/filter.h"

namespace spreadable::documents {

/// One rule of an order.
struct SortRule {
  FieldPath path;
  bool is_descending = false;
};

/// The actions of a reading request: filter, sort, fields, offset, limit, removeDuplicates. A node
/// filters and projects its own documents; a master merges; the coordinator merges and finishes.
/// Documents carry their duplication key on the way, and no other system field. Immutable,
/// thread-safe. Source: metastocle sections 5.3 and 6.
class DocumentQuery {
 public:
  static constexpr std::size_t kSortRulesMax = 16;
  static constexpr std::size_t kFieldsMax = 1'000;

  /// All documents.
  DocumentQuery() = default;

  /// Keys that are not there have upstream's defaults; those unknown are ignored. Errc::logical
  /// with wire::kWrongActions when `actions` is no object, wire::kSortType, wire::kFieldType, or
  /// the codes of Filter::parse.
  [[nodiscard]] static Result<DocumentQuery> parse(const Json& actions);

  [[nodiscard]] const Filter& filter() const { return filter_; }
  [[nodiscard]] const std::vector<SortRule>& order() const { return order_; }
  [[nodiscard]] bool removes_duplicates() const { return removes_duplicates_; }

  /// The fields asked for, and those that begin with `$`; all when none were named.
  [[nodiscard]] Json projected(Json document) const;

  /// At a master: one document for each duplication key when the query says so. Copies are grouped
  /// by that key in order of first appearance, save that keys that are array indices come first, in
  /// ascending order; of each group the one with the smallest `$createdAt` stays, else the first.
  [[nodiscard]] std::vector<Json> merged(std::vector<Json> documents,
                                         std::string_view duplication_key) const;

  struct Answer {
    std::vector<Json> documents;  ///< one page
    std::size_t total_count = 0;  ///< of all pages
  };
  /// At the coordinator: merges, sorts, counts, takes the page. System fields are still there.
  [[nodiscard]] Answer finished(std::vector<Json> documents,
                                std::string_view duplication_key) const;

  /// Puts `documents` in order, stably; leaves them alone when there is none.
  void sort(std::vector<Json>& documents) const;
  /// Whether `a` comes before `b`; false when they are equal. Ascending: values, null, nothing.
  [[nodiscard]] bool is_before(const Json& a, const Json& b) const;

  /// The page out of documents in order. `offset` is the number of a page; a negative limit cuts
  /// from the end, as JavaScript's slice does.
  [[nodiscard]] std::vector<Json> page(std::vector<Json> documents) const;
  /// How many documents, from the first in order on, are enough to cut the page from: what a node
  /// of ours may be asked for instead of all. Nothing when that depends on how many there are.
  [[nodiscard]] std::optional<std::size_t> first_needed() const;

 private:
  Filter filter_;
  std::vector<SortRule> order_;
  std::optional<std::vector<std::string>> fields_;  // sorted
  double offset_ = 0;
  double limit_ = 0;
  bool has_page_ = false;
  bool removes_duplicates_ = true;
};

/// The actions of an update or a deletion.
struct ChangeQuery {
  Filter filter;
  bool replaces = false;  ///< an update that leaves nothing of the old fields

  /// Errors as DocumentQuery::parse.
  [[nodiscard]] static Result<ChangeQuery> parse(const Json& actions);
};

}  // namespace spreadable::documents
