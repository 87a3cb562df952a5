// Answers are joined whatever the order in which they come, and in as many stages as there are.
#include <algorithm>

#include "core/coverage.h"
#include "core/network_action.h"
#include "services/approvals/seat_report.h"
#include "tests/properties/generators.h"
#include "tests/properties/property.h"

namespace spreadable {
namespace {

template <class T>
std::vector<T> shuffled(std::vector<T> items) {
  for (std::size_t i = items.size(); i > 1; --i) {
    std::swap(items[i - 1], items[*rc::gen::inRange<std::size_t>(0, i)]);
  }
  return items;
}

std::vector<Reply> replies_of(const std::vector<Json>& values) {
  std::vector<Reply> replies;
  for (const Json& value : values) replies.push_back({Address(), value});
  return replies;
}

rc::Gen<Json> count() {
  return rc::gen::map(rc::gen::inRange<std::int64_t>(-1'000'000, 1'000'000),
                      [](std::int64_t number) { return Json(number); });
}

/// What `merge` makes of `values`, at once and in two stages.
template <class Merge>
std::pair<Json, Json> merged(Merge merge, const std::vector<Json>& values) {
  const auto cut = *rc::gen::inRange<std::size_t>(0, values.size() + 1);
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(cut);
  const Json first = merge(replies_of({values.begin(), middle}), {});
  const Json rest = merge(replies_of({middle, values.end()}), {});
  return {merge(replies_of(values), {}), merge(replies_of({first, rest}), {})};
}

/// The items as texts, since numbers of different types have no order that can be relied on.
std::vector<std::string> sorted(const Json& array) {
  std::vector<std::string> items;
  for (const Json& item : array) items.push_back(dump_json(item));
  std::sort(items.begin(), items.end());
  return items;
}

}  // namespace

TEST_CASE("merges: sums: neither order nor stages matter") {
  holds([] {
    const auto values = *rc::gen::container<std::vector<Json>>(count());
    const auto [whole, staged] = merged(merges::sum, shuffled(values));
    RC_ASSERT(whole == staged);
    RC_ASSERT(whole == merges::sum(replies_of(values), {}));
  });
}

TEST_CASE("merges: sums: any answers of strangers give a number") {
  holds([] {
    const auto values = *rc::gen::container<std::vector<Json>>(generate::json(2));
    RC_ASSERT(merges::sum(replies_of(values), {}).is_number());
    const Json by_key = merges::sum_by_key(replies_of(values), {});
    for (const Json& total : by_key) RC_ASSERT(total.is_number());
  });
}

TEST_CASE("merges: sums by key: neither order nor stages matter") {
  holds([] {
    const auto object =
        rc::gen::map(rc::gen::container<std::vector<std::pair<char, int>>>(
                         rc::gen::pair(rc::gen::inRange('a', 'f'), rc::gen::inRange(-1000, 1000))),
                     [](const std::vector<std::pair<char, int>>& counts) {
                       Json json = Json::object();
                       for (const auto& [key, number] : counts) json[std::string(1, key)] = number;
                       return json;
                     });
    const auto values = *rc::gen::container<std::vector<Json>>(object);
    const auto [whole, staged] = merged(merges::sum_by_key, shuffled(values));
    const Json expected = merges::sum_by_key(replies_of(values), {});
    RC_ASSERT(whole == expected);
    RC_ASSERT(staged == expected);
  });
}

TEST_CASE("merges: concatenation: nothing is lost or doubled, in any order and stages") {
  holds([] {
    const auto values = *rc::gen::container<std::vector<Json>>(
        rc::gen::map(rc::gen::container<std::vector<Json>>(generate::json(1)),
                     [](const std::vector<Json>& items) { return Json(items); }));
    const auto [whole, staged] = merged(merges::concatenate, shuffled(values));
    RC_ASSERT(whole == staged);
    RC_ASSERT(sorted(whole) == sorted(merges::concatenate(replies_of(values), {})));
    for (const Reply& reply : replies_of(values)) {
      const auto contains = audits::contains(whole, reply, {});
      RC_ASSERT(contains.has_value() == !reply.value.empty());
      RC_ASSERT(contains.value_or(true));
    }
  });
}

TEST_CASE("merges: coverage: counts add up in any order, and the header tells them all") {
  holds([] {
    std::vector<Coverage> parts(*rc::gen::inRange<std::size_t>(0, 6));
    for (Coverage& part : parts) {
      for (const Address& silent : *generate::addresses(30)) part.add_silent(silent);
      for (int i = *rc::gen::inRange(0, 20); i > 0; --i) part.add_answered();
    }
    Coverage whole;
    for (const Coverage& part : parts) whole.add(part);
    Coverage other;
    for (const Coverage& part : shuffled(parts)) other.add(part);
    RC_ASSERT(whole.to_header() == other.to_header());
    RC_ASSERT(whole.answered <= whole.asked);
    RC_ASSERT(std::is_sorted(whole.silent.begin(), whole.silent.end()));
    const auto read = Coverage::from_header(whole.to_header());
    RC_ASSERT(read.has_value());
    RC_ASSERT(read->to_header() == whole.to_header());
  });
}

TEST_CASE("merges: beacon: its value and the seniors do not depend on the order of reports") {
  holds([] {
    std::vector<SeatReport> reports(*rc::gen::inRange<std::size_t>(0, 6));
    for (SeatReport& report : reports) {
      report.is_witness = *rc::gen::arbitrary<bool>();
      for (const Address& master : *generate::addresses(4)) {
        report.reveals[master] = std::string(64, *rc::gen::element('a', 'b'));
      }
      for (const Address& member : *generate::addresses(20)) {
        report.members.push_back({member, Millis{*rc::gen::inRange(-1000, 100'000)}});
      }
    }
    const std::vector<SeatReport> others = shuffled(reports);
    const Millis full{*rc::gen::inRange(0, 50'000)};
    RC_ASSERT(beacon_value(reports) == beacon_value(others));
    RC_ASSERT(senior_members(reports, full) == senior_members(others, full));
    for (const SeatReport& report : reports) {
      const Result<SeatReport> read = SeatReport::parse(*parse_json(dump_json(report.json())));
      RC_ASSERT(read.has_value());
      RC_ASSERT(read->json() == report.json());
    }
  });
}

}  // namespace spreadable
