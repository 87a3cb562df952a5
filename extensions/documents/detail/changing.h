// extensions/documents/detail/changing.h: updates and deletions, carried out on all nodes.
#pragma once

#include <functional>
#include <string_view>

#include "core/network_action.h"
#include "core/schema.h"
#include "extensions/documents/detail/context.h"

namespace spreadable::documents::detail {

/// `update-documents` and `delete-documents`. Queries: `{collection, actions, document}` and
/// `{collection, actions}`. Answers are the number of copies changed, `{updated}` or `{deleted}`.
/// Each node changes those of its copies that the collection's permissions allow, given the proof
/// in header wire::kOwnerProof. Source: metastocle sections 4.2, 5.4 and 5.5; reliability S20.
class ChangeAction : public NetworkAction {
 public:
  [[nodiscard]] Json local(const Json& query, CallContext& call) final;
  [[nodiscard]] Json merge(const std::vector<Reply>& replies, const Json& query) const final;
  [[nodiscard]] const Schema* answer_schema(Answerer from, const Json& query) const final;

 protected:
  using MayChange = std::function<bool(const Document&)>;

  /// `count_field` names the number in answers.
  ChangeAction(std::string_view name, const char* count_field, Context context);
  [[nodiscard]] Result<void> check_common(const Json& query) const;

  [[nodiscard]] virtual const Permission& permission(const CollectionOptions& options) const = 0;
  [[nodiscard]] virtual Result<CollectionStore::Outcome> change(CollectionStore& store,
                                                                const Json& query,
                                                                Deadline deadline,
                                                                const MayChange& may_change) = 0;

  const Context context_;

 private:
  const char* const count_field_;
  const Schema schema_;
};

class UpdateAction final : public ChangeAction {
 public:
  explicit UpdateAction(Context context);
  [[nodiscard]] Result<void> check(const Json& query) const override;

 protected:
  [[nodiscard]] const Permission& permission(const CollectionOptions& options) const override;
  [[nodiscard]] Result<CollectionStore::Outcome> change(CollectionStore& store, const Json& query,
                                                        Deadline deadline,
                                                        const MayChange& may_change) override;
};

class DeleteAction final : public ChangeAction {
 public:
  explicit DeleteAction(Context context);
  [[nodiscard]] Result<void> check(const Json& query) const override;

 protected:
  [[nodiscard]] const Permission& permission(const CollectionOptions& options) const override;
  [[nodiscard]] Result<CollectionStore::Outcome> change(CollectionStore& store, const Json& query,
                                                        Deadline deadline,
                                                        const MayChange& may_change) override;
};

}  // namespace spreadable::documents::detail
