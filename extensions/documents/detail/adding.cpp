#include "extensions/documents/detail/adding.h"

#include <stdexcept>
#include <utility>

#include "core/transport.h"
#include "extensions/documents/network_wire.h"
#include "extensions/documents/wire.h"

namespace spreadable::documents::detail {
namespace {

const Schema& slave_schema() {
  static const Schema existence = schema::any_of({schema::null(), schema::object({})});
  static const Schema whole = schema::object({{"count", schema::number()},
                                              {"isFull", schema::boolean()},
                                              {"isAvailable", schema::boolean()},
                                              {"existenceInfo", existence},
                                              {"address", schema::address()}},
                                             schema::Keys::strict);
  return whole;
}

const Schema& master_schema() {
  static const Schema existing =
      schema::object({{"address", schema::address()}, {"existenceInfo", schema::object({})}},
                     schema::Keys::strict);
  static const schema::ArrayLimits limits{.items_max = Transport::kGroupMax,
                                          .unique_by = "address"};
  static const Schema whole = schema::object({{"candidates", schema::array(slave_schema(), limits)},
                                              {"existing", schema::array(existing, limits)},
                                              {"address", schema::address()}},
                                             schema::Keys::strict);
  return whole;
}

void append(Json& list, const Json& items) {
  list.insert(list.end(), items.begin(), items.end());
}

Candidate candidate_of(const Json& item) {
  return {*Address::parse(item["address"].get_ref<const std::string&>()),
          item["count"].get<double>(), item["isFull"].get<bool>()};
}

Json to_json(const Candidate& candidate) {
  return {{"address", candidate.address.text()},
          {"count", candidate.count},
          {"isFull", candidate.is_full},
          {"isAvailable", true},
          {"existenceInfo", nullptr}};
}

}  // namespace

AdditionInfo AdditionInfo::parse(const Json& value) {
  AdditionInfo info;
  for (const Json& item : value["candidates"]) info.candidates.push_back(candidate_of(item));
  for (const Json& item : value["existing"]) {
    info.existing.push_back(
        {*Address::parse(item["address"].get_ref<const std::string&>()), item["existenceInfo"]});
  }
  return info;
}

AdditionInfoAction::AdditionInfoAction(Context context)
    : NetworkAction(std::string(wire::kAdditionInfo)), context_(context) {
  is_for_clients_ = false;
}

Result<void> AdditionInfoAction::check(const Json& query) const {
  const auto info = query.find("info");
  const Json none = Json::object();
  const bool is_object = info != query.end() && info->is_object();
  auto store = collection_of(context_.store, is_object ? *info : none);
  if (!store) return store.error();
  return {};
}

Json AdditionInfoAction::local(const Json& query, CallContext&) {
  const Json& info = query["info"];
  CollectionStore& store = **collection_of(context_.store, info);
  Json existence;
  if (const auto pk = info.find("pkValue"); pk != info.end()) {
    const auto found = store.find(*pk);
    if (!found) throw std::runtime_error(found.error().message);
    if (*found) existence = store.collection().with_system_fields(**found);
  }
  return {{"count", store.count()},
          {"isFull", store.is_full()},
          {"isAvailable", store.is_available()},
          {"existenceInfo", std::move(existence)}};
}

std::vector<Candidate> AdditionInfoAction::chosen(const Json& items, std::size_t limit) const {
  std::vector<Candidate> candidates;
  for (const Json& item : items) {
    const bool has_room = item["isAvailable"].get<bool>() && item["existenceInfo"].is_null();
    if (has_room) candidates.push_back(candidate_of(item));
  }
  // Of those with equally many documents any will do. Were it always the same ones, documents would
  // share all their nodes, and be lost together.
  context_.node.random().shuffle(candidates);
  const std::size_t size = context_.node.peers().view()->network_size();
  return choose_candidates(
      candidates,
      {.limit = limit,
       .is_allowed =
           [&](const Address& address) {
             return context_.node.access().check_lists(address).has_value();
           },
       .weight =
           [&](const Address& address) { return context_.suspicions.weight(address, size); }});
}

Json AdditionInfoAction::merge_slaves(std::vector<Reply>& replies, const Json& query,
                                      CallContext&) const {
  const Collection& collection = (*collection_of(context_.store, query["info"]))->collection();
  Json items = Json::array();
  Json existing = Json::array();
  for (const Reply& reply : replies) {
    Json item = reply.value;
    item["address"] = reply.from.text();
    if (is_sound(item["existenceInfo"], collection)) {
      existing.push_back(
          {{"address", reply.from.text()}, {"existenceInfo", item["existenceInfo"]}});
    }
    items.push_back(std::move(item));
  }
  Json candidates = Json::array();
  for (const Candidate& candidate : chosen(items, replica_count(context_, collection))) {
    candidates.push_back(to_json(candidate));
  }
  return {{"candidates", std::move(candidates)}, {"existing", std::move(existing)}};
}

Json AdditionInfoAction::merge_masters(std::vector<Reply>& replies, const Json& query,
                                       CallContext&) const {
  const Collection& collection = (*collection_of(context_.store, query["info"]))->collection();
  Json items = Json::array();
  Json existing = Json::array();
  for (const Reply& reply : replies) {
    append(items, reply.value["candidates"]);
    for (const Json& item : reply.value["existing"]) {
      if (is_sound(item["existenceInfo"], collection)) existing.push_back(item);
    }
  }
  const std::size_t wanted = replica_count(context_, collection);
  const std::size_t missing = wanted > existing.size() ? wanted - existing.size() : 0;
  Json candidates = Json::array();
  for (const Candidate& candidate : chosen(items, missing)) {
    candidates.push_back(to_json(candidate));
  }
  return {{"candidates", std::move(candidates)}, {"existing", std::move(existing)}};
}

const Schema* AdditionInfoAction::answer_schema(Answerer from, const Json&) const {
  return from == Answerer::slave ? &slave_schema() : &master_schema();
}

}  // namespace spreadable::documents::detail
