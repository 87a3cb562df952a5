#include "extensions/documents/documents.h"

#include <set>
#include <utility>

#include "core/assert.h"
#include "core/wire.h"
#include "extensions/documents/detail/adding.h"
#include "extensions/documents/detail/changing.h"
#include "extensions/documents/detail/comparing.h"
#include "extensions/documents/detail/reading.h"
#include "extensions/documents/detail/replication.h"
#include "extensions/documents/network_wire.h"
#include "extensions/documents/wire.h"
#include "services/approvals/approvals.h"

namespace spreadable::documents {
namespace {

constexpr Duration kMaintenanceInterval = std::chrono::seconds{16};
/// Of each maintenance, for checking what lies on the disk.
constexpr Duration kScrubSlice = std::chrono::milliseconds{20};

/// Wakes the repair of every node of ours.
class RepairAction final : public NetworkAction {
 public:
  explicit RepairAction(detail::Replication& replication)
      : NetworkAction(std::string(wire::kRepairDocuments)), replication_(replication) {
    is_for_clients_ = false;
    is_native_only_ = true;
  }
  Json local(const Json&, CallContext&) override {
    replication_.wake();
    return 1;
  }
  Json merge(const std::vector<Reply>& replies, const Json& query) const override {
    return merges::sum(replies, query);
  }

