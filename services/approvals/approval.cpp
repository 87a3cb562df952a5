#include "services/approvals/approval.h"

#include <algorithm>
#include <array>
#include <functional>
#include <utility>

#include "core/assert.h"
#include "core/units.h"
#include "core/wire.h"

namespace spreadable {
namespace {

constexpr std::size_t kAnswerBytesMax = 4096;
constexpr Millis kPeriodMin = std::chrono::seconds{1};
constexpr Millis kPeriodMax = std::chrono::days{1};

Error refused(const char* key, const std::string& what) {
  return {Errc::invalid_argument, std::string(key) + ": " + what, {}};
}

/// Takes `key` out of `settings`, and hands its value to `read` when there is one.
template <class Read>
Result<void> take_key(Json& settings, const char* key, Read read) {
  const auto field = settings.find(key);
  if (field == settings.end()) return {};
  const Result<void> done = read(*field);
  settings.erase(field);
  if (!done) return refused(key, done.error().message);
  return {};
}

Result<void> read_period(const Json& value, Millis& period) {
  Result<Millis> span = Error{Errc::invalid_argument, "expected a time such as \"5m\"", {}};
  if (value.is_string()) span = parse_duration(value.get<std::string>());
  if (value.is_number_integer()) span = Millis{value.get<Millis::rep>()};
  if (!span) return span.error();
  if (*span < kPeriodMin || *span > kPeriodMax) {
    return Error{Errc::invalid_argument, "expected a time from 1s to 1d", {}};
  }
  period = *span;
  return {};
}

/// Reads one of two words.
template <class T>
Result<void> read_word(const Json& value, T& place, std::pair<const char*, T> one,
                       std::pair<const char*, T> other) {
  for (const auto& [word, meaning] : {one, other}) {
    if (value != word) continue;
    place = meaning;
    return {};
  }
  return Error{Errc::invalid_argument,
               "expected \"" + std::string(one.first) + "\" or \"" + other.first + "\"",
               {}};
}

Result<void> read_rule(const Json& value, CountRule& place) {
  const Result<CountRule> rule = CountRule::parse(value);
  if (!rule) return rule.error();
  place = *rule;
  return {};
}

}  // namespace

Approval::Options Approval::Options::high() {
  Options options;
  options.approvers = CountRule::fixed(100);
  options.decision_level = CountRule::percent(60);
  return options;
}

Approval::Options Approval::Options::legacy() {
  Options options;
  options.committee = Choice::legacy;
  options.approvers = CountRule::root(2);
  return options;
}

Result<Approval::Options> Approval::Options::take(Json& settings, Options defaults) {
  Options options = defaults;
  const auto steps = std::to_array<std::pair<const char*, std::function<Result<void>(const Json&)>>>({
      {"committee",
       [&](const Json& value) {
         return read_word<Choice>(value, options.committee, {"beacon", Choice::beacon},
                                  {"legacy", Choice::legacy});
       }},
      {"approversCount", [&](const Json& value) { return read_rule(value, options.approvers); }},
      {"decisionLevel", [&](const Json& value) { return read_rule(value, options.decision_level); }},
      {"period", [&](const Json& value) { return read_period(value, options.period); }},
      {"replay",
       [&](const Json& value) {
         return read_word<Replay>(value, options.replay, {"once", Replay::once},
                                  {"per-node", Replay::per_node});
       }},
      {"clientIp",
       [&](const Json& value) {
         return read_word<bool>(value, options.is_bound_to_ip, {"same", true}, {"any", false});
       }},
  });
  for (const auto& [key, read] : steps) {
    if (const Result<void> done = take_key(settings, key, read); !done) return done.error();
  }
  return options;
}

Result<Approval::Options> Approval::Options::take(Json& settings) {
  bool is_high = false;
  const Result<void> done = take_key(settings, "level", [&](const Json& value) {
    return read_word<bool>(value, is_high, {"standard", false}, {"high", true});
  });
  if (!done) return done.error();
  const bool is_legacy = settings.value("committee", Json()) == "legacy";
  if (is_high && is_legacy) {
    return refused("level",
                   "\"high\" is for committee \"beacon\"; set approversCount and decisionLevel");
  }
  return take(settings, is_high ? high() : is_legacy ? legacy() : Options{});
}

Approval::Approval(std::string name, Options options)
    : Service("approval/" + name), action_(std::move(name)), options_(options) {
  SPREADABLE_ASSERT(!action_.empty());
  SPREADABLE_ASSERT(options_.period > Millis::zero());
}

Result<void> Approval::check_info(const Json& info) const {
  if (info.is_null()) return {};
  return Error{Errc::logical, "approval \"" + action_ + "\" takes no info",
               std::string(wire::kValidateSchema) + "WRONG_DATA_TYPE"};
}

Result<void> Approval::check_part(const Json&) const {
  return {};
}

Result<void> Approval::check_answer(const Json& answer) const {
  if (answer.is_string() && answer.get_ref<const std::string&>().size() <= kAnswerBytesMax)
    return {};
  return Error{Errc::invalid_argument, "the answer must be a text of at most 4 KiB", {}};
}

}  // namespace spreadable
