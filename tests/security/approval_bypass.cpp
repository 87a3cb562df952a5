// Approvals under mutation: nine nodes in virtual time, a captcha whose text the test can read, and
// 100,000 requests whose claims are wrong in some way. Bar A17.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <map>
#include <string>
#include <vector>

#include "core/client.h"
#include "core/wire.h"
#include "services/approvals/captcha_approval.h"
#include "tests/security/commands.h"
#include "tests/support/guarded_network.h"

namespace spreadable::sectest {
namespace {

constexpr std::size_t kNodes = 9;
constexpr std::size_t kMutants = 100'000;
constexpr std::size_t kReplays = 1'000;
constexpr std::size_t kLength = 6;
constexpr const char* kAction = "captcha";

/// A captcha whose pictures are the texts themselves: the question is its own answer. Shares and
/// checks are those of the captcha.
class ReadableCaptcha final : public CaptchaApproval {
 public:
  ReadableCaptcha() : CaptchaApproval(kAction, default_options(kLength), Look{}) {}

  Question make_question(const Applicant&) override {
    std::string text = captcha_text(kLength);
    return {.part = text, .answer = text};
  }
  Result<void> check_part(const Json& part) const override {
    if (part.is_string() && part.get_ref<const std::string&>().size() == kLength) return {};
    return Error{Errc::bad_response, "expected a text", {}};
  }
  Result<Json> join(const Applicant&, const std::vector<Json>& parts) const override {
    std::string text;
    for (std::size_t i = 0; i < parts.size(); ++i) {
      const auto slice = CaptchaSlice::of(i, parts.size(), kLength);
      text += parts[i].is_null() ? std::string(slice.size, '?')
                                 : parts[i].get<std::string>().substr(0, slice.size);
    }
    return Json(text);
  }
};

/// The network, its client, and an attacker who sends whatever it likes.
class Site {
 public:
  Site()
      : network_(guarded_network(kAction, [] { return std::make_unique<ReadableCaptcha>(); })),
        client_({.address = {LocalNetwork::address(0)}},
                {network_.outside(), network_.clock(), network_.random()}) {
    network_.start(kNodes);
    const bool has_formed =
        network_.run_until([&] { return network_.agrees_on(kNodes); }, std::chrono::seconds{20});
    SPREADABLE_ASSERT(has_formed && client_.init());
  }

  Random& random() { return network_.random(); }

  /// A claim that is right: its question is its answer.
  Json right_claim() {
    Result<Json> claim = client_.get_approval_question(kAction);
    SPREADABLE_ASSERT(claim);
    (*claim)["answer"] = (*claim)["question"];
    claim->erase("question");
    return *claim;
  }

  /// The same with a new question from the same approvers.
  void renew(Json& claim) {
    const auto question = client_.request(
        "request-approval-question",
        {{"action", kAction}, {"key", claim["key"]}, {"confirmedAddresses", claim["approvers"]}});
    SPREADABLE_ASSERT(question);
    claim["answer"] = (*question)["question"];
  }

  /// Whether node `index` does what it is asked with this body; `reason` is the code of a refusal.
  bool is_accepted(std::string body, std::size_t index, std::string& reason) {
    TransportRequest request{.to = LocalNetwork::address(index), .path = "/client/vote"};
    request.headers.add("content-type", "application/json");
    request.headers.add(wire::kClientVersion, wire::kVersion);
    request.body = std::move(body);
    const auto replies = network_.outside().request_group(
        {&request, 1}, Deadline::after(network_.clock(), std::chrono::seconds{10}));
    SPREADABLE_ASSERT(replies.front());
    const auto answer = parse_json(replies.front()->body);
    reason = answer && answer->is_object() ? answer->value("code", "") : "";
    if (reason.empty()) reason = std::to_string(replies.front()->status);
    return replies.front()->status == 200;
  }
  bool is_accepted(const Json& claim, std::size_t index) {
    std::string reason;
    return is_accepted(dump_json({{"approvalInfo", claim}}), index, reason);
  }

