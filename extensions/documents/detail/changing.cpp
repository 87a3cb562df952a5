#include "extensions/documents/detail/changing.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>

#include "extensions/documents/document_query.h"
#include "extensions/documents/network_wire.h"
#include "extensions/documents/wire.h"

namespace spreadable::documents::detail {

ChangeAction::ChangeAction(std::string_view name, const char* count_field, Context context)
    : NetworkAction(std::string(name)),
      context_(context),
      count_field_(count_field),
      schema_(schema::object({{count_field, schema::number()}, {"address", schema::address()}},
                             schema::Keys::strict)) {
  is_for_clients_ = false;
  passed_headers_ = {std::string(wire::kOwnerProof)};
}

Result<void> ChangeAction::check_common(const Json& query) const {
  if (auto store = collection_of(context_.store, query); !store) return store.error();
  if (auto parsed = ChangeQuery::parse(actions_of(query)); !parsed) return parsed.error();
  return {};
}

Json ChangeAction::local(const Json& query, CallContext& call) {
  CollectionStore& store = **collection_of(context_.store, query);
  const Permission& allowed = permission(store.collection().options());
  const std::string owner = owner_digest(call.header(wire::kOwnerProof));
  const bool is_owned = allowed.who == Permission::Who::owner;
  if (allowed.who == Permission::Who::nobody || (is_owned && owner.empty())) {
    return {{count_field_, 0}};
  }
  MayChange may_change;
  if (is_owned) may_change = [&](const Document& document) { return document.owner == owner; };
  const auto outcome = change(store, query, call.deadline, may_change);
  if (!outcome) throw std::runtime_error(outcome.error().message);
  if (outcome->refusal) {
    context_.node.logger().debug("documents of \"" + store.collection().name() +
                                 "\" stay as they are: " + outcome->refusal->message);
  }
  return {{count_field_, outcome->changed}};
}

Json ChangeAction::merge(const std::vector<Reply>& replies, const Json&) const {
  double sum = 0;
  for (const Reply& reply : replies) sum += std::max(0.0, reply.value[count_field_].get<double>());
  constexpr double kExactMax = schema::IntegerRange::kExactMax;
  return {{count_field_, static_cast<std::int64_t>(std::min(std::floor(sum), kExactMax))}};
}

const Schema* ChangeAction::answer_schema(Answerer, const Json&) const {
  return &schema_;
}

UpdateAction::UpdateAction(Context context)
    : ChangeAction(wire::kUpdateDocuments, "updated", context) {}

Result<void> UpdateAction::check(const Json& query) const {
  if (Result<void> passed = check_common(query); !passed) return passed;
  const auto document = query.find("document");
  const bool is_full = document != query.end() && document->is_object() && !document->empty();
  if (is_full) return {};
  return Error{Errc::logical, "the document must be an object with at least one field",
               std::string(wire::kInvalidDocument)};
}

const Permission& UpdateAction::permission(const CollectionOptions& options) const {
  return options.permissions.update;
}

Result<CollectionStore::Outcome> UpdateAction::change(CollectionStore& store, const Json& query,
                                                      Deadline deadline,
                                                      const MayChange& may_change) {
  const ChangeQuery parsed = *ChangeQuery::parse(actions_of(query));
  return store.update(parsed, without_system_fields(query["document"]), deadline, may_change);
}

DeleteAction::DeleteAction(Context context)
    : ChangeAction(wire::kDeleteDocuments, "deleted", context) {}

Result<void> DeleteAction::check(const Json& query) const {
  return check_common(query);
}

const Permission& DeleteAction::permission(const CollectionOptions& options) const {
  return options.permissions.remove;
}

Result<CollectionStore::Outcome> DeleteAction::change(CollectionStore& store, const Json& query,
                                                      Deadline deadline,
                                                      const MayChange& may_change) {
  const ChangeQuery parsed = *ChangeQuery::parse(actions_of(query));
  return store.remove(parsed.filter, deadline, may_change);
}

}  // namespace spreadable::documents::detail
