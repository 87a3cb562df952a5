#include "services/approvals/approval.h"

#include <algorithm>
#include <utility>

#include "core/assert.h"
#include "core/units.h"

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

}  // namespace

Result<Approval::Options> Approval::Options::take(Json& settings, Options defaults) {
  Options options = defaults;
  const auto read_rule = [](CountRule& place) {
    return [&place](const Json& value) -> Result<void> {
      const Result<CountRule> rule = CountRule::parse(value);
      if (!rule) return rule.error();
      place = *rule;
      return {};
    };
  };
  Result<void> done = take_key(settings, "approversCount", read_rule(options.approvers));
  if (done) done = take_key(settings, "decisionLevel", read_rule(options.decision_level));
  if (done) {
    done = take_key(settings, "period",
                    [&](const Json& value) { return read_period(value, options.period); });
  }
  if (!done) return done.error();
  return options;
}

Result<Approval::Options> Approval::Options::take(Json& settings) {
  return take(settings, Options{});
}

Approval::Approval(std::string name, Options options)
    : Service("approval/" + name), action_(std::move(name)), options_(options) {
  SPREADABLE_ASSERT(!action_.empty());
  SPREADABLE_ASSERT(options_.period > Millis::zero());
}

Result<void> Approval::check_info(const Json& info) const {
  if (info.is_null()) return {};
  return Error{Errc::logical, "approval \"" + action_ + "\" takes no info",
               std::string("ERR_SPREADABLE_VALIDATE_SCHEMA_WRONG_DATA_TYPE")};
}

Result<void> Approval::check_part(const Json&) const { return {}; }

Result<void> Approval::check_answer(const Json& answer) const {
  if (answer.is_string() && answer.get_ref<const std::string&>().size() <= kAnswerBytesMax) return {};
  return Error{Errc::invalid_argument, "the answer must be a text of at most 4 KiB", {}};
}

}  // namespace spreadable
