#include "core/traversal.h"

#include <algorithm>
#include <exception>
#include <optional>
#include <utility>

#include "core/wire.h"

namespace spreadable {
namespace {

/// Fields that the protocol adds to a query on its way; an action does not see them.
constexpr std::string_view kLevel = "level";
constexpr std::string_view kStageFields[] = {kLevel, "timeout", "timestamp"};

/// Leaves of a stage's body the query inside it. A level above the depth of the network would make
/// others work for nothing, so it is refused (reliability S10).
Result<void> unwrap_query(const NetworkAction& action, CallContext& call) {
  if (!call.body.is_object()) {
    return Error{Errc::logical, "the body of \"" + action.name() + "\" must be an object", {}};
  }
  if (const auto level = call.body.find(kLevel); level != call.body.end()) {
    if (!level->is_number() || level->get<double>() > 1 || level->get<double>() < 0) {
      return Error{Errc::logical, "\"level\" field is invalid", {}};
    }
  }
  call.body = query_of_stage(std::move(call.body));
  return action.check(call.body);
}

/// Takes what is claimed. Where nothing is known of the answers, the traversal that will tell may
/// be held up itself by somebody silent, so that others go on after a part of their time.
Result<AnswerMemory::Hold> take(AnswerMemory& memory, AnswerMemory::Claim claim, Deadline deadline,
                                const Clock& clock) {
  constexpr int kPatience = 4;  // that part of it
  const auto is_known = [&] { return claim.expected->bytes(claim.stage, /*bytes_max=*/0) > 0; };
  if (!is_known()) {
    const Deadline patience(clock.now() + deadline.remaining(clock) / kPatience);
    if (auto hold = memory.take(claim, patience)) return hold;
    claim.bytes = is_known() ? claim.expected->bytes(claim.stage, claim.bytes_max)
                             : claim.bytes_max / AnswerMemory::kSmallShare;
  }
  return memory.take(claim, deadline);
}

/// Refuses a request that wants to be handed on deeper than a network has levels: each level would
/// multiply it. Source: protocol section 5.13; reliability S10.
Result<void> check_level(const CallContext& call) {
  if (!call.body.is_object()) return {};
  const auto level = call.body.find(kLevel);
  if (level == call.body.end() || !level->is_number() || level->get<double>() <= 1) return {};
  return Error{Errc::logical, "\"level\" is deeper than this network", {}};
}

}  // namespace

StageQuestion::StageQuestion(std::string_view route, const NetworkAction& action,
                             const Json& query) {
  const bool is_to_slave = route == wire::kSlaveRoute;
  const Schema* const schema =
      action.answer_schema(is_to_slave ? Answerer::slave : Answerer::master, query);
  Json body = query;
  body[kLevel] = is_to_slave ? 0 : 1;
  request_ = {.path = std::string(route) + action.name(),
              .body = {},
              .shared_body = std::make_shared<const Json>(std::move(body)),
              .schema = schema,
              .is_stamped = schema != nullptr,
              .work = is_to_slave ? WorkClass::leaf : WorkClass::forward,
              .needs_signature = action.has_signed_answers()};
}

PeerRequest StageQuestion::to(const Address& address) const {
  PeerRequest request = request_;
  request.to = address;
  return request;
}

Json query_of_stage(Json body) {
  std::erase_if(body.get_ref<Json::object_t&>(), [](const auto& item) {
    return std::find(std::begin(kStageFields), std::end(kStageFields), item.first) !=
           std::end(kStageFields);
  });
  return body;
}

/// One master's share of a traversal.
struct Traversal::Part {
  MasterEntry master;
  std::vector<Address> tried;  ///< who was asked for it so far
  std::optional<Reply> reply;
  Coverage coverage;
  bool is_refused = false;  ///< the master understood and said no: nobody stands in
};

/// A traversal under way.
struct Traversal::Gathering {
  NetworkAction& action;
  const Json& query;
  CallContext& call;
  std::vector<Part> parts;
};

/// What the answers to one stage take, told to the call's memory and to those that come later.
/// Looks at values when there is much of them; few are taken for what takes most for its length,
/// such as a number in an object.
class Traversal::Answers {
 public:
  Answers(NetworkAction& action, AnswerMemory::Stage stage, CallContext& call)
      : expected_(action.expected_memory(stage)), call_(call) {}

  void add(const PeerReply& reply) {
    text_bytes_ += reply.bytes;
    value_bytes_ += is_much() ? memory_of(reply.body) : kFactor * reply.bytes;
    if (reply.bytes > 0) ++texts_;
    ++answers_;
  }

