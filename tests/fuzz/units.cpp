// Times, sizes and counts as people write them.
#include "core/units.h"

#include "core/count_rule.h"
#include "core/detail/option_values.h"
#include "tests/fuzz/fuzz.h"

namespace spreadable {
namespace {

void check_duration(std::string_view text) {
  const Result<Millis> span = parse_duration(text);
  if (!span) return fuzz::check_error(span.error(), {Errc::invalid_argument});
  SPREADABLE_ASSERT(*span <= kDurationMax && *span >= -kDurationMax);
  const auto exact = parse_duration(detail::time_text(*span));
  SPREADABLE_ASSERT(exact && *exact == *span);
  // The short form is rounded to its unit, so it is off by half a day at most.
  const auto rounded = parse_duration(format_duration(*span));
  if (!rounded)
    return SPREADABLE_ASSERT(kDurationMax - std::chrono::abs(*span) < std::chrono::hours{12});
  SPREADABLE_ASSERT(std::chrono::abs(*rounded - *span) <= std::chrono::hours{12});
}

void check_size(std::string_view text) {
  const Result<std::uint64_t> bytes = parse_size(text);
  if (!bytes) return fuzz::check_error(bytes.error(), {Errc::invalid_argument});
  SPREADABLE_ASSERT(*bytes <= kSizeMax);
  const auto exact = parse_size(detail::size_text(*bytes));
  SPREADABLE_ASSERT(exact && *exact == *bytes);
  const auto rounded = parse_size(format_size(*bytes));
  if (!rounded) return SPREADABLE_ASSERT(kSizeMax - *bytes < std::uint64_t{1} << 50);
  const std::uint64_t off = std::max(*rounded, *bytes) - std::min(*rounded, *bytes);
  SPREADABLE_ASSERT(off <= *bytes / 100 + 1);
}

void check_count(std::string_view text) {
  const Result<CountRule> rule = CountRule::parse(Json(text));
  if (!rule) return fuzz::check_error(rule.error(), {Errc::invalid_argument});
  for (const std::size_t n : {std::size_t{1}, std::size_t{7}, std::size_t{100'000}}) {
    SPREADABLE_ASSERT(rule->of(n) >= 1 && rule->of(n) <= n);
  }
}

}  // namespace

void fuzz::run(std::string_view input) {
  check_duration(input);
  check_size(input);
  check_count(input);
}

}  // namespace spreadable
