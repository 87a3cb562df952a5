#include "services/approvals/beacon.h"

#include <algorithm>
#include <utility>

#include "core/wire.h"
#include "services/approvals/committee.h"

namespace spreadable {
namespace {

constexpr const char* kRoundRoute = "approval-round";
constexpr const char* kReportRoute = "approval-seats";
/// Ticks in each period: a master that is silent for one is asked again.
constexpr int kTicks = 8;
constexpr Duration kIntervalMin = std::chrono::milliseconds{100};
constexpr Duration kIntervalMax = std::chrono::minutes{1};
/// How many masters are asked for what they remember. With a fifth of them hostile, two of three
/// are in one case of ten, and then only ages of one list are wrong.
constexpr std::size_t kMemories = 3;

const Schema& question_schema() {
  static const Schema schema = schema::object(
      {{"period", schema::integer({.min = 1})},
       {"startedAt", schema::integer()},
       schema::optional("about",
                        schema::array(schema::address(), {.items_max = Transport::kGroupMax}))});
  return schema;
}

const Schema& round_schema() {
  static const Schema schema =
      schema::object({{"commitment", schema::string()}, {"reveals", schema::any()}});
  return schema;
}

Json question_json(Millis period, std::int64_t slot, const std::vector<Address>& about) {
  Json body{{"period", period.count()}, {"startedAt", slot}};
  if (about.empty()) return body;
  body["about"] = Json::array();
  for (const Address& master : about) body["about"].push_back(master.text());
  return body;
}

/// One report of what several remember of the same lists: of each member the middle of the ages
/// told.
SeatReport middle_of(const std::vector<Result<SeatReport>>& memories) {
  std::map<Address, std::vector<Millis>> ages;
  for (const auto& memory : memories) {
    if (!memory) continue;
    for (const SeatReport::Member& member : memory->members) {
      ages[member.address].push_back(member.age);
    }
  }
  SeatReport report;
  for (auto& [address, told] : ages) {
    std::sort(told.begin(), told.end());
    report.members.push_back({address, told[(told.size() - 1) / 2]});
  }
  return report;
}

}  // namespace

Beacon::Beacon(Node& node, const std::set<Millis>& periods) : node_(node), interval_(kIntervalMax) {
  const MutexLock lock(mutex_);
  for (const Millis period : periods) {
    records_.emplace(period, BeaconRecord(node.address(), period, node.secrets()));
    interval_ = std::clamp(Duration(period) / kTicks, kIntervalMin, interval_);
  }
}

std::int64_t Beacon::wall_now() const {
  return to_epoch_millis(node_.clock().wall_now());
}

void Beacon::declare_routes(Router& router) {
  const auto add = [&](const char* name, auto handler) {
    router.add(Method::post, std::string(wire::kNodeRoute) + name, WorkClass::leaf,
               [this, handler](CallContext& call) { return (this->*handler)(call); });
  };
  add(kRoundRoute, &Beacon::on_round);
  add(kReportRoute, &Beacon::on_report);
}

void Beacon::start() {
  task_ = node_.scheduler().start("approval-beacon", interval_ / 2, [this] { return tick(); });
}

void Beacon::stop() {
  task_.reset();
}

Result<Beacon::Question> Beacon::read_question(const CallContext& call) const {
  const Result<void> passed = question_schema().check(call.body);
  if (!passed) return Error{Errc::logical, passed.error().message, passed.error().wire_code};
  Question question{Millis{static_cast<Millis::rep>(call.body["period"].get<double>())},
                    static_cast<std::int64_t>(call.body["startedAt"].get<double>()),
                    {}};
  if (call.body.contains("about")) {
    for (const Json& item : call.body["about"]) {
      question.about.push_back(*Address::parse(item.get_ref<const std::string&>()));
    }
  }
  return question;
}

Result<Json> Beacon::on_round(CallContext& call) {
  const Result<Question> question = read_question(call);
  if (!question) return question.error();
  const std::int64_t now = wall_now();
  const std::int64_t period = question->period.count();
  const MutexLock lock(mutex_);
  const auto record = records_.find(question->period);
  if (record == records_.end()) {
    return Error{Errc::logical, "no approval here has such a period", std::string(wire::kApiError)};
  }
  const auto commitment = record->second.commitment(question->slot + 2 * period, now);
  return Json{{"commitment", commitment.value_or("")},
              {"reveals", to_json(record->second.reveals(question->slot + period, now))}};
}

Result<Json> Beacon::on_report(CallContext& call) {
  const Result<Question> question = read_question(call);
  if (!question) return question.error();
  std::vector<Address> members;
  if (question->about.empty()) members = node_.peers().view()->slaves;
  add_lists_of(question->about, members);
  members.resize(std::min(members.size(), Transport::kGroupMax));
  const std::int64_t now = wall_now();
  const Millis since{now - question->slot};
  SeatReport report;
  const MutexLock lock(mutex_);
  const auto record = records_.find(question->period);
  if (record != records_.end()) {
    report.is_witness = record->second.is_witness(question->slot);
    // Secrets of a period that has not begun are told on the other route, to those who listen.
    if (question->slot <= now) report.reveals = record->second.reveals(question->slot, now);
  }
  for (Address& member : members) {
    const Millis age = seniority_.age(member, node_.clock().now()) - since;
    report.members.push_back({std::move(member), age});
  }
  return report.json();
}

std::vector<Result<SeatReport>> Beacon::ask_reports(const std::vector<Address>& masters,
                                                    const Question& question, Deadline deadline) {
  std::vector<PeerRequest> requests;
  for (const Address& master : masters) {
    requests.push_back({.to = master,
                        .path = std::string(wire::kNodeRoute) + kReportRoute,
                        .body = question_json(question.period, question.slot, question.about),
                        .has_budget = false});
  }
  const Deadline soon =
      deadline.at_most(Deadline::after(node_.clock(), node_.options().request.server_timeout));
  std::vector<Result<SeatReport>> reports;
  for (const auto& reply : node_.outbound().request_group(requests, soon)) {
    reports.push_back(reply ? SeatReport::parse(reply->body) : Result<SeatReport>(reply.error()));
  }
  return reports;
}

/// The masters in this node's view that may be asked by routes of ours. A slave has never spoken to
/// most of them, so those that it does not know as nodes of ours are pinged first, which tells; of
/// these, the ones that do not answer are put into `silent`.
std::vector<Address> Beacon::masters_of_ours(std::vector<Address>& silent, Deadline deadline) {
  std::vector<Address> masters;
  std::vector<PeerRequest> pings;
  for (const MasterEntry& master : node_.peers().view()->masters) {
    if (master.address == node_.address() || node_.book().is_native(master.address)) {
      masters.push_back(master.address);
    } else {
      pings.push_back({.to = master.address, .path = "/ping", .method = Method::get});
    }
  }
  const Deadline soon =
      deadline.at_most(Deadline::after(node_.clock(), node_.options().request.ping_timeout));
  const auto replies = node_.outbound().request_group(pings, soon);
  for (std::size_t i = 0; i < pings.size(); ++i) {
    if (!replies[i]) silent.push_back(pings[i].to);
    if (replies[i] && node_.book().is_native(pings[i].to)) masters.push_back(pings[i].to);
  }
  return masters;
}

std::vector<SeatReport> Beacon::reports(Millis period, std::int64_t slot, Deadline deadline) {
  std::vector<Address> silent;
  const std::vector<Address> masters = masters_of_ours(silent, deadline);
  std::vector<SeatReport> reports;
  std::vector<Address> answering;
  const auto answers = ask_reports(masters, {period, slot, {}}, deadline);
  for (std::size_t i = 0; i < masters.size(); ++i) {
    (answers[i] ? answering : silent).push_back(masters[i]);
    if (answers[i]) reports.push_back(*answers[i]);
  }
  add_gone_masters(silent);
  if (silent.empty() || answering.empty()) return reports;
  std::sort(answering.begin(), answering.end());  // so that all nodes ask the same ones
  answering.resize(std::min(answering.size(), kMemories));
  reports.push_back(middle_of(ask_reports(answering, {period, slot, silent}, deadline)));
  return reports;
}

Duration Beacon::tick() {
  look_around();
  learn_ages();
  std::vector<std::pair<Millis, BeaconRecord*>> records;
  {
    const MutexLock lock(mutex_);
    for (auto& [period, record] : records_) records.emplace_back(period, &record);
  }
  for (const auto& [period, record] : records) {
    run_round(period, *record);
    report_withheld(period, *record);
  }
  return interval_;
}

/// Adds the slaves of `masters` as sync has last fetched them.
void Beacon::add_lists_of(const std::vector<Address>& masters,
                          std::vector<Address>& members) const {
  for (const Address& master : masters) {
    const auto list = node_.known_lists().find(master);
    if (list) members.insert(members.end(), list->begin(), list->end());
  }
}

/// Notes who is in lists now: the own one, and those of other masters.
void Beacon::look_around() {
  const auto view = node_.peers().view();
  const TimePoint now = node_.clock().now();
  std::vector<Address> masters;
  for (const MasterEntry& master : view->masters) masters.push_back(master.address);
  std::vector<Address> listed = view->slaves;
  add_lists_of(masters, listed);
  const MutexLock lock(mutex_);
  seniority_.see(listed, now);
  for (const Address& master : masters) masters_seen_[master] = now;
  std::erase_if(masters_seen_, [&](const auto& item) { return now - item.second > 2 * interval_; });
}

/// Adds the masters that this node has dropped in the last few ticks: others may not have noticed
/// yet, and all should hear of the same members until these have found other masters.
void Beacon::add_gone_masters(std::vector<Address>& masters) {
  const auto view = node_.peers().view();
  const MutexLock lock(mutex_);
  for (const auto& [master, seen] : masters_seen_) {
    if (!view->find_master(master)) masters.push_back(master);
  }
}

/// A node that becomes a master has not watched the lists: it takes over what a few others
/// remember.
void Beacon::learn_ages() {
  const auto view = node_.peers().view();
  if (!view->is_master()) {
    has_learnt_ages_ = false;
    return;
  }
  if (has_learnt_ages_) return;
  std::vector<Address> others;
  std::vector<Address> all;
  for (const MasterEntry& master : view->masters) {
    all.push_back(master.address);
    if (master.address != node_.address() && node_.book().is_native(master.address)) {
      others.push_back(master.address);
    }
  }
  node_.random().shuffle(others);
  others.resize(std::min(others.size(), kMemories));
  const Deadline soon = Deadline::after(node_.clock(), node_.options().request.server_timeout);
  const auto memories = ask_reports(others, {Millis{1}, wall_now(), all}, soon);
  const auto answered = std::count_if(memories.begin(), memories.end(),
                                      [](const auto& memory) { return memory.has_value(); });
  has_learnt_ages_ = view->masters.size() <= 1 || answered > 0;
  const MutexLock lock(mutex_);
  for (const SeatReport::Member& member : middle_of(memories).members) {
    seniority_.adopt(member.address, member.age, node_.clock().now());
  }
}

void Beacon::run_round(Millis period, BeaconRecord& record) {
  const auto view = node_.peers().view();
  const std::int64_t now = wall_now();
  const std::int64_t slot = period_start(now, period.count());
  std::vector<PeerRequest> requests;
  {
    const MutexLock lock(mutex_);
    record.advance(now, view->is_master());
    for (const MasterEntry& master : view->masters) {
      const bool is_asked = view->is_master() && master.address != node_.address() &&
                            node_.book().is_native(master.address) &&
                            record.lacks(master.address, now);
      if (!is_asked) continue;
      requests.push_back({.to = master.address,
                          .path = std::string(wire::kNodeRoute) + kRoundRoute,
                          .body = question_json(period, slot, {}),
                          .schema = &round_schema(),
                          .has_budget = false});
    }
  }
  const Deadline soon = Deadline::after(node_.clock(), node_.options().request.server_timeout);
  const auto replies = node_.outbound().request_group(requests, soon);
  for (std::size_t i = 0; i < replies.size(); ++i) {
    if (replies[i]) take_answer(requests[i].to, replies[i]->body, period, record);
  }
}

void Beacon::take_answer(const Address& master, const Json& answer, Millis period,
                         BeaconRecord& record) {
  const Result<Reveals> reveals = parse_reveals(answer["reveals"]);
  if (!reveals) return;
  const std::int64_t now = wall_now();
  const std::int64_t slot = period_start(now, period.count());
  const MutexLock lock(mutex_);
  record.note_commitment(master, slot + 2 * period.count(), answer["commitment"].get<std::string>(),
                         now);
  for (const auto& [revealer, secret] : *reveals) {
    record.note_reveal(revealer, slot + period.count(), secret, now);
  }
}

void Beacon::report_withheld(Millis period, BeaconRecord& record) {
  const std::int64_t slot = period_start(wall_now(), period.count());
  std::vector<Address> silent;
  {
    const MutexLock lock(mutex_);
    if (std::exchange(reported_[period], slot) == slot) return;
    silent = record.withheld(slot);
  }
  for (const Address& master : silent) {
    node_.logger().warn("approvals: " + master.text() + " promised a secret for the period of " +
                        std::to_string(slot) + " and did not reveal it");
  }
}

}  // namespace spreadable
