#include <algorithm>
#include <cstring>

#include "extensions/documents/detail/code_points.h"
#include "extensions/documents/detail/filter_node.h"

namespace spreadable::documents::detail {
namespace {

/// In linear time, unlike std::string_view::find.
bool is_inside(std::string_view text, std::string_view part) {
  if (part.empty()) return true;
  return memmem(text.data(), text.size(), part.data(), part.size()) != nullptr;
}

bool holds_order(Test test, std::partial_ordering order) {
  switch (test) {
    case Test::greater:
    case Test::longer:
      return order == std::partial_ordering::greater;
    case Test::greater_or_equal:
    case Test::longer_or_equal:
      return order == std::partial_ordering::greater || order == std::partial_ordering::equivalent;
    case Test::less:
    case Test::shorter:
      return order == std::partial_ordering::less;
    default:
      return order == std::partial_ordering::less || order == std::partial_ordering::equivalent;
  }
}

}  // namespace

OperandSet::OperandSet(const Json& list) {
  for (const Json& item : list) {
    const Value value = Value::of(item);
    switch (value.kind) {
      case Kind::boolean:
        (value.number != 0 ? has_true_ : has_false_) = true;
        break;
      case Kind::number:
        numbers_.push_back(value.number);
        break;
      case Kind::text:
        texts_.emplace_back(value.text);
        break;
      default:
        break;  // no other value is the same as one in a document
    }
  }
  std::sort(numbers_.begin(), numbers_.end());
  std::sort(texts_.begin(), texts_.end());
}

bool OperandSet::contains(const Value& value) const {
  switch (value.kind) {
    case Kind::boolean:
      return value.number != 0 ? has_true_ : has_false_;
    case Kind::number:
      return std::binary_search(numbers_.begin(), numbers_.end(), value.number);
    case Kind::text:
      return std::binary_search(texts_.begin(), texts_.end(), value.text);
    default:
      return false;
  }
}

bool FilterMatch::holds(const FilterNode& node, const Value& value) {
  const auto holds_here = [&](const FilterNode& child) { return holds(child, value); };
  switch (node.test) {
    case Test::all:
      return std::all_of(node.children.begin(), node.children.end(), holds_here);
    case Test::any:
      return std::any_of(node.children.begin(), node.children.end(), holds_here);
    case Test::field:
      return holds(node.children.front(), get(value, *node.path));
    case Test::equal:
      return loosely_equal(value, node.operand) != node.is_negated;
    case Test::same:
      return strictly_equal(value, node.operand) != node.is_negated;
    case Test::one_of:
      return node.set->contains(value) != node.is_negated;
    case Test::greater:
    case Test::greater_or_equal:
    case Test::less:
    case Test::less_or_equal:
      return holds_order(node.test, order_of(value, node.operand));
    case Test::starts:
    case Test::ends:
    case Test::contains:
    case Test::regex:
      return value.kind == Kind::text && holds_text(node, value.text);
    case Test::longer:
    case Test::longer_or_equal:
    case Test::shorter:
    case Test::shorter_or_equal:
      return value.kind == Kind::list &&
             holds_order(node.test,
                         static_cast<double>(value.json->size()) <=> node.operand.number);
  }
  return false;
}

bool FilterMatch::holds_text(const FilterNode& node, std::string_view text) {
  if (node.test == Test::regex) return node.regex->is_found_in(text);
  if (node.ignores_case) text = lowered(text);
  switch (node.test) {
    case Test::starts:
      return text.starts_with(node.operand.text);
    case Test::ends:
      return text.ends_with(node.operand.text);
    default:
      return is_inside(text, node.operand.text);
  }
}

std::string_view FilterMatch::lowered(std::string_view text) {
  if (text.data() != lowered_from_.data() || text.size() != lowered_from_.size()) {
    lowered_ = lower_case(text);
    lowered_from_ = text;
  }
  return lowered_;
}

}  // namespace spreadable::documents::detail