 private:
  detail::Replication& replication_;
};

Error not_permitted(const Collection& collection, std::string_view doing) {
  return {Errc::logical,
          "collection \"" + collection.name() + "\" lets you " + std::string(doing) +
              " no documents this way",
          std::string(wire::kNotPermitted)};
}

std::string text_at(const Json& body, const char* field) {
  const auto found = body.find(field);
  return found != body.end() && found->is_string() ? found->get<std::string>() : std::string();
}

Documents::Request request_of(const CallContext& call) {
  const Json& body = call.body;
  Documents::Request request{.collection = text_at(body, "collection"),
                             .deadline = call.deadline,
                             .actions = detail::actions_of(body),
                             .owner_token = text_at(body, "ownerToken")};
  if (const auto document = body.find("document"); document != body.end()) {
    request.document = *document;
  }
  if (const auto pk = body.find("pkValue"); pk != body.end()) request.pk = *pk;
  if (const auto flag = body.find("ignoreExistenceError"); flag != body.end()) {
    request.ignores_existence = flag->is_boolean() && flag->get<bool>();
  }
  return request;
}

void note_completeness(CallContext& call, const Documents::Page& page) {
  if (!page.is_complete) call.reply_headers.add(wire::kIncomplete, "true");
}

/// The addresses that a copy is to be handed on to; what is no address is left out.
std::vector<Address> duplicates_of(const Json& body, const Address& self) {
  std::vector<Address> duplicates;
  std::set<Address> seen{self};
  const auto names = body.find("duplicates");
  if (names == body.end() || !names->is_array()) return duplicates;
  for (const Json& name : *names) {
    if (duplicates.size() >= detail::Replication::kDuplicatesMax) break;
    if (!name.is_string()) continue;
    const auto address = Address::parse(name.get_ref<const std::string&>());
    if (address && seen.insert(*address).second) duplicates.push_back(*address);
  }
  return duplicates;
}

}  // namespace

Documents::Documents(Options options, std::unique_ptr<DocumentStore> store)
    : Service(kName), options_(options), store_(std::move(store)) {
  SPREADABLE_ASSERT(store_);
}

Documents::~Documents() = default;

detail::Context Documents::context() {
  return {node(), *store_, suspicions_, options_.addition_node_timeout};
}

void Documents::declare_actions() {
  replication_ = std::make_unique<detail::Replication>(context(), options_.repair_interval);
  node().add_action(std::make_unique<detail::AdditionInfoAction>(context()));
  node().add_action(std::make_unique<detail::ReadAction>(context()));
  node().add_action(std::make_unique<detail::UpdateAction>(context()));
  node().add_action(std::make_unique<detail::DeleteAction>(context()));
  node().add_action(std::make_unique<detail::CompareAction>(context()));
  node().add_action(std::make_unique<RepairAction>(*replication_));
}

void Documents::declare_routes(Router& router) {
  const auto add_client = [&](std::string_view name, Handler handler) {
    router.add(Method::post, std::string(spreadable::wire::kClientRoute) + std::string(name),
               WorkClass::client,
               [this, handler](CallContext& call) { return (this->*handler)(call); });
  };
  add_client(wire::kAddDocument, &Documents::on_add);
  add_client(wire::kGetDocuments, &Documents::on_get);
  add_client("get-documents-count", &Documents::on_count);
  add_client("get-document-by-pk", &Documents::on_get_by_pk);
  add_client(wire::kUpdateDocuments, &Documents::on_update);
  add_client(wire::kDeleteDocuments, &Documents::on_delete);

  const auto add_node = [&](std::string_view name, ApiHandler handler) {
    router.add(Method::post, std::string(spreadable::wire::kNodeRoute) + std::string(name),
               WorkClass::leaf, std::move(handler));
  };
  add_node(wire::kAddDocument, [this](CallContext& call) { return on_store(call); });
  add_node(wire::kGetCopies,
           [this](CallContext& call) { return replication_->on_get_copies(call); });
  add_node(wire::kPutCopies,
           [this](CallContext& call) { return replication_->on_put_copies(call); });
}

Result<void> Documents::init() {
  const auto* const approvals = node().services().find<Approvals>();
  for (const std::string& name : store_->names()) {
    const auto& permissions = store_->find(name)->collection().options().permissions;
    for (const Permission* one : {&permissions.add, &permissions.update, &permissions.remove}) {
      if (one->who != Permission::Who::approval) continue;
      if (approvals && approvals->find(one->approval)) continue;
      return Error{Errc::invalid_argument,
                   "collection \"" + name + "\" needs approval \"" + one->approval +
                       "\", which this node does not know; name it in option \"approval\"",
                   {}};
    }
  }
  replication_->start();
  declare_maintenance();
  return {};
}

void Documents::deinit() {
  maintenance_.reset();
  replication_->stop();
}

void Documents::declare_maintenance() {
  const auto tell = [this](const auto& result) {
    if (!result) node().logger().error("documents: " + result.error().message);
  };
  maintenance_ = node().scheduler().start(
      "maintenance of documents", kMaintenanceInterval, [this, tell]() -> Duration {
        tell(store_->maintain());
        tell(store_->scrub(kScrubSlice));
        if (store_->is_damaged()) tell(store_->renew());
        if (store_->needs_rebuild() && node().peers().view()->network_size() > 1) {
          const auto woken = node().traverse(wire::kRepairDocuments, Json::object());
          if (woken && woken->nodes_answered > 1) tell(store_->set_rebuilt());
        }
        return kMaintenanceInterval;
      });
}

void Documents::describe(Json& status) const {
  Json names = Json::array();
  Json counts = Json::array();
  for (const std::string& name : store_->names()) {
    names.push_back(name);
    counts.push_back(store_->find(name)->count());
  }
  status["collections"] = std::move(names);
  status["documents"] = std::move(counts);
}

Result<void> Documents::check_permission(Doing doing, const Collection& collection,
                                         CallContext& call) {
  const auto& permissions = collection.options().permissions;
  const Permission& permission = doing == Doing::adding     ? permissions.add
                                 : doing == Doing::updating ? permissions.update
                                                            : permissions.remove;
  const char* const verb = doing == Doing::adding     ? "add"
                           : doing == Doing::updating ? "update"
                                                      : "delete";
  switch (permission.who) {
    case Permission::Who::anyone:
      return {};
    case Permission::Who::owner:
      if (!text_at(call.body, "ownerToken").empty()) return {};
      return not_permitted(collection, verb);
    case Permission::Who::approval:
      return node().services().find<Approvals>()->check(permission.approval, call);
    case Permission::Who::nobody:
      break;
  }
  return not_permitted(collection, verb);
}

Result<void> Documents::check_client(Doing doing, CallContext& call) {
  const auto store = detail::collection_of(*store_, call.body);
  if (!store) return store.error();
  return check_permission(doing, (*store)->collection(), call);
}

Result<Json> Documents::on_add(CallContext& call) {
  if (Result<void> passed = check_client(Doing::adding, call); !passed) return passed.error();
  Result<Json> document = add(request_of(call));
  if (!document) return document;
  return Json{{"document", std::move(*document)}};
}

Result<Json> Documents::on_get(CallContext& call) {
  Result<Page> page = get(request_of(call));
  if (!page) return page.error();
  note_completeness(call, *page);
  return Json{{"documents", std::move(page->documents)}, {"totalCount", page->total_count}};
}

Result<Json> Documents::on_count(CallContext& call) {
  const auto page = read_count(request_of(call));
  if (!page) return page.error();
  note_completeness(call, *page);
  return Json{{"count", page->total_count}};
}

Result<Json> Documents::on_get_by_pk(CallContext& call) {
  const auto page = read_pk(request_of(call));
  if (!page) return page.error();
  const bool is_found = !page->documents.empty();
  if (!is_found) note_completeness(call, *page);
  return Json{{"document", is_found ? page->documents.front() : Json()}};
}

Result<Json> Documents::on_update(CallContext& call) {
  if (Result<void> passed = check_client(Doing::updating, call); !passed) return passed.error();
  const auto updated = update(request_of(call));
  if (!updated) return updated.error();
  return Json{{"updated", *updated}};
}

Result<Json> Documents::on_delete(CallContext& call) {
  if (Result<void> passed = check_client(Doing::removing, call); !passed) return passed.error();
  const auto deleted = remove(request_of(call));
  if (!deleted) return deleted.error();
  return Json{{"deleted", *deleted}};
}

/// Stores a copy that another node hands over, and hands it on. Source: metastocle sections 1.12
/// and 5.2.
Result<Json> Documents::on_store(CallContext& call) {
  const auto info = call.body.find("info");
  const auto document = call.body.find("document");
  if (document == call.body.end() || !document->is_object() || document->empty()) {
    return Error{Errc::logical, "the document must be an object with at least one field",
                 std::string(wire::kInvalidDocument)};
  }
  const bool has_info = info != call.body.end() && info->is_object();
  const auto store = detail::collection_of(*store_, has_info ? *info : Json::object());
  if (!store) return store.error();
  const Collection& collection = (*store)->collection();
  if (!(*store)->is_available()) {
    return Error{Errc::logical, "collection \"" + collection.name() + "\" is full on this node",
                 std::string(wire::kDocumentsLimited)};
  }
  const std::string& key_field = collection.options().duplication_key;
  CollectionStore::Addition addition{.fields = without_system_fields(*document)};
  addition.fields.erase(key_field);
  if (const Json* key = detail::key_of(*document, collection)) addition.key = *key;
  const auto state = detail::CopyState::from_header(call.header(wire::kCopyState));
  if (state) {
    addition.owner = state->owner;
    addition.time = state->time;
    addition.created_at = state->created_at;
  }
  const auto stored = (*store)->add(std::move(addition));
  if (!stored) return stored.error();
  detail::Copy copy{
      .info = *info,
      .document = stored->fields,
      .state = detail::CopyState{stored->revision.time, stored->created_at, stored->owner}};
  copy.document[key_field] = stored->key;
  replication_->hand_on(std::move(copy), duplicates_of(call.body, node().address()));
  return Json{{"document", collection.for_client(collection.presented(stored->fields))}};
}

}  // namespace spreadable::documents
