#include "services/sync/sync.h"

#include <algorithm>
#include <array>
#include <numeric>
#include <utility>

#include "core/wire.h"
#include "services/sync/balance.h"
#include "services/sync/registration.h"
#include "services/sync/round.h"

namespace spreadable {
namespace {

constexpr std::string_view kRootKey = "rootNetworkAddress";
constexpr std::size_t kRememberedMax = 128;  // beside our own links
constexpr std::size_t kMastersRememberedMax = 64;
/// Until all masters have seen who is in a list.
constexpr int kSettlingIntervals = 3;
constexpr std::size_t kDurationsMax = 5400;  // a day at the default interval; more teaches nothing

/// The address that field `name` of an answer holds.
std::optional<Address> address_in(const Json& answer, std::string_view name) {
  const auto field = answer.find(name);
  if (field == answer.end() || !field->is_string()) return std::nullopt;
  const Result<Address> parsed = Address::parse(field->get_ref<const std::string&>());
  return parsed ? std::optional(*parsed) : std::nullopt;
}

}  // namespace

Sync::Options Sync::Options::of(const NodeOptions& options) {
  Options sync;
  sync.interval = options.network.sync_interval;
  sync.interval_min = std::clamp<Duration>(sync.interval / 64, std::chrono::milliseconds{20},
                                           std::chrono::milliseconds{250});
  sync.request_timeout = std::clamp<Duration>(sync.interval / 2, std::chrono::milliseconds{250},
                                              options.request.server_timeout);
  sync.average_period = options.network.sync_time_calculation_period;
  sync.is_automatic = options.network.auto_sync;
  sync.server_max_fails = options.network.server_max_fails;
  return sync;
}

Sync::Sync() : Sync(std::make_shared<StructureCache>()) {}

Sync::Sync(Options options)
    : Service(kName), cache_(std::make_shared<StructureCache>()), given_options_(options) {}

Sync::Sync(std::shared_ptr<StructureCache> cache) : Service(kName), cache_(std::move(cache)) {}

Sync::~Sync() = default;

Result<void> Sync::init() {
  is_stopping_ = false;
  options_ = given_options_.value_or(Options::of(node().options()));
  placement_ = std::make_unique<Placement>(
      node().topology(), node().clock(), node().random(),
      [this](const Address& address) { return node().access().is_doubted(address); });
  ip_quota_ = std::make_unique<IpQuota>(
      IpQuota::Parts{node().resolver(), node().clock()},
      [this](const Address& address) { return node().access().is_trusted(address); },
      options_.ip_quota, kSettlingIntervals * options_.interval);
  started_at_ = node().clock().now();
  incarnation_ = node().random().next();
  delay_ = options_.interval_min;
  load();
  if (options_.is_automatic) {
    task_ = node().scheduler().start("sync of " + node().address().text(), Duration::zero(),
                                     [this] { return run(); });
  }
  return {};
}

void Sync::deinit() {
  is_stopping_ = true;
  task_.reset();
  save();
  say_goodbye();
}

void Sync::wake() {
  if (task_) task_->wake(options_.interval_min);
}

Deadline Sync::step_deadline() const {
  return Deadline::after(node().clock(), options_.request_timeout);
}

bool Sync::is_first_node() const {
  const auto& initial = node().options().initial_network_address;
  return std::all_of(initial.begin(), initial.end(),
                     [&](const Address& address) { return name_of(address) == node().address(); });
}

/// What the node at `address`, one of the options, calls itself, as far as that is known. Lists are
/// made of such names: under another one a node would be in them twice.
Address Sync::name_of(const Address& address) const {
  const auto known = own_names_.find(address);
  return known == own_names_.end() ? address : known->second;
}

Duration Sync::run() {
  const TimePoint begun = node().clock().now();
  const auto before = node().peers().view();
  ensure_root();
  if (!node().root().empty()) {
    Round(*this).run();
    drop_surplus();
    if (!is_stopping_) Registration(*this).join();
    if (const auto target = std::exchange(move_to_, std::nullopt); target && !is_stopping_) {
      Registration(*this).move_to(*target);
    }
  }
  const auto view = node().peers().view();
  const std::size_t asked = view->slaves.size() + (view->is_master() ? view->masters.size() : 0);
  node().book().set_heard_max(2 * asked);
  bool is_someone_silent = false;
  {
    const MutexLock lock(mutex_);
    // Who is of no account to us may be silent for as long as it likes.
    is_someone_silent =
        std::any_of(memory_.misses.begin(), memory_.misses.end(), [&](const auto& item) {
          const Address& peer = item.first;
          return view->backlink == peer || view->find_master(peer) || view->has_slave(peer);
        });
    durations_.push_back(node().clock().now() - begun);
    const auto kept = std::max<Duration::rep>(1, options_.average_period / options_.interval);
    while (durations_.size() > std::min(kDurationsMax, static_cast<std::size_t>(kept))) {
      durations_.pop_front();
    }
  }
  const bool is_alone = is_first_node() && view->masters.empty();
  const bool has_changed =
      is_upheaval(*before, *view) || is_someone_silent || (!view->is_registered() && !is_alone);
  quiet_runs_ = has_changed ? 0 : quiet_runs_ + 1;
  if (quiet_runs_ >= 2) plan_moves();
  if (view->revision != saved_revision_ &&
      (!has_changed || begun >= saved_at_ + options_.interval)) {
    save();
  }
  node().events().emit({.event = Event::sync_finished, .size = view->network_size()});
  on_synced();
  return next_delay(has_changed);
}

/// Whether peers should hear soon of what has become of `before`, or more of it is to be expected.
/// In a large network somebody always comes or goes somewhere, for which everybody has an
/// interval's time.
bool Sync::is_upheaval(const PeerView& before, const PeerView& after) {
  constexpr std::size_t kShare = 50;
  if (before.revision == after.revision) return false;
  const bool is_own = before.backlink != after.backlink || before.slaves != after.slaves;
  const std::size_t changes = after.masters.changes_since(before.masters);
  return is_own || changes > after.network_size() / kShare;
}

Duration Sync::next_delay(bool has_changed) {
  if (has_changed && was_quiet_) {
    delay_ = options_.interval_min;
  } else {
    // Backs off while changes go on as well: in a large network somewhere something always changes.
    delay_ = std::min(delay_ * 3 / 2, has_changed ? options_.interval / 2 : options_.interval);
  }
  was_quiet_ = !has_changed;
  // A tenth of jitter keeps nodes that started together from asking together for ever.
  const auto jitter = static_cast<double>(delay_.count()) * 0.1 * node().random().uniform();
  return delay_ - Duration(static_cast<Duration::rep>(jitter));
}

Duration Sync::sync_lifetime() const {
  const std::size_t limit = node().topology().list_limit(node().peers().view()->network_size());
  return options_.interval * options_.server_max_fails * static_cast<int>(limit);
}

void Sync::ensure_root() {
  if (is_first_node()) {
    if (node().root().empty()) node().set_root(node().address().text());
    return;
  }
  // A node in a list has the right root, or its master would not answer it.
  if (!node().root().empty() && node().peers().view()->is_registered()) return;
  std::vector<Address> asked = node().options().initial_network_address;
  node().random().shuffle(asked);
  if (node().root().empty()) {
    node().book().visit([&](const PeerBook::Entry& entry) {
      if (asked.size() < options_.providers_max + 2) asked.push_back(entry.address);
      return asked.size() < options_.providers_max + 2;
    });
  }
  for (const Address& address : asked) {
    if (name_of(address) == node().address() || is_stopping_) continue;
    const std::optional<std::string> root = ask_for_root(address);
    if (!root || name_of(address) == node().address()) continue;
    if (*root != node().root()) {
      node().logger().info("sync: the root of the network is " + *root);
      node().set_root(*root);
      if (Result<void> saved = node().database().data().set(kRootKey, *root); !saved) {
        node().logger().error("sync: cannot save the root: " + saved.error().message);
      }
    }
    return;
  }
  if (node().root().empty()) {
    node().logger().warn("sync: none of the initial addresses answers yet");
  }
}

std::optional<std::string> Sync::ask_for_root(const Address& address) {
  const Address peer = name_of(address);
  const std::array<PeerRequest, 2> questions{
      PeerRequest{.to = peer, .path = "/status", .method = Method::get},
      PeerRequest{.to = peer, .path = "/ping", .method = Method::get, .is_stamped = false}};
  const auto replies = node().outbound().request_group(questions, step_deadline());
  note_name(address, replies[1]);
  if (!replies[0] || !replies[0]->body.is_object()) return std::nullopt;
  const std::optional<Address> root = address_in(replies[0]->body, "root");
  if (!root) return std::nullopt;
  return root->text();
}

/// Learns from a ping what the node at `address`, one of the options, calls itself.
void Sync::note_name(const Address& address, const Result<PeerReply>& pong) {
  const auto& initial = node().options().initial_network_address;
  if (std::find(initial.begin(), initial.end(), address) == initial.end()) return;
  const std::optional<Address> name =
      pong && pong->body.is_object() ? address_in(pong->body, "address") : std::nullopt;
  if (!name || *name == address) {
    own_names_.erase(address);  // a name that does not answer is asked for again
    return;
  }
  own_names_[address] = *name;
  node().book().forget(address);
  if (*name != node().address()) node().book().mention(*name, node().clock().now());
}

void Sync::load() {
  if (is_first_node()) {
    node().set_root(node().address().text());
  } else if (const auto root = node().database().data().get(kRootKey); root && *root) {
    node().set_root(**root);
  }
  auto peers = node().database().peers().load();
  if (!peers) {
    node().logger().error("sync: cannot read known peers: " + peers.error().message);
    return;
  }
  for (const PeerRecord& record : *peers) {
    node().book().mention(record.address, node().clock().now());
  }
  remembered_ = std::move(*peers);
}

void Sync::save() {
  const auto view = node().peers().view();
  std::vector<PeerRecord> records;
  records.reserve(1 + view->slaves.size() + kMastersRememberedMax + kRememberedMax);
  // By texts in records, which stay where they are.
  std::unordered_map<std::string_view, std::size_t> places;
  places.reserve(records.capacity());
  const auto record_of = [&](const Address& address) -> PeerRecord& {
    if (const auto place = places.find(address.text()); place != places.end()) {
      return records[place->second];
    }
    PeerRecord& record =
        records.emplace_back(PeerRecord{.address = address, .seen_at = node().clock().wall_now()});
    places.emplace(record.address.text(), records.size() - 1);
    return record;
  };
  if (view->backlink) record_of(*view->backlink).is_backlink = true;
  for (const Address& slave : view->slaves) record_of(slave).is_slave = true;
  MasterList::Entries masters(view->masters.begin(), view->masters.end());
  node().random().shuffle(masters);
  masters.resize(std::min(masters.size(), kMastersRememberedMax));
  for (const MasterEntry& master : masters) {
    if (master.address != node().address()) record_of(master.address).is_master = true;
  }
  const std::size_t most = records.size() + kRememberedMax;
  node().book().visit([&](const PeerBook::Entry& entry) {
    if (entry.fails == 0 && records.size() < most) record_of(entry.address);
    return records.size() < most;
  });
  if (records.empty()) return;  // an empty view teaches nothing worth forgetting the old one for
  if (Result<void> saved = node().database().peers().save(records); !saved) {
    node().logger().error("sync: cannot save known peers: " + saved.error().message);
    return;
  }
  saved_revision_ = view->revision;
  saved_at_ = node().clock().now();
}

void Sync::say_goodbye() {
  const auto view = node().peers().view();
  std::vector<Address> peers = view->slaves;
  if (view->backlink) peers.push_back(*view->backlink);
  std::vector<PeerRequest> requests;
  for (const Address& peer : peers) {
    // Others would take an unknown route for a failure.
    if (!node().book().is_native(peer)) continue;
    if (std::any_of(requests.begin(), requests.end(),
                    [&](const PeerRequest& request) { return request.to == peer; })) {
      continue;
    }
    requests.push_back({.to = peer,
                        .path = std::string(wire::kNodeRoute) + "leave",
                        .body = {{"isStopping", true}}});
  }
  if (requests.empty()) return;
  const Deadline deadline = Deadline::after(
      node().clock(), std::min<Duration>(options_.request_timeout, std::chrono::seconds{1}));
  static_cast<void>(node().outbound().request_group(requests, deadline));
}

std::vector<Address> Sync::spare_masters() const {
  const MutexLock lock(mutex_);
  return siblings_ ? *siblings_ : std::vector<Address>();
}

void Sync::note_slave(const Address& address) {
  {
    const MutexLock lock(mutex_);
    memory_.slave_since[address] = node().clock().now();
    memory_.misses.erase(address);
  }
  node().peers().add_slave(address);
}

/// Whether it may not have noted yet that it is a slave.
bool Sync::is_newcomer(const Address& slave) const {
  const MutexLock lock(mutex_);
  const auto since = memory_.slave_since.find(slave);
  return since != memory_.slave_since.end() &&
         node().clock().now() - since->second <= options_.newcomer_grace;
}

/// What this node knows of who is listed, for as long as `view` lives.
IpQuota::Lists Sync::lists_of(const PeerView& view) const {
  return {view, node().known_lists(), knows_lists_};
}

/// Masters that took nodes of one neighbourhood at the same time see now that these are too many.
void Sync::drop_surplus() {
  const auto view = node().peers().view();
  for (const Address& slave : ip_quota_->surplus(lists_of(*view))) {
    node().logger().info("sync: slave " + slave.text() + " is one too many of its neighbourhood");
    node().peers().remove_slave(slave);
  }
}

/// Whether a slave that is no node of ours has been here long enough, and can find another place:
/// it does not register with its own slaves.
bool Sync::may_drop(const Address& slave) const {
  const auto view = node().peers().view();
  const std::size_t limit = node().topology().list_limit(view->network_size());
  const KnownLists::List own = node().known_lists().find(slave);
  const auto is_open = [&](const MasterEntry& master) {
    if (master.address == slave || master.address == node().address()) return false;
    return master.size < limit &&
           (!own || std::find(own->begin(), own->end(), master.address) == own->end());
  };
  if (std::none_of(view->masters.begin(), view->masters.end(), is_open)) return false;
  const MutexLock lock(mutex_);
  const auto since = memory_.slave_since.find(slave);
  return since == memory_.slave_since.end() ||
         node().clock().now() - since->second >=
             options_.foreign_stay_intervals * options_.interval;
}

void Sync::plan_moves() {
  const auto view = node().peers().view();
  std::vector<Address> slaves = slaves_to_move(*view, node().topology());
  const bool is_given_up = slaves.size() == view->slaves.size();
  const auto must_stay = [&](const Address& slave) {
    return !node().book().is_native(slave) && !may_drop(slave);
  };
  // A list that cannot be given up as a whole is kept as a whole.
  if (is_given_up && std::any_of(slaves.begin(), slaves.end(), must_stay)) slaves.clear();
  bool has_new_master = false;
  for (const Address& slave : slaves) {
    if (!node().book().is_native(slave)) {
      // It finds another master by itself, as upstream's nodes do.
      if (!must_stay(slave)) node().peers().remove_slave(slave);
      continue;
    }
    {
      const MutexLock lock(mutex_);
      const auto planned = memory_.moves.find(slave);
      if (planned != memory_.moves.end() && planned->second.until > node().clock().now()) continue;
    }
    const auto answer = placement_->place(
        {.joiner = slave, .view = *view, .is_excluded = [&](const Address& address) {
           return address == node().address() || node().book().fails(address) > 0 ||
                  std::find(slaves.begin(), slaves.end(), address) != slaves.end();
         }});
    if (answer.masters.empty()) continue;
    // A new master is not known to everybody at once, so it begins with one slave.
    const bool is_new_master = !view->find_master(answer.masters.front());
    if (is_new_master && has_new_master) break;
    has_new_master = has_new_master || is_new_master;
    const MutexLock lock(mutex_);
    memory_.moves[slave] = {answer.masters.front(), node().clock().now() + 2 * options_.interval};
  }
  const MutexLock lock(mutex_);
  std::erase_if(memory_.moves, [&](const auto& item) {
    return item.second.until <= node().clock().now() || !view->has_slave(item.first);
  });
}

void Sync::describe(Json& status) const {
  {
    const MutexLock lock(mutex_);
    const Duration total = std::accumulate(durations_.begin(), durations_.end(), Duration::zero());
    if (!durations_.empty()) {
      status["syncAvgTime"] = std::chrono::duration<double, std::milli>(total).count() /
                              static_cast<double>(durations_.size());
    }
  }
  status["isNormalized"] = node().clock().now() - sync_lifetime() > started_at_;
}

bool Sync::is_suitable_master(const Address&) const {
  return true;
}

Json Sync::make_summary() const {
  return {{"address", node().address().text()}};
}

Result<void> Sync::check_summary(const Address& newcomer, const Json& summary) const {
  const auto address = summary.find("address");
  if (address != summary.end() && *address == newcomer.text()) return {};
  return Error{Errc::logical, "Interviewee unavailable",
               std::string(wire::kIntervieweeNotAvailable)};
}

}  // namespace spreadable
