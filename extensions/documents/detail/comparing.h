// extensions/documents/detail/comparing.h: who has which state of a document.
#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "core/network_action.h"
#include "core/schema.h"
#include "extensions/documents/candidates.h"
#include "extensions/documents/detail/context.h"

namespace spreadable::documents::detail {

/// What is asked: the keys of some documents, and what the asker has of each.
struct Comparison {
  static constexpr std::size_t kKeysMax = 256;

  std::vector<std::string> keys;
  std::vector<std::string> marks;  ///< mark_of() the asker's revisions; empty texts: it has none

  [[nodiscard]] Json to_query(const std::string& collection) const;
};

/// A short hash of a revision.
[[nodiscard]] std::string mark_of(const Revision& revision);

/// What one node has of the documents asked about.
struct Holding {
  Address address;
  Candidate room;                                           ///< whether more would fit
  bool is_available = false;                                ///< whether it takes copies at all
  std::vector<bool> same;                                   ///< by key: it has what the asker has
  std::vector<std::pair<std::size_t, Revision>> different;  ///< by key: it has something else

  /// Whether it has the document with that key in any state but deleted.
  [[nodiscard]] bool has(std::size_t key) const;
};

/// `compare-documents`, between nodes of ours. Query: `{collection, keys, marks}`; slaves answer
/// `{count, isFull, isAvailable, same, different}`, masters and the traversal a list of these in
/// field `nodes`. Of nodes that have none of the documents a master names only those with most
/// room, as many as copies are wanted.
class CompareAction final : public NetworkAction {
 public:
  explicit CompareAction(Context context);

  [[nodiscard]] Result<void> check(const Json& query) const override;
  [[nodiscard]] Json local(const Json& query, CallContext& call) override;
  [[nodiscard]] Json merge_slaves(std::vector<Reply>& replies, const Json& query,
                                  CallContext& call) const override;
  [[nodiscard]] Json merge_masters(std::vector<Reply>& replies, const Json& query,
                                   CallContext& call) const override;
  [[nodiscard]] const Schema* answer_schema(Answerer from, const Json& query) const override;

  /// Reads what the traversal gives for `key_count` keys, by address; what makes no sense is left
  /// out.
  [[nodiscard]] static std::vector<Holding> parse(const Json& value, std::size_t key_count);

 private:
  const Context context_;
};

}  // namespace spreadable::documents::detail