 private:
  LocalNetwork network_;
  Client client_;
};

std::string lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

/// Whether enough approvers find their share of `answer` right; five of six characters.
bool is_right_answer(const Json& answer, const std::string& right) {
  if (!answer.is_string()) return false;
  const std::string given = lower(answer.get<std::string>());
  if (given.size() != right.size()) return false;
  std::size_t wrong = 0;
  for (std::size_t i = 0; i < right.size(); ++i) wrong += given[i] != right[i] ? 1 : 0;
  return wrong <= 1;
}

/// Whether a claim differs from `right` in nothing that matters.
bool is_right(const Json& claim, const Json& right) {
  if (!claim.is_object()) return false;
  if (!is_right_answer(claim.value("answer", Json()), right["answer"])) return false;
  Json rest = claim;
  rest["answer"] = right["answer"];
  return rest == right;
}

/// Changes claims. Each way of changing stands for something a stranger would try.
class Mutator {
 public:
  explicit Mutator(Random& random) : random_(random) {}

  Json mutate(Json claim) {
    using Way = void (Mutator::*)(Json&);
    static constexpr std::array<Way, 12> kWays{
        &Mutator::guess,   &Mutator::spoil,  &Mutator::retype, &Mutator::pad,
        &Mutator::reorder, &Mutator::cut,    &Mutator::swap,   &Mutator::repeat,
        &Mutator::rekey,   &Mutator::retime, &Mutator::move,   &Mutator::reshape};
    const std::size_t count = 1 + random_.below(3);
    for (std::size_t i = 0; i < count; ++i) (this->*kWays[random_.below(kWays.size())])(claim);
    return claim;
  }

  /// The text of `claim` with a few bytes changed, removed or doubled.
  std::string garble(std::string text) {
    for (std::size_t i = 1 + random_.below(4); i > 0 && !text.empty(); --i) {
      const std::size_t at = random_.below(text.size());
      const std::size_t way = random_.below(3);
      if (way == 0) text[at] = static_cast<char>(32 + random_.below(95));
      if (way == 1) text.erase(at, 1 + random_.below(3));
      if (way == 2) text.insert(at, text.substr(at, 1 + random_.below(8)));
    }
    return text;
  }

 private:
  static Json stranger(std::size_t i) { return "node" + std::to_string(i) + ".example.com:4000"; }
  static bool has_list(const Json& claim) {
    return claim.contains("approvers") && claim["approvers"].is_array();
  }

