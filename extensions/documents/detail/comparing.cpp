#include "extensions/documents/detail/comparing.h"

#include <algorithm>
#include <set>
#include <stdexcept>

#include "core/transport.h"
#include "extensions/documents/network_wire.h"

namespace spreadable::documents::detail {
namespace {

constexpr std::size_t kMarkBytes = 8;

std::vector<schema::Property> holding_properties() {
  static const Schema entry = schema::array(schema::any(), {.items_min = 2, .items_max = 2});
  return {{"count", schema::number()},
          {"isFull", schema::boolean()},
          {"isAvailable", schema::boolean()},
          {"same", schema::string({.bytes_max = Comparison::kKeysMax / 4})},
          {"different", schema::array(entry, {.items_max = Comparison::kKeysMax})},
          {"address", schema::address()}};
}

const Schema& slave_schema() {
  static const Schema whole = schema::object(holding_properties(), schema::Keys::strict);
  return whole;
}

const Schema& master_schema() {
  static const Schema whole = schema::object(
      {{"nodes", schema::array(slave_schema(), {.items_max = 2 * Transport::kGroupMax})},
       {"address", schema::address()}},
      schema::Keys::strict);
  return whole;
}

const Schema& query_schema() {
  static const schema::ArrayLimits limits{.items_max = Comparison::kKeysMax};
  static const Schema whole = schema::object(
      {{"collection", schema::string()},
       {"keys", schema::array(schema::string({.bytes_max = Collection::kKeyBytesMax}), limits)},
       {"marks", schema::array(schema::string({.bytes_max = 2 * kMarkBytes}), limits)}});
  return whole;
}

/// The bits as hexadecimal digits, the first bit highest.
std::string to_digits(const std::vector<bool>& bits) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string digits;
  for (std::size_t i = 0; i < bits.size(); i += 4) {
    unsigned digit = 0;
    for (std::size_t j = i; j < i + 4; ++j) digit = digit << 1 | (j < bits.size() && bits[j]);
    digits += kDigits[digit];
  }
  return digits;
}

std::vector<bool> from_digits(std::string_view digits, std::size_t count) {
  std::vector<bool> bits(count);
  for (std::size_t i = 0; i < count && i / 4 < digits.size(); ++i) {
    const char c = digits[i / 4];
    const auto digit = static_cast<unsigned>(c >= 'a' ? c - 'a' + 10 : c - '0');
    bits[i] = (digit >> (3 - i % 4) & 1) != 0;
  }
  return bits;
}

/// What this node has of a document: a copy, a tombstone or nothing.
std::optional<Revision> own_revision(const CollectionStore& store, const std::string& key) {
  const auto document = store.find_key(key);
  if (!document) throw std::runtime_error(document.error().message);
  if (*document) return (*document)->revision;
  const auto tombstone = store.find_tombstone(key);
  if (!tombstone) throw std::runtime_error(tombstone.error().message);
  if (*tombstone) return (*tombstone)->revision;
  return std::nullopt;
}

bool has_any(const Json& node) {
  const auto& same = node["same"].get_ref<const std::string&>();
  return !node["different"].empty() || same.find_first_not_of('0') != std::string::npos;
}

}  // namespace

std::string mark_of(const Revision& revision) {
  const std::string text =
      std::to_string(revision.time) + (revision.is_deletion ? "-" : "+") + revision.digest;
  return to_hex(owner_digest(text).substr(0, kMarkBytes));
}

Json Comparison::to_query(const std::string& collection) const {
  return {{"collection", collection}, {"keys", keys}, {"marks", marks}};
}

bool Holding::has(std::size_t key) const {
  if (same[key]) return true;
  return std::any_of(different.begin(), different.end(), [&](const auto& entry) {
    return entry.first == key && !entry.second.is_deletion;
  });
}

CompareAction::CompareAction(Context context)
    : NetworkAction(std::string(wire::kCompareDocuments)), context_(context) {
  is_for_clients_ = false;
  is_native_only_ = true;
}

Result<void> CompareAction::check(const Json& query) const {
  if (Result<void> passed = query_schema().check(query); !passed) return passed;
  if (query["keys"].size() != query["marks"].size()) {
    return Error{Errc::invalid_argument, "there must be as many marks as keys", {}};
  }
  if (auto store = collection_of(context_.store, query); !store) return store.error();
  return {};
}

Json CompareAction::local(const Json& query, CallContext&) {
  const CollectionStore& store = **collection_of(context_.store, query);
  std::vector<bool> same(query["keys"].size());
  Json different = Json::array();
  for (std::size_t i = 0; i < same.size(); ++i) {
    const auto own = own_revision(store, query["keys"][i].get<std::string>());
    if (!own) continue;
    same[i] = mark_of(*own) == query["marks"][i].get_ref<const std::string&>();
    if (!same[i]) different.push_back(Json::array({i, to_json(*own)}));
  }
  return {{"count", store.count()},
          {"isFull", store.is_full()},
          {"isAvailable", store.is_available()},
          {"same", to_digits(same)},
          {"different", std::move(different)}};
}

Json CompareAction::merge_slaves(std::vector<Reply>& replies, const Json& query,
                                 CallContext&) const {
  Json nodes = Json::array();
  std::vector<Json> others;
  for (const Reply& reply : replies) {
    Json node = reply.value;
    node["address"] = reply.from.text();
    if (has_any(node)) {
      nodes.push_back(std::move(node));
    } else if (node["isAvailable"].get<bool>()) {
      others.push_back(std::move(node));
    }
  }
  std::stable_sort(others.begin(), others.end(), [](const Json& a, const Json& b) {
    return a["count"].get<double>() < b["count"].get<double>();
  });
  const CollectionStore& store = **collection_of(context_.store, query);
  const std::size_t wanted = replica_count(context_, store.collection());
  for (std::size_t i = 0; i < std::min(others.size(), wanted); ++i) {
    nodes.push_back(std::move(others[i]));
  }
  return {{"nodes", std::move(nodes)}};
}

Json CompareAction::merge_masters(std::vector<Reply>& replies, const Json&, CallContext&) const {
  Json nodes = Json::array();
  for (const Reply& reply : replies) {
    for (const Json& node : reply.value["nodes"]) nodes.push_back(node);
  }
  return {{"nodes", std::move(nodes)}};
}

const Schema* CompareAction::answer_schema(Answerer from, const Json&) const {
  return from == Answerer::slave ? &slave_schema() : &master_schema();
}

std::vector<Holding> CompareAction::parse(const Json& value, std::size_t key_count) {
  std::vector<Holding> holdings;
  std::set<Address> seen;
  for (const Json& node : value["nodes"]) {
    Holding holding;
    holding.address = *Address::parse(node["address"].get_ref<const std::string&>());
    if (!seen.insert(holding.address).second) continue;
    holding.room = {holding.address, node["count"].get<double>(), node["isFull"].get<bool>()};
    holding.is_available = node["isAvailable"].get<bool>();
    holding.same = from_digits(node["same"].get_ref<const std::string&>(), key_count);
    for (const Json& entry : node["different"]) {
      auto revision = revision_from(entry[1]);
      const bool is_index = entry[0].is_number_unsigned();
      if (!revision || !is_index || entry[0].get<std::size_t>() >= key_count) continue;
      holding.different.emplace_back(entry[0].get<std::size_t>(), std::move(*revision));
    }
    holdings.push_back(std::move(holding));
  }
  std::sort(holdings.begin(), holdings.end(),
            [](const Holding& a, const Holding& b) { return a.address < b.address; });
  return holdings;
}

}  // namespace spreadable::documents::detail
