#include "extensions/documents/client.h"

#include <utility>

#include "core/schema.h"
#include "extensions/documents/network_wire.h"

namespace spreadable::documents {
namespace {

spreadable::Client::Options with_version(spreadable::Client::Options options) {
  options.version = std::string(wire::kCodename) + "-0.3";
  return options;
}

Json actions_of(const Client::Query& query) {
  Json actions{{"offset", query.offset},
               {"limit", query.limit},
               {"removeDuplicates", query.removes_duplicates}};
  if (!query.filter.is_null()) actions["filter"] = query.filter;
  if (!query.sort.is_null()) actions["sort"] = query.sort;
  if (!query.fields.is_null()) actions["fields"] = query.fields;
  return actions;
}

Error unexpected(std::string_view endpoint, const Error& error) {
  return {Errc::bad_response, "answer of " + std::string(endpoint) + ": " + error.message, {}};
}

/// The number in field `field` of an answer.
Result<std::size_t> number_in(std::string_view endpoint, const Result<Json>& answer,
                              const char* field) {
  if (!answer) return answer.error();
  const Schema whole = schema::object({{field, schema::integer({.min = 0})}});
  if (Result<void> passed = whole.check(*answer); !passed) {
    return unexpected(endpoint, passed.error());
  }
  return (*answer)[field].get<std::size_t>();
}

Result<Json> document_in(std::string_view endpoint, Result<Json> answer) {
  static const Schema whole =
      schema::object({{"document", schema::any_of({schema::null(), schema::object({})})}});
  if (!answer) return answer;
  if (Result<void> passed = whole.check(*answer); !passed) {
    return unexpected(endpoint, passed.error());
  }
  return std::move((*answer)["document"]);
}

}  // namespace

Client::Client(spreadable::Client::Options options, spreadable::Client::Parts parts)
    : client_(with_version(std::move(options)), parts) {}

Result<Json> Client::send(std::string_view endpoint, Json body, const Sending& sending) {
  if (!sending.owner_token.empty()) body["ownerToken"] = sending.owner_token;
  return client_.request(endpoint, std::move(body),
                         {.timeout = sending.timeout, .approval_info = sending.approval_info});
}

Result<Json> Client::add(std::string_view collection, const Json& document, const Adding& adding) {
  Json body{{"collection", collection}, {"document", document}};
  if (adding.ignore_existence_error) body["ignoreExistenceError"] = true;
  return document_in(wire::kAddDocument, send(wire::kAddDocument, std::move(body), adding));
}

Result<Client::Page> Client::get(std::string_view collection, const Query& query) {
  static const Schema whole = schema::object({{"documents", schema::array(schema::object({}))},
                                              {"totalCount", schema::integer({.min = 0})}});
  Result<Json> answer = send(wire::kGetDocuments,
                             {{"collection", collection}, {"actions", actions_of(query)}}, query);
  if (!answer) return answer.error();
  if (Result<void> passed = whole.check(*answer); !passed) {
    return unexpected(wire::kGetDocuments, passed.error());
  }
  Page page{.documents = {}, .total_count = (*answer)["totalCount"].get<std::size_t>()};
  for (Json& document : (*answer)["documents"]) page.documents.push_back(std::move(document));
  return page;
}

Result<std::size_t> Client::count(std::string_view collection, const Query& query) {
  constexpr std::string_view kEndpoint = "get-documents-count";
  return number_in(
      kEndpoint,
      send(kEndpoint, {{"collection", collection}, {"actions", actions_of(query)}}, query),
      "count");
}

Result<Json> Client::get_by_pk(std::string_view collection, const Json& pk,
                               const Sending& sending) {
  constexpr std::string_view kEndpoint = "get-document-by-pk";
  return document_in(kEndpoint,
                     send(kEndpoint, {{"collection", collection}, {"pkValue", pk}}, sending));
}

Result<std::size_t> Client::update(std::string_view collection, const Json& document,
                                   const Change& change) {
  Json actions{{"replace", change.replaces}};
  if (!change.filter.is_null()) actions["filter"] = change.filter;
  return number_in(
      wire::kUpdateDocuments,
      send(wire::kUpdateDocuments,
           {{"collection", collection}, {"document", document}, {"actions", std::move(actions)}},
           change),
      "updated");
}

Result<std::size_t> Client::remove(std::string_view collection, const Change& change) {
  Json actions = Json::object();
  if (!change.filter.is_null()) actions["filter"] = change.filter;
  return number_in(wire::kDeleteDocuments,
                   send(wire::kDeleteDocuments,
                        {{"collection", collection}, {"actions", std::move(actions)}}, change),
                   "deleted");
}

}  // namespace spreadable::documents
