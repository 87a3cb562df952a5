#include "extensions/documents/detail/replication.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <utility>

#include "core/schema.h"
#include "core/wire.h"
#include "extensions/documents/detail/parcels.h"
#include "extensions/documents/detail/reading.h"
#include "extensions/documents/detail/stable_hash.h"
#include "extensions/documents/network_wire.h"

namespace spreadable::documents::detail {

namespace {

/// A little more or less, so that nodes do not walk in step.
Duration with_jitter(Duration span, Random& random) {
  return span - span / 10 + span / 50 * static_cast<int>(random.below(11));
}

std::string route(std::string_view name) {
  return std::string(spreadable::wire::kNodeRoute) + std::string(name);
}

PeerRequest copies_request(const Address& to, const std::string& collection,
                           const std::vector<std::string>& keys) {
  static const Schema whole = schema::object({{"copies", schema::array(schema::any())}});
  return {.to = to,
          .path = route(wire::kGetCopies),
          .body = {{"collection", collection}, {"keys", keys}},
          .schema = &whole};
}

/// The copies in an answer to copies_request, one for each key at most.
std::vector<Document> copies_in(const Result<PeerReply>& reply,
                                const std::vector<std::string>& keys) {
  std::vector<Document> documents;
  if (!reply) return documents;
  std::set<std::string> asked(keys.begin(), keys.end());
  for (const Json& json : reply->body["copies"]) {
    auto copy = copy_from(json);
    if (copy && asked.erase(key_text(copy->key)) > 0) documents.push_back(std::move(*copy));
  }
  return documents;
}

const Schema& keys_schema() {
  static const Schema keys = schema::array(schema::string({.bytes_max = Collection::kKeyBytesMax}),
                                           {.items_max = Comparison::kKeysMax});
  return keys;
}

}  // namespace

/// One walk: what this node has, and what the others say.
struct Replication::Walk {
  CollectionStore& store;
  const std::vector<Trace>& traces;
  std::vector<Holding> holdings{};
  bool is_heard = false;  ///< nearly all nodes have answered, and all are ours
  Deadline deadline;