  /// Texts and values that have come so far, which are there at once for a moment.
  void note_gathered() {
    most_ = std::max<std::uint64_t>(most_, with_unknown(text_bytes_ + value_bytes_));
    if (call_.memory && call_.memory->bytes() < most_) call_.memory->resize(most_);
  }

  /// What they were merged into, and what that has left of them. Nothing more comes.
  void note_merged(const std::vector<Reply>& replies, const Json& merged) {
    std::uint64_t bytes = most_;
    call_.answer_bytes = with_unknown(text_bytes_);
    if (is_much() || texts_ == 0) {
      const std::size_t merged_bytes = memory_of(merged);
      call_.answer_bytes = length_of(merged_bytes);
      bytes = merged_bytes + call_.answer_bytes;
      for (const Reply& reply : replies) bytes += memory_of(reply.value);
    }
    if (!call_.memory) return;
    expected_.note(std::max(bytes, most_));
    call_.memory->resize(bytes);
  }

 private:
  static constexpr std::size_t kMuchBytes = 16'384;
  static constexpr std::size_t kFactor = 16;

  [[nodiscard]] bool is_much() const { return text_bytes_ > kMuchBytes; }
  /// The node's own answer comes as a value: it is taken for an average one.
  [[nodiscard]] std::size_t with_unknown(std::size_t bytes) const {
    return texts_ == 0 || texts_ == answers_ ? bytes : bytes / texts_ * answers_;
  }
  /// Of the text of values that take `bytes`. It is as dense as those that have come, or takes as
  /// much as they do.
  [[nodiscard]] std::size_t length_of(std::size_t bytes) const {
    if (text_bytes_ == 0 || value_bytes_ < text_bytes_) return bytes;
    const double density = static_cast<double>(text_bytes_) / static_cast<double>(value_bytes_);
    return static_cast<std::size_t>(static_cast<double>(bytes) * density);
  }

