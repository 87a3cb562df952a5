// extensions/documents/documents.h: the documents of a network, from the node that is asked for
// them.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "core/node.h"
#include "core/service.h"
#include "extensions/documents/candidates.h"
#include "extensions/documents/document_store.h"

namespace spreadable::documents {
namespace detail {
struct Context;
class Replication;
}  // namespace detail

/// Keeps documents of this node, answers clients about those of all nodes, and looks after copies.
/// A node of kind `documents` has one (kind.h). Derive from it to decide otherwise who may do what;
/// collections of a class of one's own go into the store. Thread-safe; calls block for the network.
/// Source: metastocle sections 4 and 5.
class Documents : public Service {
 public:
  static constexpr const char* kName = "documents";

  struct Options {
    Millis repair_interval{60'000};       ///< KindOptions::repair_interval
    Millis addition_node_timeout{2'000};  ///< KindOptions::addition_node_timeout
  };

  /// What is asked for. Fields that a method does not name are not looked at.
  struct Request {
    std::string collection;
    Deadline deadline;
    Json actions = Json::object();  ///< filter, sort, …; metastocle section 6
    Json document{};
    Json pk{};
    bool ignores_existence = false;  ///< adding what exists gives what exists
    std::string owner_token{};       ///< of whoever adds, changes or deletes
  };

  /// Takes a store to which all collections have been added.
  Documents(Options options, std::unique_ptr<DocumentStore> store);
  ~Documents() override;

  /// Adds Request::document. Gives it as the first node has stored it, once min(2, copies wanted)
  /// nodes have acknowledged it (nodes of ours when it is on their disk); the other copies follow.
  /// Errc::logical: wire::kNotFoundCollection, wire::kDocumentExists, wire::kNotFoundServer, or the
  /// refusal of the first node that was asked; see Collection::accepted.
  [[nodiscard]] Result<Json> add(const Request& request);

  struct Page {
    std::vector<Json> documents;  ///< as clients get them
    std::size_t total_count = 0;  ///< of all pages
    bool is_complete = true;      ///< false: some node did not answer, or had too much to send
  };
  /// The documents that Request::actions select. Where copies of one document differ, those who
  /// hold them are asked directly, and what most of them have counts. Source: reliability S1.
  [[nodiscard]] Result<Page> get(const Request& request);
  [[nodiscard]] Result<std::size_t> count(const Request& request);
  /// The document whose primary key is Request::pk, or null.
  [[nodiscard]] Result<Json> get_by_pk(const Request& request);
  /// Changes by Request::document what Request::actions select; how many copies were changed.
  [[nodiscard]] Result<std::size_t> update(const Request& request);
  /// Deletes what Request::actions select; how many copies were deleted.
  [[nodiscard]] Result<std::size_t> remove(const Request& request);

  [[nodiscard]] DocumentStore& store() { return *store_; }

  void declare_actions() override;
  void declare_routes(Router& router) override;
  [[nodiscard]] Result<void> init() override;
  void deinit() override;
  void describe(Json& status) const override;

 protected:
  enum class Doing { adding, updating, removing };
  /// Whether a client may do that at all; which documents it may change is decided at each node.
  /// By default as the collection's permissions say. Errc::logical with wire::kNotPermitted, or
  /// what the approval says.
  [[nodiscard]] virtual Result<void> check_permission(Doing doing, const Collection& collection,
                                                      CallContext& call);

 private:
  using Handler = Result<Json> (Documents::*)(CallContext&);

  [[nodiscard]] detail::Context context();
  [[nodiscard]] Result<void> check_client(Doing doing, CallContext& call);
  [[nodiscard]] Result<Json> on_add(CallContext& call);
  [[nodiscard]] Result<Json> on_get(CallContext& call);
  [[nodiscard]] Result<Json> on_count(CallContext& call);
  [[nodiscard]] Result<Json> on_get_by_pk(CallContext& call);
  [[nodiscard]] Result<Json> on_update(CallContext& call);
  [[nodiscard]] Result<Json> on_delete(CallContext& call);
  [[nodiscard]] Result<Json> on_store(CallContext& call);

  struct Question;
  [[nodiscard]] Result<Page> read(const Request& request, const Question& question);
  [[nodiscard]] Result<Page> read_count(const Request& request);
  [[nodiscard]] Result<Page> read_pk(const Request& request);
  void settle_conflicts(Page& page, const std::vector<Json>& keys, const Request& request);
  [[nodiscard]] Result<std::size_t> change(std::string_view action, const char* count_field,
                                           const Request& request);
  void declare_maintenance();

  const Options options_;
  const std::unique_ptr<DocumentStore> store_;
  Suspicions suspicions_;
  std::unique_ptr<detail::Replication> replication_;
  std::unique_ptr<Scheduler::Task> maintenance_;
};

}  // namespace spreadable::documents
