// What Documents does for whoever asks: one walk through the network each, and what follows.
#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include "core/budget.h"
#include "extensions/documents/detail/adding.h"
#include "extensions/documents/detail/copying.h"
#include "extensions/documents/detail/reading.h"
#include "extensions/documents/detail/replication.h"
#include "extensions/documents/documents.h"
#include "extensions/documents/network_wire.h"
#include "extensions/documents/wire.h"

namespace spreadable::documents {
namespace {

using detail::AdditionInfo;
using detail::Existing;

/// Acknowledgements to wait for before a client is told. Source: reliability R20.
constexpr std::size_t kDurableCopies = 2;

/// Time for asking where a document could go, of which the rest stays for sending it there. Source:
/// metastocle sections 1.11 and 5.1.
Deadline info_deadline(const Node& node, Millis addition_timeout, Deadline deadline) {
  using FloatMillis = std::chrono::duration<double, std::milli>;
  const double walk = FloatMillis(2 * node.options().request.server_timeout).count();
  const std::array stages{walk, FloatMillis(addition_timeout).count()};
  const double left = FloatMillis(deadline.remaining(node.clock())).count();
  const double share =
      stage_share(left, stages, {.min_ms = walk, .grabs_free = true}).value_or(left);
  return deadline.at_most(
      Deadline::after(node.clock(), std::chrono::duration_cast<Duration>(FloatMillis(share))));
}

double created_at(const Existing& existing) {
  const auto field = existing.document.find(wire::kCreatedAt);
  const bool has_time = field != existing.document.end() && field->is_number();
  return has_time ? field->get<double>() : 0;
}

const Existing& oldest_of(const std::vector<Existing>& existing) {
  return *std::min_element(
      existing.begin(), existing.end(),
      [](const Existing& a, const Existing& b) { return created_at(a) < created_at(b); });
}

/// A document that exists already, as its copies at nodes of upstream have it.
detail::Copy copy_of(const Existing& existing, const Collection& collection, Json info) {
  const auto millis = static_cast<std::int64_t>(created_at(existing));
  detail::Copy copy{.info = std::move(info),
                    .document = without_system_fields(existing.document),
                    .state = detail::CopyState{millis, WallTime(Millis(millis)), {}}};
  if (const Json* key = detail::key_of(existing.document, collection)) {
    copy.document[collection.options().duplication_key] = *key;
  }
  return copy;
}

std::deque<Address> addresses_of(const std::vector<Candidate>& candidates, const Address& first) {
  std::deque<Address> addresses;
  for (const Candidate& candidate : candidates) {
    if (candidate.address == first) {
      addresses.push_front(candidate.address);
    } else {
      addresses.push_back(candidate.address);
    }
  }
  return addresses;
}

/// What most of those who hold a document have; of states that as many have, the latest.
const Document& winner_of(const std::vector<const Document*>& copies) {
  std::map<std::string, std::pair<std::size_t, const Document*>> votes;
  for (const Document* copy : copies) {
    auto& [count, latest] = votes[copy->revision.digest];
    ++count;
    if (!latest || latest->revision < copy->revision) latest = copy;
  }
  const auto best = std::max_element(votes.begin(), votes.end(), [](const auto& a, const auto& b) {
    const auto& [count_a, copy_a] = a.second;
    const auto& [count_b, copy_b] = b.second;
    return count_a != count_b ? count_a < count_b : copy_a->revision < copy_b->revision;
  });
  return *best->second.second;
}

}  // namespace

Result<Json> Documents::add(const Request& request) {
  const auto found = detail::collection_of(*store_, {{"collection", request.collection}});
  if (!found) return found.error();
  const Collection& collection = (*found)->collection();
  const auto accepted = collection.accepted(request.document);
  if (!accepted) return accepted.error();
  auto prepared =
      collection.prepared(*accepted, /*previous=*/nullptr, node().clock(), node().random());
  if (!prepared) return prepared.error();

  Json info{{"collection", request.collection}};
  if (const Json* pk = collection.pk_of(*accepted)) info["pkValue"] = *pk;
  const auto asked =
      node().traverse(wire::kAdditionInfo, {{"info", info}},
                      info_deadline(node(), options_.addition_node_timeout, request.deadline));
  if (!asked) return asked.error();
  const AdditionInfo answer = AdditionInfo::parse(asked->value);

  const std::string& key_field = collection.options().duplication_key;
  const bool exists = !answer.existing.empty();
  detail::Copy copy{.info = info, .document = std::move(*prepared)};
  if (exists) {
    copy = copy_of(oldest_of(answer.existing), collection, info);
  } else {
    const WallTime now = node().clock().wall_now();
    copy.document[key_field] = make_key(now, node().random());
    copy.state = detail::CopyState{to_epoch_millis(now), now,
                                   owner_digest(detail::proof_of(request.owner_token))};
  }
  const auto existence = [&]() -> Result<Json> {
    if (request.ignores_existence) {
      return collection.for_client(oldest_of(answer.existing).document);
    }
    return Error{Errc::logical, "the document exists already", std::string(wire::kDocumentExists)};
  };
  // Copies that nodes of ours lack are made by those who hold the document and know its owner.
  const bool is_foreign =
      std::all_of(answer.existing.begin(), answer.existing.end(),
                  [&](const Existing& one) { return node().book().is_foreign(one.address); });
  if (exists && !is_foreign) return existence();
  if (answer.candidates.empty()) {
    if (exists) return existence();
    return Error{Errc::logical, "no node has room for the document",
                 std::string(wire::kNotFoundServer)};
  }
  const Address& first = answer.candidates.front().address;
  if (!node().access().is_trusted(first)) {
    suspicions_.note_chosen(first, node().peers().view()->network_size());
  }
  const auto placing =
      detail::place(context(), copy, addresses_of(answer.candidates, node().address()),
                    std::min(kDurableCopies, answer.candidates.size()), request.deadline);
  if (exists) return existence();
  if (placing.copies == 0) {
    if (placing.refusal) return *placing.refusal;
    return Error{Errc::logical, "no node has stored the document",
                 std::string(wire::kNotFoundServer)};
  }
  return collection.for_client(placing.document.value_or(copy.document));
}

struct Documents::Question {
  Json query;
  bool is_counting = false;
};

Result<Documents::Page> Documents::read(const Request& request, const Question& question) {
  const auto found = detail::collection_of(*store_, {{"collection", request.collection}});
  if (!found) return found.error();
  const Collection& collection = (*found)->collection();
  auto result = node().traverse(
      wire::kGetDocuments, question.query,
      {.deadline = request.deadline, .headers = {{wire::kForm, wire::kExtendedForm}}});
  if (!result) return result.error();
  detail::Reading reading = detail::Reading::parse(std::move(result->value));
  const auto parsed = DocumentQuery::parse(detail::actions_of(question.query));
  if (!parsed) return parsed.error();
  Page page{.documents = {},
            .total_count = reading.others + reading.documents.size(),
            .is_complete = result->complete && !reading.is_cut};
  if (question.is_counting) return page;
  auto answer =
      parsed->finished(std::move(reading.documents), collection.options().duplication_key);
  page.total_count = answer.total_count + reading.others;
  page.documents = std::move(answer.documents);
  if (!reading.conflicts.empty()) settle_conflicts(page, reading.conflicts, request);
  for (Json& document : page.documents) document = collection.for_client(std::move(document));
  return page;
}

void Documents::settle_conflicts(Page& page, const std::vector<Json>& keys,
                                 const Request& request) {
  const Collection& collection = store_->find(request.collection)->collection();
  std::map<std::string, Json*> shown;
  for (Json& document : page.documents) {
    const Json* key = detail::key_of(document, collection);
    if (key && std::find(keys.begin(), keys.end(), key_text(*key)) != keys.end()) {
      shown.emplace(key_text(*key), &document);
    }
  }
  std::vector<std::string> asked;
  for (const auto& [key, document] : shown) {
    if (asked.size() < detail::Comparison::kKeysMax) asked.push_back(key);
  }
  if (asked.empty()) return;
  const auto copies = replication_->ask_holders(request.collection, asked, request.deadline);
  const auto parsed = DocumentQuery::parse(request.actions);
  for (const std::string& key : asked) {
    std::vector<const Document*> of_key;
    for (const Document& copy : copies) {
      if (key_text(copy.key) == key) of_key.push_back(&copy);
    }
    if (of_key.empty() || !parsed) continue;
    *shown[key] = parsed->projected(collection.for_node(winner_of(of_key)));
  }
}

Result<Documents::Page> Documents::get(const Request& request) {
  return read(request,
              {.query = {{"collection", request.collection}, {"actions", request.actions}}});
}

Result<Documents::Page> Documents::read_count(const Request& request) {
  Json actions = request.actions;
  if (actions.is_object()) actions.update({{"limit", 0}, {"offset", 0}, {"sort", nullptr}});
  return read(request, {.query = {{"collection", request.collection},
                                  {"actions", std::move(actions)},
                                  {"isCounting", true}},
                        .is_counting = true});
}

Result<std::size_t> Documents::count(const Request& request) {
  const auto page = read_count(request);
  if (!page) return page.error();
  return page->total_count;
}

Result<Documents::Page> Documents::read_pk(const Request& request) {
  const auto found = detail::collection_of(*store_, {{"collection", request.collection}});
  if (!found) return found.error();
  const CollectionOptions& options = (*found)->collection().options();
  // As in a document to be added, such values stand for none.
  if (options.pk.empty() || !(*found)->collection().pk_of({{options.pk, request.pk}})) {
    return Page();
  }
  return read(request, {.query = {{"collection", request.collection},
                                  {"actions", {{"limit", 1}, {"offset", 0}}},
                                  {"pkValue", request.pk}}});
}

Result<Json> Documents::get_by_pk(const Request& request) {
  auto page = read_pk(request);
  if (!page) return page.error();
  return page->documents.empty() ? Json() : std::move(page->documents.front());
}

Result<std::size_t> Documents::change(std::string_view action, const char* count_field,
                                      const Request& request) {
  Json query{{"collection", request.collection}, {"actions", request.actions}};
  if (!request.document.is_null()) query["document"] = request.document;
  Node::Asking asking{.deadline = request.deadline};
  const std::string proof = detail::proof_of(request.owner_token);
  if (!proof.empty()) asking.headers.add(wire::kOwnerProof, proof);
  const auto result = node().traverse(action, query, asking);
  if (!result) return result.error();
  return result->value[count_field].get<std::size_t>();
}

Result<std::size_t> Documents::update(const Request& request) {
  const auto found = detail::collection_of(*store_, {{"collection", request.collection}});
  if (!found) return found.error();
  auto accepted = (*found)->collection().accepted(request.document);
  if (!accepted) return accepted.error();
  Request checked = request;
  checked.document = std::move(*accepted);
  return change(wire::kUpdateDocuments, "updated", checked);
}

Result<std::size_t> Documents::remove(const Request& request) {
  Request bare = request;
  bare.document = nullptr;
  return change(wire::kDeleteDocuments, "deleted", bare);
}

}  // namespace spreadable::documents
