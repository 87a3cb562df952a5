#include "extensions/documents/detail/index_plan.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace spreadable::documents::detail {
namespace {

using Plan = std::optional<IndexPlan>;

constexpr double kInfinite = std::numeric_limits<double>::infinity();

// Guesses: what one stretch costs, relative to a point.
constexpr double kPointCost = 1;
constexpr double kPrefixCost = 30;
constexpr double kClosedRangeCost = 100;
constexpr double kOpenRangeCost = 10'000;

/// Behind all texts: no byte of UTF-8 is 0xFF.
IndexKey last_text() {
  return {.is_text = true, .text = std::string(1, '\xFF')};
}

bool is_point(const IndexRange& range) {
  return (range.low <=> range.high) == std::partial_ordering::equivalent;
}

double cost_of(const IndexRange& range) {
  if (is_point(range)) return kPointCost;
  if (range.low.is_text && range.high.is_text) {
    if (range.high.text.starts_with(range.low.text)) return kPrefixCost;
    return range.low.text.empty() || range.high.text == last_text().text ? kOpenRangeCost
                                                                         : kClosedRangeCost;
  }
  const bool is_closed = !range.low.is_text && !range.high.is_text &&
                         std::isfinite(range.low.number) && std::isfinite(range.high.number);
  return is_closed ? kClosedRangeCost : kOpenRangeCost;
}

/// Plans for conditions on the value at one place.
class Place {
 public:
  virtual ~Place() = default;
  [[nodiscard]] virtual Plan plan(const FilterNode& node) const;

 protected:
  /// The plan of a single test; nothing when it has none.
  [[nodiscard]] virtual Plan plan_test(const FilterNode& node) const = 0;

 private:
  [[nodiscard]] Plan plan_all(const FilterNode& node) const;
  [[nodiscard]] Plan plan_any(const FilterNode& node) const;
};

Plan Place::plan(const FilterNode& node) const {
  Plan plan;
  if (node.test == Test::all) {
    plan = plan_all(node);
  } else if (node.test == Test::any) {
    plan = plan_any(node);
  } else {
    plan = plan_test(node);
  }
  if (plan && plan->ranges.size() + plan->pks.size() > IndexPlan::kPlacesMax) return {};
  return plan;
}

/// Two stretches of one index that both have to be looked at become their overlap.
bool narrow(IndexPlan& plan, const IndexPlan& other) {
  if (plan.ranges.size() != 1 || other.ranges.size() != 1) return false;
  if (!plan.pks.empty() || !other.pks.empty()) return false;
  IndexRange& range = plan.ranges.front();
  const IndexRange& second = other.ranges.front();
  if (range.field != second.field) return false;
  if (range.low < second.low) range.low = second.low;
  if (second.high < range.high) range.high = second.high;
  return true;
}

Plan Place::plan_all(const FilterNode& node) const {
  Plan best;
  for (const FilterNode& child : node.children) {
    Plan found = plan(child);
    if (!found || (best && narrow(*best, *found))) continue;
    if (!best || found->cost() < best->cost()) best = std::move(found);
  }
  return best;
}

Plan Place::plan_any(const FilterNode& node) const {
  IndexPlan all;
  for (const FilterNode& child : node.children) {
    const Plan found = plan(child);
    if (!found) return {};
    all.ranges.insert(all.ranges.end(), found->ranges.begin(), found->ranges.end());
    all.pks.insert(all.pks.end(), found->pks.begin(), found->pks.end());
  }
  return all;
}

/// Of a field with an index.
class IndexedPlace final : public Place {
 public:
  explicit IndexedPlace(std::size_t field) : field_(field) {}

 protected:
  [[nodiscard]] Plan plan_test(const FilterNode& node) const override {
    switch (node.test) {
      case Test::equal:
      case Test::same:
        return node.is_negated ? Plan() : points({key_of(node.operand)});
      case Test::one_of:
        return node.is_negated ? Plan() : points(keys_of(*node.set));
      case Test::greater:
      case Test::greater_or_equal:
        return order_plan(node.operand, /*is_above=*/true);
      case Test::less:
      case Test::less_or_equal:
        return order_plan(node.operand, /*is_above=*/false);
      case Test::starts:
        return node.ignores_case ? Plan() : prefix_plan(node.operand.text);
      default:
        return {};
    }
  }

 private:
  static IndexKey key_of(const Operand& operand) {
    return std::isnan(operand.number) ? IndexKey::of_text(operand.text)
                                      : IndexKey::of_number(operand.number);
  }