  ExpectedMemory& expected_;
  CallContext& call_;
  std::size_t text_bytes_ = 0;
  std::size_t value_bytes_ = 0;
  std::size_t texts_ = 0;    ///< answers whose length is known
  std::size_t answers_ = 0;  ///< all
  std::uint64_t most_ = 0;
};

Json TraversalResult::to_json() const& {
  return TraversalResult(*this).to_json();
}

Json TraversalResult::to_json() && {
  Json names = Json::array();
  for (const Address& address : silent) names.push_back(address.text());
  Json json = Json::object();  // not at once: that makes a list of pairs first, and copies it
  json["value"] = std::move(value);
  json["nodesAsked"] = nodes_asked;
  json["nodesAnswered"] = nodes_answered;
  json["mastersAsked"] = masters_asked;
  json["mastersFailed"] = masters_failed;
  json["silent"] = std::move(names);
  json["complete"] = complete;
  return json;
}

Result<TraversalResult> TraversalResult::from_json(const Json& json) {
  static const Schema count = schema::integer({.min = 0});
  static const Schema whole = schema::object({
      {"value", schema::any()},
      {"nodesAsked", count},
      {"nodesAnswered", count},
      {"mastersAsked", count},
      {"mastersFailed", count},
      {"silent", schema::array(schema::address())},
      {"complete", schema::boolean()},
  });
  if (Result<void> passed = whole.check(json); !passed) {
    return Error{Errc::bad_response, passed.error().message, passed.error().wire_code};
  }
  TraversalResult result{.value = json["value"],
                         .nodes_asked = json["nodesAsked"].get<std::size_t>(),
                         .nodes_answered = json["nodesAnswered"].get<std::size_t>(),
                         .masters_asked = json["mastersAsked"].get<std::size_t>(),
                         .masters_failed = json["mastersFailed"].get<std::size_t>(),
                         .silent = {},
                         .complete = json["complete"].get<bool>()};
  for (const Json& name : json["silent"]) {
    result.silent.push_back(*Address::parse(name.get_ref<const std::string&>()));
  }
  return result;
}

/// Adds what the action passes on from `call` to a request, unless its receiver would not know it.
void Traversal::pass_headers(PeerRequest& request, const NetworkAction& action,
                             const CallContext& call) const {
  if (action.passed_headers().empty() || parts_.book.is_foreign(request.to)) return;
  for (const std::string& name : action.passed_headers()) {
    const auto value = call.request.headers.find(name);
    if (value) request.headers.add(name, *value);
  }
}

/// Whether `address` cannot be asked, since it does not know the action.
bool Traversal::is_unable(const NetworkAction& action, const Address& address) const {
  return action.is_native_only() && parts_.book.is_foreign(address);
}

Deadline Traversal::with_margin(Deadline deadline) const {
  const Duration left = deadline.remaining(parts_.clock);
  return deadline.earlier_by(std::min<Duration>(kStageMarginMax, left / 10));
}

Result<Json> Traversal::local(NetworkAction& action, const Json& query, CallContext& call) {
  try {
    return action.local(query, call);
  } catch (const std::exception& exception) {  // out of a user's hook
    parts_.logger.error("local part of \"" + action.name() + "\" failed: " + exception.what());
  } catch (...) {
    parts_.logger.error("local part of \"" + action.name() + "\" failed");
  }
  return Error{Errc::internal, "", {}};
}

Result<Json> Traversal::slave_stage(NetworkAction& action, CallContext& call) {
  if (Result<void> passed = check_level(call); !passed) return passed.error();
  if (Result<void> unwrapped = unwrap_query(action, call); !unwrapped) return unwrapped.error();
  return local(action, call.body, call);
}

Result<Json> Traversal::butler_stage(NetworkAction& action, CallContext& call) {
  if (Result<void> passed = check_level(call); !passed) return passed.error();
  const auto view = parts_.table.view();
  if (view->slaves.empty() && !view->is_registered()) {
    return fan_out(action, {view->self}, call);  // in nobody's list, so it speaks for itself
  }
  return fan_out(action, view->slaves, call);
}

Result<Json> Traversal::stand_in_stage(NetworkAction& action, CallContext& call) {
  const Result<Address> master = Address::parse(call.header(wire::kStandInFor));
  const auto list = master ? parts_.lists.find(*master) : nullptr;
  if (!list) return Error{Errc::logical, "no list of that master is known here", {}};
  return fan_out(action, *list, call);
}

/// Waits for the memory that answers to the action are going to take.
Result<void> Traversal::take_memory(NetworkAction& action, AnswerMemory::Stage stage,
                                    CallContext& call) {
  const ExpectedMemory& expected = action.expected_memory(stage);
  const std::uint64_t bytes_max = parts_.memory_bytes_max;
  const AnswerMemory::Claim claim{stage, expected.bytes(stage, bytes_max), bytes_max, &expected};
  auto hold = take(parts_.memory, claim, with_margin(call.deadline), parts_.clock);
  if (!hold) return hold.error();
  call.memory.emplace(std::move(*hold));
  return {};
}

Result<Json> Traversal::fan_out(NetworkAction& action, const std::vector<Address>& slaves,
                                CallContext& call) {
  if (Result<void> unwrapped = unwrap_query(action, call); !unwrapped) return unwrapped.error();
  // What a node asks itself is part of a traversal that has memory.
  constexpr auto kStage = AnswerMemory::Stage::master;
  if (!call.is_own) {
    if (Result<void> taken = take_memory(action, kStage, call); !taken) return taken.error();
  }
  const Json& query = call.body;
  const StageQuestion question(wire::kSlaveRoute, action, query);
  std::vector<PeerRequest> requests;
  requests.reserve(slaves.size());
  for (const Address& slave : slaves) {
    if (is_unable(action, slave)) continue;
    requests.push_back(question.to(slave));
    pass_headers(requests.back(), action, call);
  }
  auto results = parts_.outbound.request_group(requests, with_margin(call.deadline));
  Coverage coverage;
  Answers answers(action, kStage, call);
  std::vector<Reply> replies;
  replies.reserve(results.size());
  for (std::size_t i = 0; i < results.size(); ++i) {
    if (results[i]) {
      coverage.add_answered();
      answers.add(*results[i]);
      replies.push_back({requests[i].to, std::move(results[i]->body)});
    } else {
      coverage.add_silent(requests[i].to);
    }
  }
  if (call.is_native) call.reply_headers.add(wire::kCoverage, coverage.to_header());
  answers.note_gathered();
  Json merged = action.merge_slaves(replies, query, call);
  answers.note_merged(replies, merged);
  return merged;
}

Address Traversal::whom_to_ask(const Part& part, const Gathering& gathering) const {
  const auto was_tried = [&](const Address& address) {
    return std::find(part.tried.begin(), part.tried.end(), address) != part.tried.end();
  };
  const Address& master = part.master.address;
  const bool is_suspect = parts_.book.is_suspect(master);
  const bool is_able = !is_unable(gathering.action, master);
  if (!was_tried(master) && !is_suspect && is_able) return master;

  std::vector<Address> others;
  for (const Part& other : gathering.parts) {
    const Address& address = other.master.address;
    const bool is_self = address == parts_.table.view()->self;
    if (address == master || is_self || was_tried(address)) continue;
    if (is_unable(gathering.action, address)) continue;
    if (parts_.book.fails(address) == 0) others.push_back(address);
  }
  if (!others.empty()) return others[parts_.random.below(others.size())];
  const Address self = parts_.table.view()->self;
  if (!was_tried(self) && parts_.lists.find(master)) return self;
  return was_tried(master) || !is_able ? Address() : master;
}

void Traversal::ask_masters(Gathering& gathering, Answers& answers, Deadline deadline) {
  const StageQuestion question(wire::kButlerRoute, gathering.action, gathering.query);
  std::vector<PeerRequest> requests;
  requests.reserve(gathering.parts.size());
  std::vector<Part*> asked;
  asked.reserve(gathering.parts.size());
  for (Part& part : gathering.parts) {
    if (part.reply || part.is_refused) continue;
    const Address to = whom_to_ask(part, gathering);
    if (to.is_empty()) continue;
    const bool is_stand_in = to != part.master.address;
    PeerRequest request = question.to(to);
    if (is_stand_in) {
      request.path = std::string(wire::kStandInRoute) + gathering.action.name();
      request.headers.add(wire::kStandInFor, part.master.address.text());
    }
    pass_headers(request, gathering.action, gathering.call);
    part.tried.push_back(to);
    requests.push_back(std::move(request));
    asked.push_back(&part);
  }
  auto results = parts_.outbound.request_group(requests, deadline);
  for (std::size_t i = 0; i < results.size(); ++i) {
    Part& part = *asked[i];
    const bool is_from_master = requests[i].to == part.master.address;
    if (!results[i]) {
      part.is_refused = is_from_master && results[i].error().code == Errc::logical;
      continue;
    }
    answers.add(*results[i]);
    part.reply = Reply{part.master.address, std::move(results[i]->body)};
    const auto header = results[i]->headers.find(wire::kCoverage);
    const auto coverage = header ? Coverage::from_header(*header) : std::nullopt;
    // A peer without coverage counts answers for the list that it announced.
    part.coverage = coverage.value_or(
        Coverage{.asked = part.master.size, .answered = part.master.size, .silent = {}});
  }
}

/// The parts of all masters, as far as they are to be had.
void Traversal::gather(Gathering& gathering, Answers& answers) {
  const auto is_missing = [](const Part& part) { return !part.reply && !part.is_refused; };
  const Deadline deadline = gathering.call.deadline;
  for (int round = 0; round < kRounds; ++round) {
    if (std::none_of(gathering.parts.begin(), gathering.parts.end(), is_missing)) break;
    // The first round leaves half of the time for standing in.
    const Duration left = deadline.remaining(parts_.clock);
    const Deadline half(parts_.clock.now() + left / 2);
    ask_masters(gathering, answers, round == 0 ? half : with_margin(deadline));
    answers.note_gathered();
  }
}

Result<TraversalResult> Traversal::run(NetworkAction& action, const Json& query,
                                       CallContext& call) {
  if (!query.is_object()) {
    return Error{Errc::logical, "the query of \"" + action.name() + "\" must be an object", {}};
  }
  if (Result<void> passed = action.check(query); !passed) return passed.error();
  constexpr auto kStage = AnswerMemory::Stage::coordinator;
  if (Result<void> taken = take_memory(action, kStage, call); !taken) return taken.error();
  const auto view = parts_.table.view();
  Gathering gathering{action, query, call, {}};
  gathering.parts.reserve(view->masters.size());
  for (const MasterEntry& master : view->masters) gathering.parts.push_back({.master = master});
  Answers answers(action, kStage, call);
  gather(gathering, answers);

  Coverage coverage;
  TraversalResult result;
  std::vector<Reply> replies;
  replies.reserve(gathering.parts.size() + 1);
  if (!view->is_registered()) {  // in nobody's list, so nobody else asks this node
    if (Result<Json> own = local(action, query, call)) {
      coverage.add_answered();
      std::vector<Reply> alone{{view->self, std::move(*own)}};
      replies.push_back({view->self, action.merge_slaves(alone, query, call)});
    } else {
      coverage.add_silent(view->self);
    }
  }
  for (Part& part : gathering.parts) {
    if (part.reply) {
      coverage.add(part.coverage);
      replies.push_back(std::move(*part.reply));
    } else {
      ++result.masters_failed;
      coverage.add_silent(part.master.address);
      coverage.asked += part.master.size - 1;
    }
  }
  result.value = action.merge_masters(replies, query, call);
  answers.note_merged(replies, result.value);
  result.nodes_asked = coverage.asked;
  result.nodes_answered = coverage.answered;
  result.masters_asked = gathering.parts.size();
  result.silent = std::move(coverage.silent);
  result.complete = coverage.is_complete();
  return result;
}

}  // namespace spreadable
