// extensions/documents/detail/reading.h: documents that match, gathered from all nodes.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "core/network_action.h"
#include "core/schema.h"
#include "extensions/documents/collection_store.h"
#include "extensions/documents/detail/context.h"
#include "extensions/documents/document_query.h"

namespace spreadable::documents::detail {

/// What all nodes together found.
struct Reading {
  std::vector<Json> documents;  ///< each copy, or one of each; with duplication keys
  std::size_t others = 0;       ///< that match as well, but were not needed for the page
  std::vector<Json> conflicts;  ///< duplication keys of documents whose copies differ
  bool is_cut = false;          ///< some node had more than it may send at a time

  /// Reads what the action's traversal gives. Requires: it came out of merge_masters.
  [[nodiscard]] static Reading parse(Json value);
};

/// `get-documents`. Query: `{collection, actions?, isCounting?, pkValue?}`. Answers are
/// `{documents}`, of all that match. A node of ours that is asked with header wire::kForm may give
/// the extended form instead, `{documents, others, conflicts, isCut}`: only as many documents as
/// the page needs, in its order, and of the others the marks of their keys (key_marks.h); for
/// counting no documents at all. Source: metastocle sections 4.2, 5.3 and 12.
class ReadAction final : public NetworkAction {
 public:
  /// Of an answer, below what a node takes as one, since JSON adds to it. Source: reliability S19.
  static constexpr std::size_t kAnswerBytesMax = 7 << 20;
  static constexpr std::size_t kConflictsMax = 100;  ///< named in an answer

  explicit ReadAction(Context context);

  [[nodiscard]] Result<void> check(const Json& query) const override;
  [[nodiscard]] Json local(const Json& query, CallContext& call) override;
  [[nodiscard]] Json merge_slaves(std::vector<Reply>& replies, const Json& query,
                                  CallContext& call) const override;
  [[nodiscard]] Json merge_masters(std::vector<Reply>& replies, const Json& query,
                                   CallContext& call) const override;
  [[nodiscard]] const Schema* answer_schema(Answerer from, const Json& query) const override;

 private:
  struct Pool;

  /// Until when documents are read: what was found by then still has to become an answer.
  [[nodiscard]] Deadline reading_deadline(const CallContext& call) const;
  [[nodiscard]] Json local_keys(const CollectionStore& store, const DocumentQuery& query,
                                const CallContext& call) const;
  [[nodiscard]] Pool gather(const std::vector<Reply>& replies, const Json& query,
                            const DocumentQuery& parsed) const;

  const Context context_;
};

/// Whether the sender takes answers in the extended form.
[[nodiscard]] bool wants_extended(const CallContext& call);

}  // namespace spreadable::documents::detail
