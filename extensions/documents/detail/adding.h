// extensions/documents/detail/adding.h: where a new document could go, asked of all nodes.
#pragma once

#include <vector>

#include "core/network_action.h"
#include "core/schema.h"
#include "extensions/documents/candidates.h"
#include "extensions/documents/detail/context.h"

namespace spreadable::documents::detail {

/// A document as one node says that it has it, with its system fields.
struct Existing {
  Address address;
  Json document;
};

/// What all nodes say about a document that is to be added.
struct AdditionInfo {
  std::vector<Candidate> candidates;  ///< in the order in which they should be asked
  std::vector<Existing> existing;

  /// Reads what the action's traversal gives. Requires: it came out of merge_masters.
  [[nodiscard]] static AdditionInfo parse(const Json& value);
};

/// `get-document-addition-info`. Query: `{info: {collection, pkValue?}}`. Slaves answer `{count,
/// isFull, isAvailable, existenceInfo}`, masters `{candidates, existing}`, and so does the
/// traversal. Source: metastocle sections 4.2 and 5.1.
class AdditionInfoAction final : public NetworkAction {
 public:
  explicit AdditionInfoAction(Context context);

  [[nodiscard]] Result<void> check(const Json& query) const override;
  [[nodiscard]] Json local(const Json& query, CallContext& call) override;
  [[nodiscard]] Json merge_slaves(std::vector<Reply>& replies, const Json& query,
                                  CallContext& call) const override;
  [[nodiscard]] Json merge_masters(std::vector<Reply>& replies, const Json& query,
                                   CallContext& call) const override;
  [[nodiscard]] const Schema* answer_schema(Answerer from, const Json& query) const override;

 private:
  [[nodiscard]] std::vector<Candidate> chosen(const Json& items, std::size_t limit) const;

  const Context context_;
};

}  // namespace spreadable::documents::detail
