#include "extensions/documents/detail/reading.h"

#include <algorithm>
#include <set>
#include <stdexcept>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "extensions/documents/detail/key_marks.h"
#include "extensions/documents/network_wire.h"
#include "extensions/documents/wire.h"

namespace spreadable::documents::detail {
namespace {

/// Of the time for an answer, what is kept back for putting it together.
constexpr int kAnsweringShare = 8;

const Schema& reading_schema() {
  static const Schema documents = schema::array(schema::object({}));
  static const Schema plain = schema::object(
      {{"documents", documents}, {"address", schema::address()}}, schema::Keys::strict);
  static const Schema keys = schema::array(schema::string({.bytes_max = Collection::kKeyBytesMax}));
  static const Schema extended = schema::object({{"documents", documents},
                                                 {"others", schema::string()},
                                                 {"conflicts", keys},
                                                 {"isCut", schema::boolean()},
                                                 {"address", schema::address()}},
                                                schema::Keys::strict);
  static const Schema either = schema::any_of({extended, plain});
  return either;
}

bool is_counting(const Json& query) {
  const auto flag = query.find("isCounting");
  return flag != query.end() && flag->is_boolean() && flag->get<bool>();
}

/// The pk asked for, or nullptr; those that JavaScript takes for none are none.
const Json* pk_asked(const Json& query) {
  const auto pk = query.find("pkValue");
  if (pk == query.end()) return nullptr;
  const bool is_text = pk->is_string() && !pk->get_ref<const std::string&>().empty();
  const bool is_number = pk->is_number() && pk->get<double>() != 0;
  return is_text || is_number ? &*pk : nullptr;
}

template <class T>
T value_or_throw(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().message);
  return std::move(*result);
}

Json extended_answer(Json documents, const std::vector<KeyMark>& others, Json conflicts,
                     bool is_cut) {
  return {{"documents", std::move(documents)},
          {"others", pack_marks(others)},
          {"conflicts", std::move(conflicts)},
          {"isCut", is_cut}};
}

}  // namespace

bool wants_extended(const CallContext& call) {
  return call.header(wire::kForm) == wire::kExtendedForm;
}

Reading Reading::parse(Json value) {
  Reading reading{.documents = {},
                  .others = value["others"].get<std::size_t>(),
                  .conflicts = {},
                  .is_cut = value["isCut"].get<bool>()};
  for (Json& document : value["documents"]) reading.documents.push_back(std::move(document));
  for (Json& key : value["conflicts"]) reading.conflicts.push_back(std::move(key));
  return reading;
}

/// What several nodes have sent, put together.
struct ReadAction::Pool {
  std::vector<Json> documents;  ///< in the order of replies
  std::vector<KeyMark> others;  ///< of those that were not sent
  std::set<std::string> conflicts;
  bool is_cut = false;

  /// One document for each key, as the query has it; of the others those without a document.
  void settle(const DocumentQuery& query, const Collection& collection);
  /// Leaves the first documents that the page needs; the rest becomes others.
  void cut(const DocumentQuery& query, const Collection& collection);
};

void ReadAction::Pool::settle(const DocumentQuery& query, const Collection& collection) {
  if (!query.removes_duplicates()) return;
  std::unordered_map<std::string, const Json*> first;
  for (const Json& document : documents) {
    const std::string key = key_text(*key_of(document, collection));
    const auto [known, is_new] = first.emplace(key, &document);
    if (!is_new && *known->second != document && conflicts.size() < kConflictsMax) {
      conflicts.insert(key);
    }
  }
  make_unique(others);
  std::unordered_set<KeyMark> sent;
  for (const auto& [key, document] : first) sent.insert(key_mark(key));
  std::erase_if(others, [&](KeyMark mark) { return sent.contains(mark); });
  documents = query.merged(std::move(documents), collection.options().duplication_key);
}

void ReadAction::Pool::cut(const DocumentQuery& query, const Collection& collection) {
  const auto needed = query.first_needed();
  if (!needed || documents.size() <= *needed) return;
  query.sort(documents);
  for (std::size_t i = *needed; i < documents.size(); ++i) {
    others.push_back(key_mark(key_text(*key_of(documents[i], collection))));
  }
  documents.resize(*needed);
}

ReadAction::ReadAction(Context context)
    : NetworkAction(std::string(wire::kGetDocuments)), context_(context) {
  is_for_clients_ = false;
  passed_headers_ = {std::string(wire::kForm)};
}

Result<void> ReadAction::check(const Json& query) const {
  if (auto store = collection_of(context_.store, query); !store) return store.error();
  if (auto parsed = DocumentQuery::parse(actions_of(query)); !parsed) return parsed.error();
  return {};
}

