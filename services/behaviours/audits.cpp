#include "services/behaviours/audits.h"

#include <algorithm>
#include <exception>
#include <set>
#include <utility>

#include "core/network_map.h"
#include "core/wire.h"

namespace spreadable {
namespace {

using Testimony = Evidence::Testimony;

/// What a master says about its slaves' part of an answer.
struct Claim {
  Json merged;
  std::vector<Address> silent;  ///< those that it says it has not heard
  bool is_every_silent_named = true;
};

/// The entries of a map that make sense, so that each witness has these alone to look through.
Json readable_entries(Json merged) {
  if (!merged.is_array()) return merged;
  Json entries = Json::array();
  for (Json& entry : merged) {
    if (NetworkMapAction::parse_entry(entry)) entries.push_back(std::move(entry));
  }
  return entries;
}

/// A peer of ours counts its answers. One that leaves the count out claims to have heard everyone,
/// as it does towards a coordinator.
Claim claim_of(PeerReply& reply) {
  const auto header = reply.headers.find(wire::kCoverage);
  const auto coverage = header ? Coverage::from_header(*header) : std::nullopt;
  if (!coverage) return {.merged = std::move(reply.body), .silent = {}};
  return {.merged = std::move(reply.body),
          .silent = coverage->silent,
          .is_every_silent_named = coverage->silent.size() < Coverage::kSilentMax};
}

/// Whom the map that `reply` holds names as the sender's master; nothing when it does not tell.
std::optional<Address> backlink_in(const Reply& reply) {
  const auto entries = NetworkMapAction::parse(reply.value);
  if (!entries) return std::nullopt;
  const auto own = std::find_if(entries->begin(), entries->end(),
                                [&](const MapEntry& entry) { return entry.address == reply.from; });
  return own == entries->end() ? std::nullopt : std::optional(own->backlink);
}

/// What the answer of a slave of `master` says about it.
Testimony hear(const Overheard::Question& question, const Claim& claim, const Address& master,
               const Reply& reply) {
  if (question.action->name() == NetworkMapAction::kName) {
    const auto backlink = backlink_in(reply);
    if (!backlink || backlink->is_empty()) return Testimony::unclear;
    if (*backlink != master) return Testimony::elsewhere;
  }
  std::optional<bool> has_room;
  try {
    has_room = question.action->leaves_room(claim.merged, reply, question.query);
  } catch (const std::exception&) {  // out of a user's hook, for a value of some unexpected form
    return Testimony::unclear;
  }
  if (!has_room) return Testimony::unclear;
  if (*has_room) return Testimony::present;
  const bool is_named =
      std::find(claim.silent.begin(), claim.silent.end(), reply.from) != claim.silent.end();
  return is_named || !claim.is_every_silent_named ? Testimony::unclear : Testimony::missing;
}

bool is_nobody_there(const Error& error) {
  return error.code == Errc::unreachable || error.code == Errc::timed_out;
}

/// What the witnesses say. `results` begins with the master's answer; theirs follow.
std::vector<Testimony> hear_all(const Overheard::Question& question,
                                const std::vector<PeerRequest>& requests,
                                std::vector<Result<PeerReply>>& results) {
  Claim claim = claim_of(*results.front());
  if (question.action->name() == NetworkMapAction::kName) {
    claim.merged = readable_entries(std::move(claim.merged));
  }
  std::vector<Testimony> words;
  for (std::size_t i = 1; i < results.size(); ++i) {
    if (results[i]) {
      const Reply reply{requests[i].to, std::move(results[i]->body)};
      words.push_back(hear(question, claim, requests.front().to, reply));
    } else {
      words.push_back(is_nobody_there(results[i].error()) ? Testimony::absent : Testimony::unclear);
    }
  }
  return words;
}

}  // namespace

Audits::Audits() : Audits(Options{}) {}

Audits::Audits(Options options) : Service(kName), options_(options) {}

Audits::~Audits() = default;

void Audits::declare_routes(Router& router) {
  for (const auto& action : node().actions()) {
    if (action->name() == NetworkMapAction::kName) map_ = action.get();
    overheard_.listen_to(*action);
  }
  const auto listen = [this](CallContext& call) -> Result<void> {
    overheard_.note(call, node().peers().view()->backlink);
    return {};
  };
  router.use("/api", listen);
  router.use("/client", listen);
  node().on(Event::registered, [this](const EventInfo& info) {
    const MutexLock lock(mutex_);
    joined_.insert(info.peer);
  });
}

Result<void> Audits::init() {
  is_stopping_ = false;
  turn_at_.reset();
  const NodeOptions::Network& network = node().options().network;
  const bool is_needed = options_.requests_per_interval > 0 && !network.is_trusted;
  if (!network.auto_sync || !is_needed) return {};
  const auto quiet = options_.quiet_intervals * (1 + node().random().uniform());
  task_ = node().scheduler().start("audits of " + node().address().text(),
                                   std::chrono::duration_cast<Duration>(interval() * quiet),
                                   [this] { return run_on_time(); });
  return {};
}

void Audits::deinit() {
  is_stopping_ = true;
  task_.reset();
}

Duration Audits::interval() const {
  return std::max<Duration>(node().options().network.sync_interval, kIntervalMin);
}

Duration Audits::run_on_time() {
  if (!turn_at_) {
    // Nodes that have started together do not all ask at once.
    const auto wait =
        std::chrono::duration_cast<Duration>(node().random().uniform() * turn_delay());
    turn_at_ = node().clock().now() + wait;
    return wait;
  }
  if (node().clock().now() >= *turn_at_) {
    run();
    turn_at_ = node().clock().now() + turn_delay();
  } else {
    forget_own_words();
    follow_up();
  }
  const Duration wait = std::max(*turn_at_ - node().clock().now(), Duration::zero());
  const bool is_any_suspect = std::any_of(files_.begin(), files_.end(),
                                          [](const auto& item) { return item.second.is_suspect; });
  if (!is_any_suspect) return wait;
  // An interval and a little, so that its list has been fetched again by then.
  const double intervals = 1.1 + 0.4 * node().random().uniform();
  return std::min(wait, std::chrono::duration_cast<Duration>(intervals * interval()));
}

void Audits::run() {
  forget_own_words();
  follow_up();
  audit_next();
  forget_old_files();
}

void Audits::follow_up() {
  for (const Candidate& suspect : due_suspects()) {
    if (is_stopping_) return;
    audit(suspect);
  }
}

void Audits::audit_next() {
  if (is_stopping_) return;
  const auto candidate = choose();
  if (!candidate) return;
  file_of(candidate->master).follow_ups = 0;
  audit(*candidate);
}

Audits::File& Audits::file_of(const Address& master) {
  const auto known = files_.find(master);
  if (known != files_.end()) return known->second;
  const Evidence::Options rules{.validity = options_.validity_intervals * interval(),
                                .elsewhere_min = options_.elsewhere_intervals * interval(),
                                .absence_min = options_.absence_intervals * interval()};
  return files_.emplace(master, File{.evidence = Evidence(node().address(), rules)}).first->second;
}

void Audits::forget_old_files() {
  const auto view = node().peers().view();
  std::erase_if(files_, [&](const auto& item) { return !view->find_master(item.first); });
}

/// A node's own word is enough against its master. But one that had dropped this node, as after a
/// restart, had not left it out: whoever has registered anew takes back what it missed before.
void Audits::forget_own_words() {
  std::set<Address> joined;
  {
    const MutexLock lock(mutex_);
    joined.swap(joined_);
  }
  for (const Address& master : joined) {
    const auto file = files_.find(master);
    if (file != files_.end()) file->second.evidence.forget(node().address());
  }
}

std::vector<Audits::Candidate> Audits::candidates() const {
  std::vector<Candidate> found;
  const auto view = node().peers().view();
  const TimePoint since = node().clock().now() - kListLifetime * interval();
  for (const MasterEntry& entry : view->masters) {
    const Address& master = entry.address;
    if (master == view->self || !node().book().is_native(master)) continue;
    if (node().access().is_trusted(master) || !node().access().check_lists(master)) continue;
    auto list = node().known_lists().find(master, since);
    if (list && !list->empty()) found.push_back({master, std::move(list)});
  }
  return found;
}

/// Whether it is a suspect whose list has been fetched anew since its last audit.
bool Audits::is_due(const Candidate& candidate) {
  const File& file = file_of(candidate.master);
  return file.is_suspect && node().clock().now() - file.audited_at >= interval() &&
         node().known_lists().find(candidate.master, file.audited_at);
}

/// Those that have waited for longest.
std::vector<Audits::Candidate> Audits::due_suspects() {
  std::vector<Candidate> suspects = candidates();
  std::erase_if(suspects, [&](const Candidate& candidate) { return !is_due(candidate); });
  std::stable_sort(suspects.begin(), suspects.end(), [&](const Candidate& a, const Candidate& b) {
    return file_of(a.master).audited_at < file_of(b.master).audited_at;
  });
  suspects.resize(std::min(suspects.size(), options_.suspects_max));
  return suspects;
}

/// In turn, in an order that is left to chance. Suspects are looked at anyway.
std::optional<Audits::Candidate> Audits::choose() {
  const std::vector<Candidate> all = candidates();
  if (turn_.empty()) {
    for (const Candidate& candidate : all) turn_.push_back(candidate.master);
    node().random().shuffle(turn_);
  }
  while (!turn_.empty()) {
    const auto chosen = std::find_if(all.begin(), all.end(), [&](const Candidate& candidate) {
      return candidate.master == turn_.back();
    });
    turn_.pop_back();
    if (chosen != all.end() && !file_of(chosen->master).is_suspect) return *chosen;
  }
  return std::nullopt;
}

Overheard::Question Audits::choose_question(const Address& master) {
  const Duration shortest = std::chrono::milliseconds{500};
  std::optional<Overheard::Question> question;
  // Every other audit is of the map: it alone tells whose slave the witness says it is.
  const bool is_of_map = std::exchange(is_map_next_, !is_map_next_);
  if (!is_of_map) question = overheard_.take(master, node().random());
  if (question && !question->action->check(question->query)) question.reset();
  if (!question) {
    question = Overheard::Question{.action = map_, .query = Json::object(), .from = {}};
  }
  if (!question->budget || *question->budget < shortest) {
    // As what is left to a coordinator whose client was given one time or another.
    const double factor = 1 + 1.5 * node().random().uniform();
    question->budget = std::chrono::duration_cast<Duration>(
        factor * Duration(node().options().request.server_timeout));
  }
  question->budget = std::min(*question->budget, kBudgetMax);
  return std::move(*question);
}

/// Leaves out peers that are not of ours, which may not know the action; and this node where it is
/// another master's slave: it may have been dropped, or not be known yet, whatever the list says.
std::vector<Address> Audits::eligible(const Candidate& candidate) const {
  const auto view = node().peers().view();
  std::vector<Address> witnesses;
  for (const Address& slave : *candidate.list) {
    if (slave == view->self && view->backlink != candidate.master) continue;
    if (!node().book().is_foreign(slave) && node().access().check_lists(slave)) {
      witnesses.push_back(slave);
    }
  }
  return witnesses;
}

void Audits::audit(const Candidate& candidate) {
  File& file = file_of(candidate.master);
  const std::vector<Address> list = eligible(candidate);
  const bool is_long = list.size() > options_.witnesses_of_suspect;
  // Whoever was heard before and is still in the list was in it all the time. Of a short list words
  // do not age: it takes several turns to hear all of it.
  file.evidence.keep_only(list, is_long ? node().clock().now() : TimePoint());
  const bool was_damning = file.evidence.is_damning(list.size());
  const std::size_t count =
      file.is_suspect && is_long ? options_.witnesses_of_suspect : options_.witnesses;
  const std::vector<Address> witnesses =
      file.evidence.choose(list, count, node().random(), node().clock().now());
  file.audited_at = node().clock().now();
  // Who does not answer is not followed for ever either.
  if (file.is_suspect) file.is_suspect = ++file.follow_ups < options_.follow_ups_max;
  if (witnesses.empty()) return;

  const Overheard::Question question = choose_question(candidate.master);
  const StageQuestion of_slaves(wire::kSlaveRoute, *question.action, question.query);
  const StageQuestion of_master(wire::kButlerRoute, *question.action, question.query);
  std::vector<PeerRequest> requests{of_master.to(candidate.master)};
  for (const Address& witness : witnesses) requests.push_back(of_slaves.to(witness));
  auto results =
      node().outbound().request_group(requests, Deadline::after(node().clock(), *question.budget));
  if (!results.front() || !node().book().is_native(candidate.master)) return;
  std::vector<Testimony> words = hear_all(question, requests, results);
  if (node().peers().view()->backlink != candidate.master) {
    // If we were in that list, we have just left it: our absence from the answer is right.
    const auto own = std::find(witnesses.begin(), witnesses.end(), node().address());
    if (own != witnesses.end()) {
      words[static_cast<std::size_t>(own - witnesses.begin())] = Testimony::unclear;
    }
  }
  for (std::size_t i = 0; i < witnesses.size(); ++i) {
    file.evidence.note(witnesses[i], weigh(witnesses[i], candidate.master, words[i]),
                       node().clock().now());
  }
  const bool is_undecided = !file.evidence.has_heard_enough(list.size());
  const bool is_of_interest = is_undecided || file.evidence.is_damning(list.size());
  file.is_suspect =
      file.evidence.against() > 0 && is_of_interest && file.follow_ups < options_.follow_ups_max;
  judge(candidate.master, file.evidence, words, was_damning);
}

Testimony Audits::weigh(const Address& witness, const Address& master, Testimony testimony) {
  if (testimony != Testimony::missing || witness == node().address()) return testimony;
  if (accusers_.size() >= kAccusersMax) accusers_.clear();
  const auto [accused, is_first] = accusers_.try_emplace(witness, master);
  return is_first || accused->second == master ? testimony : Testimony::unclear;
}

/// A new cause counts only if the witnesses of earlier audits have shown that the master is guilty:
/// by now its list was fetched again, so none of them had just left.
void Audits::judge(const Address& master, const Evidence& evidence,
                   const std::vector<Testimony>& words, bool was_damning) {
  const auto has = [&](Testimony testimony) {
    return std::find(words.begin(), words.end(), testimony) != words.end();
  };
  const bool is_new_cause =
      has(Testimony::missing) || has(Testimony::elsewhere) || has(Testimony::absent);
  if (was_damning && is_new_cause && evidence.against() > 0) {
    node().logger().info("audits: " + master.text() + " leaves out or invents slaves");
    node().conducts().tell({.kind = kMasterAnswers, .peer = master, .is_good = false});
  } else if (evidence.against() == 0 && has(Testimony::present)) {
    node().conducts().tell({.kind = kMasterAnswers, .peer = master});
  }
}

/// What an audit costs is mostly what the master then asks its slaves, so the longer the lists the
/// rarer an audit. A master does the share of all its slaves in looking at other masters.
Duration Audits::turn_delay() const {
  const auto view = node().peers().view();
  const auto masters = static_cast<double>(std::max<std::size_t>(view->masters.size(), 1));
  const double requests = 1 + static_cast<double>(view->network_size()) / masters +
                          static_cast<double>(options_.witnesses);
  const auto share = static_cast<double>(std::max<std::size_t>(view->slaves.size(), 1));
  const double intervals = requests / (options_.requests_per_interval / 2 * share);
  const double jitter = 0.5 + node().random().uniform();
  return std::chrono::duration_cast<Duration>(intervals * jitter * interval());
}

}  // namespace spreadable
