// Deadlines and budgets: no stage gets more time than the one that asks it.
#include <numeric>

#include "core/budget.h"
#include "core/wire.h"
#include "tests/properties/generators.h"
#include "tests/properties/property.h"
#include "tests/support/manual_clock.h"

namespace spreadable {
namespace {

rc::Gen<Duration> span(std::int64_t seconds) {
  return rc::gen::map(rc::gen::inRange<std::int64_t>(0, seconds * 1'000'000'000),
                      [](std::int64_t count) { return Duration{count}; });
}

}  // namespace

TEST_CASE(
    "time: deadlines: narrowed by anything, one is never later, and never less than no time") {
  holds([] {
    ManualClock clock;
    const Deadline parent = Deadline::after(clock, *span(100));
    const Deadline other = Deadline::after(clock, *span(100));
    for (const Deadline& child : {parent.earlier_by(*span(100)), parent.at_most(other)}) {
      RC_ASSERT(child <= parent);
      RC_ASSERT(child.remaining(clock) <= parent.remaining(clock));
    }
    RC_ASSERT(parent.at_most(other) == other.at_most(parent));
    clock.advance(*span(200));
    RC_ASSERT(parent.remaining(clock) >= Duration::zero());
    RC_ASSERT(parent.has_passed(clock) == (parent.remaining(clock) == Duration::zero()));
  });
}

TEST_CASE("time: budgets: what a body carries gives the receiver no more than the sender has") {
  holds([] {
    const Duration left = *span(120);
    Json body = Json::object();
    wire::put_budget(body, left, ManualClock::kStartDate);
    const auto told = wire::budget_of(*parse_json(dump_json(body)));
    if (!told) return RC_ASSERT(left < Millis{1});  // nothing to tell
    RC_ASSERT(*told >= Duration::zero());
    RC_ASSERT(*told <= left);
    RC_ASSERT(*told <= wire::kBudgetMax);
    body["timeout"] = std::to_string(body["timeout"].get<std::int64_t>());  // as forms have it
    RC_ASSERT(wire::budget_of(body) == told);
  });
}

TEST_CASE("time: shares: a stage gets no more than is left, and never less than nothing") {
  holds([] {
    const double left = *rc::gen::inRange(0, 100'000) / 7.0;
    const auto stages = *rc::gen::container<std::vector<double>>(
        rc::gen::map(rc::gen::inRange(0, 50'000), [](int ms) { return ms / 3.0; }));
    const StageRules rules{.min_ms = static_cast<double>(*rc::gen::inRange(0, 1'000)),
                           .grabs_free = *rc::gen::arbitrary<bool>()};
    const auto share = stage_share(left, stages, rules);
    RC_ASSERT(share.has_value());
    RC_ASSERT(*share >= 0.0);
    RC_ASSERT(*share <= left);
  });
}

TEST_CASE("time: shares: stages that ask one after the other use up what there is, and no more") {
  holds([] {
    double left = *rc::gen::inRange(0, 100'000);
    auto stages = *rc::gen::nonEmpty(rc::gen::container<std::vector<double>>(
        rc::gen::map(rc::gen::inRange(1, 50'000), [](int ms) { return double(ms); })));
    const double wanted = std::accumulate(stages.begin(), stages.end(), 0.0);
    const bool fits = wanted <= left;
    while (!stages.empty()) {
      const auto share = stage_share(left, stages);
      RC_ASSERT(share.has_value());
      if (fits) RC_ASSERT(*share == stages.front());
      left -= *share;
      RC_ASSERT(left >= -1e-6);
      stages.erase(stages.begin());
    }
    if (!fits) RC_ASSERT(left <= 1e-6);
  });
}

}  // namespace spreadable