  [[nodiscard]] const std::string& collection() const { return store.collection().name(); }
};

Replication::Replication(Context context, Millis interval)
    : context_(context), interval_(interval) {}

Replication::~Replication() = default;

void Replication::start() {
  Scheduler& scheduler = context_.node.scheduler();
  chain_task_ = scheduler.start("copies of documents", std::chrono::seconds{1},
                                [this] { return run_chains(); });
  walk_task_ =
      scheduler.start("repair of documents", with_jitter(interval_ / 2, context_.node.random()),
                      [this] { return run_walk(); });
}

void Replication::stop() {
  chain_task_.reset();
  walk_task_.reset();
}

void Replication::wake() {
  {
    const MutexLock lock(mutex_);
    const TimePoint now = context_.node.clock().now();
    if (woken_at_ && now - *woken_at_ < interval_) return;
    woken_at_ = now;
  }
  if (walk_task_) walk_task_->wake(std::chrono::seconds{1});
}

void Replication::hand_on(Copy copy, std::vector<Address> duplicates) {
  if (duplicates.empty()) return;
  {
    const MutexLock lock(mutex_);
    if (chains_.size() >= kChainsMax) return;  // a walk will find what is missing
    chains_.push_back({std::move(copy), {duplicates.begin(), duplicates.end()}});
  }
  if (chain_task_) chain_task_->wake();
}

/// One step of the oldest chains: whoever takes a copy hands it on, whoever fails is left out.
Duration Replication::run_chains() {
  constexpr Duration kIdle = std::chrono::hours{1};
  for (;;) {
    std::vector<Chain> chains;
    {
      const MutexLock lock(mutex_);
      while (!chains_.empty() && chains.size() < kChainsAtATime) {
        chains.push_back(std::move(chains_.front()));
        chains_.pop_front();
      }
    }
    if (chains.empty()) return kIdle;
    std::vector<PeerRequest> requests;
    for (Chain& chain : chains) {
      const Address to = chain.duplicates.front();
      chain.duplicates.pop_front();
      requests.push_back(copy_request(context_, to, chain.copy,
                                      {chain.duplicates.begin(), chain.duplicates.end()}));
    }
    const auto replies = context_.node.outbound().request_group(
        requests, Deadline::after(context_.node.clock(), context_.addition_node_timeout));
    const MutexLock lock(mutex_);
    for (std::size_t i = 0; i < replies.size(); ++i) {
      if (replies[i] || chains[i].duplicates.empty()) continue;
      chains_.push_back(std::move(chains[i]));
    }
  }
}

/// The next documents to look at, of the collection that is due. None at the end of a collection.
std::vector<Trace> Replication::next_traces() {
  const auto names = context_.store.names();
  if (collection_ >= names.size()) return {};
  const CollectionStore& store = *context_.store.find(names[collection_]);
  auto traces = store.traces(after_, Comparison::kKeysMax);
  if (traces) return std::move(*traces);
  context_.node.logger().error("documents of \"" + names[collection_] +
                               "\" cannot be compared: " + traces.error().message);
  return {};
}

Duration Replication::run_walk() {
  Node& node = context_.node;
  const auto names = context_.store.names();
  const auto view = node.peers().view();
  const Duration pause =
      kWalkPause * static_cast<int>(std::min<std::size_t>(view->network_size(), 1'000'000));
  while (collection_ < names.size()) {
    const std::vector<Trace> traces = next_traces();
    if (traces.empty()) {
      ++collection_;
      after_.clear();
      continue;
    }
    after_ = traces.back().key;
    if (view->network_size() > 1) walk(*context_.store.find(names[collection_]), traces);
    return with_jitter(pause, node.random());
  }
  collection_ = 0;
  return with_jitter(std::max<Duration>(interval_, pause), node.random());
}

void Replication::walk(CollectionStore& store, const std::vector<Trace>& traces) {
  Comparison comparison;
  for (const Trace& trace : traces) {
    comparison.keys.push_back(trace.key);
    comparison.marks.push_back(mark_of(trace.revision));
  }
  Node& node = context_.node;
  const auto result =
      node.traverse(wire::kCompareDocuments, comparison.to_query(store.collection().name()));
  if (!result) return;
  const std::size_t silent = result->nodes_asked - result->nodes_answered;
  Walk walk{.store = store,
            .traces = traces,
            .holdings = CompareAction::parse(result->value, traces.size()),
            .is_heard = result->nodes_asked >= node.peers().view()->network_size() &&
                        static_cast<double>(silent) <=
                            kSilentShareMax * static_cast<double>(result->nodes_asked),
            .deadline = Deadline::after(node.clock(), 4 * node.options().request.server_timeout)};
  std::erase_if(walk.holdings,
                [&](const Holding& holding) { return holding.address == node.address(); });
  take_later(walk);
  give_later(walk);
  if (walk.is_heard) make_missing(walk);
}

/// Fetches what others have in a later state, each from one of those who have the latest.
void Replication::take_later(Walk& walk) {
  struct Latest {
    Revision revision;
    Address from;
  };
  std::map<std::size_t, Latest> latest;
  for (const Holding& holding : walk.holdings) {
    for (const auto& [key, revision] : holding.different) {
      if (revision <= walk.traces[key].revision) continue;
      const auto known = latest.find(key);
      if (known == latest.end() || known->second.revision < revision) {
        latest[key] = {revision, holding.address};
      }
    }
  }
  std::map<Address, std::vector<std::string>> wanted;
  for (const auto& [key, later] : latest) {
    if (!later.revision.is_deletion) {
      wanted[later.from].push_back(walk.traces[key].key);
    } else if (walk.store.merge(Tombstone{walk.traces[key].key, later.revision})) {
      ++counters_.taken;
    }
  }
  for (const auto& [from, keys] : wanted) {
    for (const Document& document : fetch(from, walk.collection(), keys, walk.deadline)) {
      if (walk.store.merge(document)) ++counters_.taken;
    }
  }
}

/// Hands what this node has to those who have it in an earlier state.
void Replication::give_later(Walk& walk) {
  Parcels parcels(context_, walk.collection());
  for (const Holding& holding : walk.holdings) {
    for (const auto& [key, revision] : holding.different) {
      const Trace& own = walk.traces[key];
      if (own.revision <= revision) continue;
      if (own.revision.is_deletion) {
        parcels.add(holding.address, Tombstone{own.key, own.revision});
      } else if (const auto document = walk.store.find_key(own.key); document && *document) {
        parcels.add(holding.address, **document);
      }
    }
  }
  counters_.given += parcels.send(walk.deadline);
}

void Replication::make_missing(Walk& walk) {
  const Address& self = context_.node.address();
  const std::size_t wanted = replica_count(context_, walk.store.collection());
  std::map<Address, double> rooms;
  for (const Holding& holding : walk.holdings) {
    const bool is_allowed = context_.node.access().check_lists(holding.address).has_value();
    if (!holding.is_available || !is_allowed) continue;
    rooms[holding.address] = holding.room.count + (holding.room.is_full ? 1e15 : 0);
  }
  Parcels parcels(context_, walk.collection());
  for (std::size_t key = 0; key < walk.traces.size(); ++key) {
    const Trace& own = walk.traces[key];
    if (own.revision.is_deletion) continue;
    std::set<Address> holders{self};
    std::set<Address> others;
    for (const Holding& holding : walk.holdings) {
      if (holding.has(key)) holders.insert(holding.address);
      if (rooms.contains(holding.address)) others.insert(holding.address);
    }
    for (const Address& holder : holders) others.erase(holder);
    const auto responsible =
        *std::min_element(holders.begin(), holders.end(), [&](const Address& a, const Address& b) {
          return stable_hash({own.key, a.text()}) < stable_hash({own.key, b.text()});
        });
    if (holders.size() >= wanted || others.empty() || responsible != self) continue;
    const auto document = walk.store.find_key(own.key);
    if (!document || !*document) continue;
    const Millis age = context_.node.clock().wall_now() - (*document)->updated_at;
    if (age >= Millis::zero() && age < kSettlingTime) continue;
    std::vector<Address> targets(others.begin(), others.end());
    context_.node.random().shuffle(targets);
    std::stable_sort(targets.begin(), targets.end(),
                     [&](const Address& a, const Address& b) { return rooms[a] < rooms[b]; });
    targets.resize(std::min(targets.size(), wanted - holders.size()));
    for (const Address& target : targets) {
      ++rooms[target];
      parcels.add(target, **document);
    }
  }
  counters_.made += parcels.send(walk.deadline);
}

std::vector<Document> Replication::fetch(const Address& from, const std::string& collection,
                                         const std::vector<std::string>& keys, Deadline deadline) {
  const auto reply =
      context_.node.outbound().request(copies_request(from, collection, keys), deadline);
  return copies_in(reply, keys);
}

std::vector<Document> Replication::ask_holders(const std::string& collection,
                                               const std::vector<std::string>& keys,
                                               Deadline deadline) {
  const Clock& clock = context_.node.clock();
  const Comparison comparison{keys, std::vector<std::string>(keys.size())};
  const Deadline half(clock.now() + deadline.remaining(clock) / 2);
  const auto result =
      context_.node.traverse(wire::kCompareDocuments, comparison.to_query(collection), half);
  if (!result) return {};
  std::vector<PeerRequest> requests;
  for (const Holding& holding : CompareAction::parse(result->value, keys.size())) {
    if (holding.different.empty()) continue;
    requests.push_back(copies_request(holding.address, collection, keys));
  }
  std::vector<Document> documents;
  for (const auto& reply : context_.node.outbound().request_group(requests, deadline)) {
    auto copies = copies_in(reply, keys);
    std::move(copies.begin(), copies.end(), std::back_inserter(documents));
  }
  return documents;
}

Result<Json> Replication::on_get_copies(CallContext& call) {
  static const Schema whole =
      schema::object({{"collection", schema::string()}, {"keys", keys_schema()}});
  if (Result<void> passed = whole.check(call.body); !passed) return passed.error();
  const auto store = collection_of(context_.store, call.body);
  if (!store) return store.error();
  Json copies = Json::array();
  std::size_t bytes = 0;
  for (const Json& key : call.body["keys"]) {
    const auto document = (*store)->find_key(key);
    if (!document) return document.error();
    if (!*document) continue;
    Json copy = to_json(**document);
    bytes += dump_json(copy).size();
    if (bytes > ReadAction::kAnswerBytesMax) break;  // the rest is asked for another time
    copies.push_back(std::move(copy));
  }
  return Json{{"copies", std::move(copies)}};
}

Result<Json> Replication::on_put_copies(CallContext& call) {
  static const Schema tombstone = schema::array(schema::any(), {.items_min = 2, .items_max = 2});
  static const Schema whole = schema::object({{"collection", schema::string()},
                                              {"copies", schema::array(schema::any())},
                                              {"tombstones", schema::array(tombstone)}});
  if (Result<void> passed = whole.check(call.body); !passed) return passed.error();
  const auto store = collection_of(context_.store, call.body);
  if (!store) return store.error();
  std::size_t taken = 0;
  for (const Json& json : call.body["copies"]) {
    const auto copy = copy_from(json);
    if (copy && (*store)->merge(*copy)) ++taken;
  }
  for (const Json& json : call.body["tombstones"]) {
    if (!json[0].is_string() || !json[1].is_number_integer()) continue;
    const Tombstone given{json[0].get<std::string>(),
                          {json[1].get<std::int64_t>(), /*is_deletion=*/true, {}}};
    if ((*store)->merge(given)) ++taken;
  }
  return Json{{"taken", taken}};
}

}  // namespace spreadable::documents::detail