  static std::vector<IndexKey> keys_of(const OperandSet& set) {
    std::vector<IndexKey> keys;
    for (const double number : set.numbers()) keys.push_back(IndexKey::of_number(number));
    for (const std::string& text : set.texts()) keys.push_back(IndexKey::of({Kind::text, 0, text}));
    if (set.has_true()) keys.push_back(IndexKey::of_number(1));
    if (set.has_false()) keys.push_back(IndexKey::of_number(0));
    return keys;
  }

  [[nodiscard]] IndexRange numbers(double low, double high) const {
    return {field_, IndexKey::of_number(low), IndexKey::of_number(high)};
  }

  [[nodiscard]] IndexPlan points(const std::vector<IndexKey>& keys) const {
    IndexPlan plan;
    for (const IndexKey& key : keys) plan.ranges.push_back({field_, key, key});
    return plan;
  }

  /// Ends belong to it even where the filter leaves them out: keys are cut.
  [[nodiscard]] Plan order_plan(const Operand& operand, bool is_above) const {
    const bool is_text =
        operand.kind == Kind::text || operand.kind == Kind::list || operand.kind == Kind::object;
    if (!is_text) {
      return IndexPlan{
          {is_above ? numbers(operand.number, kInfinite) : numbers(-kInfinite, operand.number)}};
    }
    // Texts compare with it as texts, also those that an index has among the numbers.
    const IndexKey key = IndexKey::of_text(operand.text);
    const IndexKey first_text{.is_text = true};
    return IndexPlan{{numbers(-kInfinite, kInfinite), is_above
                                                          ? IndexRange{field_, key, last_text()}
                                                          : IndexRange{field_, first_text, key}}};
  }

  [[nodiscard]] Plan prefix_plan(const std::string& prefix) const {
    if (prefix.empty()) return {};
    IndexKey low = IndexKey::of_text(prefix);
    IndexKey high = low;
    high.text += '\xFF';
    IndexPlan plan{{IndexRange{field_, std::move(low), std::move(high)}}};
    // What begins so may be a number for the index.
    static constexpr std::string_view kNumberStarts = "0123456789+-.I \t\n\v\f\r";
    const char first = prefix.front();
    const bool may_be_number = kNumberStarts.find(first) != kNumberStarts.npos ||
                               static_cast<unsigned char>(first) >= 0x80;
    if (may_be_number) plan.ranges.push_back(numbers(-kInfinite, kInfinite));
    return plan;
  }

  const std::size_t field_;
};

/// Of the primary key, which is a text or a number.
class PkPlace final : public Place {
 protected:
  [[nodiscard]] Plan plan_test(const FilterNode& node) const override {
    if (node.is_negated) return {};
    if (node.test == Test::equal || node.test == Test::same) {
      const Operand& operand = node.operand;
      return IndexPlan{
          {}, {std::isnan(operand.number) ? PkPoint{operand.text} : number_point(operand.number)}};
    }
    if (node.test != Test::one_of) return {};
    IndexPlan plan;
    for (const double number : node.set->numbers()) plan.pks.push_back(number_point(number));
    for (const std::string& text : node.set->texts()) plan.pks.push_back({text});
    return plan;
  }

 private:
  static PkPoint number_point(double number) { return {number_text(number), number}; }
};

/// The document as a whole.
class TopPlace final : public Place {
 public:
  explicit TopPlace(const CollectionOptions& options) : options_(options) {}

 protected:
  [[nodiscard]] Plan plan_test(const FilterNode& node) const override {
    if (node.test != Test::field) return {};
    const FilterNode& condition = node.children.front();
    if (!options_.pk.empty() && !node.path->is_deep() && node.path->text() == options_.pk) {
      if (Plan plan = PkPlace().plan(condition)) return plan;
    }
    const auto found = std::find(options_.indices.begin(), options_.indices.end(), *node.path);
    if (found == options_.indices.end()) return {};
    return IndexedPlace(static_cast<std::size_t>(found - options_.indices.begin())).plan(condition);
  }

 private:
  const CollectionOptions& options_;
};

}  // namespace

double IndexPlan::cost() const {
  double cost = kPointCost * static_cast<double>(pks.size());
  for (const IndexRange& range : ranges) cost += cost_of(range);
  return cost;
}

std::optional<IndexPlan> plan_of(const FilterNode& filter, const CollectionOptions& options) {
  return TopPlace(options).plan(filter);
}

}  // namespace spreadable::documents::detail