Deadline ReadAction::reading_deadline(const CallContext& call) const {
  const Clock& clock = context_.node.clock();
  return call.deadline.earlier_by(call.deadline.remaining(clock) / kAnsweringShare);
}

Json ReadAction::local_keys(const CollectionStore& store, const DocumentQuery& query,
                            const CallContext& call) const {
  const auto found = value_or_throw(store.select_keys(query.filter(), reading_deadline(call)));
  if (wants_extended(call)) {
    std::vector<KeyMark> others;
    others.reserve(found.keys.size());
    for (const Json& key : found.keys) others.push_back(key_mark(key_text(key)));
    return extended_answer(Json::array(), others, Json::array(), !found.is_complete);
  }
  Json documents = Json::array();
  for (const Json& key : found.keys) {
    documents.push_back({{store.collection().options().duplication_key, key}});
  }
  return {{"documents", std::move(documents)}};
}

Json ReadAction::local(const Json& query, CallContext& call) {
  CollectionStore& store = **collection_of(context_.store, query);
  const Collection& collection = store.collection();
  const DocumentQuery parsed = *DocumentQuery::parse(actions_of(query));
  const Json* const pk = pk_asked(query);
  if (is_counting(query) && !pk) return local_keys(store, parsed, call);

  CollectionStore::Selection found;
  if (pk) {
    auto document = value_or_throw(store.find(*pk));
    if (document && parsed.filter().matches(collection.presented(document->fields))) {
      found.documents.push_back(std::move(*document));
    }
  } else {
    const auto first = wants_extended(call) ? parsed.first_needed() : std::nullopt;
    found = value_or_throw(store.select(
        parsed, {.deadline = reading_deadline(call), .bytes_max = kAnswerBytesMax}, first));
  }
  if (!is_counting(query)) store.touch(found.documents);

  Json documents = Json::array();
  std::set<std::string> sent;
  for (const Document& document : found.documents) {
    sent.insert(key_text(document.key));
    if (is_counting(query)) {
      documents.push_back({{collection.options().duplication_key, document.key}});
    } else {
      documents.push_back(parsed.projected(collection.for_node(document)));
    }
  }
  if (!wants_extended(call)) return {{"documents", std::move(documents)}};
  std::vector<KeyMark> others;
  for (const Json& key : found.keys) {
    if (const std::string text = key_text(key); !sent.contains(text)) {
      others.push_back(key_mark(text));
    }
  }
  return extended_answer(std::move(documents), others, Json::array(), !found.is_complete);
}

ReadAction::Pool ReadAction::gather(const std::vector<Reply>& replies, const Json& query,
                                    const DocumentQuery& parsed) const {
  const Collection& collection = (*collection_of(context_.store, query))->collection();
  Pool pool;
  for (const Reply& reply : replies) {
    for (const Json& document : reply.value["documents"]) {
      const bool is_usable = is_counting(query) ? key_of(document, collection) != nullptr
                                                : is_sound(document, collection);
      if (is_usable) pool.documents.push_back(document);
    }
    if (!reply.value.contains("others")) continue;
    const auto others = unpack_marks(reply.value["others"].get_ref<const std::string&>());
    if (others) pool.others.insert(pool.others.end(), others->begin(), others->end());
    pool.is_cut = pool.is_cut || !others;
    for (const Json& key : reply.value["conflicts"]) {
      if (pool.conflicts.size() < kConflictsMax) pool.conflicts.insert(key.get<std::string>());
    }
    pool.is_cut = pool.is_cut || reply.value["isCut"].get<bool>();
  }
  pool.settle(parsed, collection);
  return pool;
}

Json ReadAction::merge_slaves(std::vector<Reply>& replies, const Json& query,
                              CallContext& call) const {
  const DocumentQuery parsed = *DocumentQuery::parse(actions_of(query));
  Pool pool = gather(replies, query, parsed);
  if (!wants_extended(call)) return {{"documents", std::move(pool.documents)}};
  pool.cut(parsed, (*collection_of(context_.store, query))->collection());
  return extended_answer(std::move(pool.documents), pool.others, std::move(pool.conflicts),
                         pool.is_cut);
}

Json ReadAction::merge_masters(std::vector<Reply>& replies, const Json& query, CallContext&) const {
  Pool pool = gather(replies, query, *DocumentQuery::parse(actions_of(query)));
  return {{"documents", std::move(pool.documents)},
          {"others", pool.others.size()},
          {"conflicts", std::move(pool.conflicts)},
          {"isCut", pool.is_cut}};
}

const Schema* ReadAction::answer_schema(Answerer, const Json&) const {
  return &reading_schema();
}

}  // namespace spreadable::documents::detail
