// What stages say about whom they asked, the time that a sender leaves, and lists of features.
#include "core/coverage.h"

#include "core/ascii.h"
#include "core/traversal.h"
#include "core/wire.h"
#include "tests/fuzz/fuzz.h"

namespace spreadable {
namespace {

bool are_same(const Coverage& a, const Coverage& b) {
  return a.asked == b.asked && a.answered == b.answered && a.silent == b.silent;
}

void check_coverage(std::string_view text) {
  const auto coverage = Coverage::from_header(text);
  const auto spaced = Coverage::from_header(' ' + std::string(text));  // not as it is written
  SPREADABLE_ASSERT(spaced.has_value() == coverage.has_value());
  if (!coverage) return;
  SPREADABLE_ASSERT(are_same(*spaced, *coverage));
  SPREADABLE_ASSERT(coverage->answered <= coverage->asked);
  SPREADABLE_ASSERT(coverage->silent.size() <= Coverage::kSilentMax);
  SPREADABLE_ASSERT(coverage->silent.size() <= coverage->asked - coverage->answered);
  SPREADABLE_ASSERT(std::is_sorted(coverage->silent.begin(), coverage->silent.end()));
  const auto again = Coverage::from_header(coverage->to_header());
  SPREADABLE_ASSERT(again && are_same(*again, *coverage));
  // One part that is not complete leaves the whole incomplete, whatever another part claims.
  Coverage whole;
  whole.add_silent(*Address::parse("localhost:1"));
  whole.add(*coverage);
  SPREADABLE_ASSERT(!whole.is_complete() && whole.asked == coverage->asked + 1);
  SPREADABLE_ASSERT(whole.asked > coverage->asked);
}

void check_json(std::string_view text) {
  const Result<Json> json = parse_json(text);
  if (!json) return;
  const auto budget = wire::budget_of(*json);
  SPREADABLE_ASSERT(!budget || (*budget >= Duration::zero() && *budget <= wire::kBudgetMax));
  const Result<TraversalResult> result = TraversalResult::from_json(*json);
  if (!result) return fuzz::check_error(result.error(), {Errc::bad_response});
  const auto again = TraversalResult::from_json(result->to_json());
  SPREADABLE_ASSERT(again && again->to_json() == result->to_json());
}

}  // namespace

void fuzz::run(std::string_view input) {
  check_coverage(input);
  check_json(input);
  const std::string_view word = input.substr(0, input.find(','));
  const bool is_trimmed = !word.empty() && word == ascii::trim(word);
  SPREADABLE_ASSERT(!is_trimmed || wire::has_feature(input, word));
  SPREADABLE_ASSERT(!wire::has_feature(input, ","));
}

}  // namespace spreadable