  void guess(Json& claim) { claim["answer"] = captcha_text(kLength); }
  void spoil(Json& claim) {
    if (!claim.contains("answer") || !claim["answer"].is_string()) return;
    auto text = claim["answer"].get<std::string>();
    for (std::size_t i = 2 + random_.below(5); i > 0 && !text.empty(); --i) {
      text[random_.below(text.size())] = static_cast<char>(33 + random_.below(90));
    }
    claim["answer"] = text;
  }
  void retype(Json& claim) {
    const std::array<Json, 12> values{Json(),         Json(true),
                                      Json(0),        Json(-1),
                                      Json(1e300),    Json("undefined"),
                                      Json("null"),   Json::array(),
                                      Json::object(), Json(std::string(5000, 'a')),
                                      Json(""),       Json("[object Object]")};
    static constexpr std::array<const char*, 6> kKeys{"action",   "key",       "startedAt",
                                                      "clientIp", "approvers", "answer"};
    claim[kKeys[random_.below(kKeys.size())]] = values[random_.below(values.size())];
  }
  /// So many approvers that none has a character left, and a guess.
  void pad(Json& claim) {
    if (!has_list(claim)) return;
    const std::size_t count = 1 + random_.below(120);
    const bool is_first = random_.below(2) == 0;
    for (std::size_t i = 0; i < count; ++i) {
      auto& list = claim["approvers"].get_ref<Json::array_t&>();
      list.insert(is_first ? list.begin() : list.end(), stranger(i));
    }
    if (random_.below(2) == 0) claim["answer"] = random_.below(2) == 0 ? "" : captcha_text(kLength);
  }
  void reorder(Json& claim) {
    if (!has_list(claim)) return;
    random_.shuffle(claim["approvers"].get_ref<Json::array_t&>());
  }
  void cut(Json& claim) {
    if (!has_list(claim)) return;
    auto& list = claim["approvers"].get_ref<Json::array_t&>();
    list.resize(random_.below(list.size() + 1));
  }
  void swap(Json& claim) {
    if (!has_list(claim) || claim["approvers"].empty()) return;
    Json& place = claim["approvers"][random_.below(claim["approvers"].size())];
    const Json node = LocalNetwork::address(random_.below(kNodes)).text();
    place = random_.below(2) == 0 ? stranger(7) : node;
  }
  void repeat(Json& claim) {
    if (!has_list(claim) || claim["approvers"].empty()) return;
    Json copy = claim["approvers"][random_.below(claim["approvers"].size())];
    for (std::size_t i = 1 + random_.below(30); i > 0; --i) claim["approvers"].push_back(copy);
  }
  void rekey(Json& claim) {
    claim["key"] = random_.below(2) == 0 ? Json(std::to_string(random_.next()))
                                         : Json(std::string(random_.below(300), 'k'));
  }
  void retime(Json& claim) {
    if (!claim.contains("startedAt") || !claim["startedAt"].is_number()) return;
    static constexpr std::array<double, 6> kSteps{-300'000, 300'000, 1, -1, 0.5, -600'000};
    claim["startedAt"] = claim["startedAt"].get<double>() + kSteps[random_.below(kSteps.size())];
  }
  void move(Json& claim) {
    static constexpr std::array<const char*, 5> kIps{"10.0.0.1", "::1", "::ffff:10.0.0.1",
                                                     "0.0.0.0", "2001:db8::1"};
    claim["clientIp"] = kIps[random_.below(kIps.size())];
  }
  void reshape(Json& claim) {
    if (!claim.is_object() || claim.empty()) return;
    if (random_.below(2) == 0) {
      claim["extra" + std::to_string(random_.below(10))] = random_.below(10);
    } else {
      claim.erase(
          std::next(claim.begin(), static_cast<std::ptrdiff_t>(random_.below(claim.size()))));
    }
  }

  Random& random_;
};

/// Sends mutants, each against a question that has not been answered yet.
bool check_mutants(Site& site) {
  Mutator mutator(site.random());
  Json right = site.right_claim();
  std::size_t accepted = 0;
  std::size_t sent = 0;
  std::size_t good = 0;
  std::map<std::string, std::size_t> reasons;
  while (sent < kMutants) {
    const std::size_t node = site.random().below(kNodes);
    std::string text = dump_json(mutator.mutate(right));
    const std::size_t way = site.random().below(4);
    if (way == 0) text = mutator.garble(dump_json(right));
    const auto claim = parse_json(text);
    if (claim && is_right(*claim, right)) continue;
    // A claim may also come as a text in the body.
    std::string body = "{\"approvalInfo\":" + (way == 1 ? dump_json(Json(text)) : text) + "}";
    std::string reason;
    const bool is_passed = site.is_accepted(std::move(body), node, reason);
    ++sent;
    ++reasons[reason];
    if (is_passed && ++accepted <= 5) fmt::print("accepted: {}\n", text);
    const bool has_reached_approvers = is_passed || reason == wire::kWrongApprovalAnswer;
    if (sent % 100 == 0) {
      // The right claim would have passed all the time, so it is the mutation that was refused.
      if (has_reached_approvers) site.renew(right);
      good += site.is_accepted(right, node) ? 1 : 0;
    }
    if (has_reached_approvers || sent % 100 == 0) site.renew(right);
  }
  fmt::print("mutants: {} sent, {} accepted; {} of {} right claims between them passed\n", sent,
             accepted, good, kMutants / 100);
  for (const auto& [reason, count] : reasons) fmt::print("  {:6} {}\n", count, reason);
  return accepted == 0 && good == kMutants / 100;
}

/// Solves questions, and shows each answer to two nodes.
bool check_replays(Site& site) {
  Json right = site.right_claim();
  std::size_t first = 0;
  std::size_t second = 0;
  for (std::size_t i = 0; i < kReplays; ++i) {
    first += site.is_accepted(right, i % kNodes) ? 1 : 0;
    second += site.is_accepted(right, site.random().below(kNodes)) ? 1 : 0;
    site.renew(right);
  }
  fmt::print("replays: {} of {} answers accepted once, {} a second time, through {} coordinators\n",
             first, kReplays, second, kNodes);
  return first == kReplays && second == 0;
}

}  // namespace

bool run_approval() {
  Site site;
  const bool is_closed = check_mutants(site);
  const bool is_single = check_replays(site);
  return is_closed && is_single;
}

}  // namespace spreadable::sectest
