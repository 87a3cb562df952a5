#include "extensions/documents/detail/filter_parser.h"

#include <fmt/format.h>

#include <map>
#include <utility>

#include "core/excerpt.h"
#include "extensions/documents/detail/code_points.h"
#include "extensions/documents/filter.h"
#include "extensions/documents/wire.h"

namespace spreadable::documents::detail {
namespace {

/// What an operator asks, and of which operand.
struct Operator {
  enum class Needs { anything, list, text, pattern };
  Test test;
  bool is_negated = false;
  bool ignores_case = false;
  Needs needs = Needs::anything;
};

const std::map<std::string_view, Operator> kOperators{
    {"$eq", {Test::equal}},
    {"$ne", {Test::equal, true}},
    {"$eqs", {Test::same}},
    {"$nes", {Test::same, true}},
    {"$gt", {Test::greater}},
    {"$gte", {Test::greater_or_equal}},
    {"$lt", {Test::less}},
    {"$lte", {Test::less_or_equal}},
    {"$in", {Test::one_of, false, false, Operator::Needs::list}},
    {"$nin", {Test::one_of, true, false, Operator::Needs::list}},
    {"$sw", {Test::starts, false, false, Operator::Needs::text}},
    {"$isw", {Test::starts, false, true, Operator::Needs::text}},
    {"$ew", {Test::ends, false, false, Operator::Needs::text}},
    {"$iew", {Test::ends, false, true, Operator::Needs::text}},
    {"$lk", {Test::contains, false, false, Operator::Needs::text}},
    {"$ilk", {Test::contains, false, true, Operator::Needs::text}},
    {"$rx", {Test::regex, false, false, Operator::Needs::pattern}},
    {"$lgt", {Test::longer}},
    {"$lgte", {Test::longer_or_equal}},
    {"$llt", {Test::shorter}},
    {"$llte", {Test::shorter_or_equal}},
};

}  // namespace

Error FilterParser::refusal(std::string_view code, const Place& place, std::string_view reason) {
  std::string path;
  for (const Place* at = &place; at != nullptr && at->outer != nullptr; at = at->outer) {
    path = path.empty() ? std::string(at->key) : fmt::format("{}.{}", at->key, path);
  }
  const std::string where = path.empty() ? "" : fmt::format(" at \"{}\"", excerpt(path));
  return {Errc::logical, fmt::format("filter{}: {}", where, reason), std::string(code)};
}

Result<void> FilterParser::count(std::size_t weight, const Place& place) {
  nodes_ += weight;
  if (nodes_ <= Filter::kNodesMax) return {};
  return refusal(wire::kWrongFilter, place,
                 fmt::format("more than {} conditions and values", Filter::kNodesMax));
}

Result<void> FilterParser::check_operand(const Json& operand, const Place& place) {
  if (operand.is_null()) return refusal(wire::kWrongFilter, place, "null cannot be searched for");
  if (!operand.is_structured()) return {};
  if (place.depth > Filter::kDepthMax) {
    return refusal(wire::kWrongFilter, place,
                   fmt::format("nested deeper than {} levels", Filter::kDepthMax));
  }
  const Place inside{place.outer, place.key, place.depth + 1};
  for (const Json& item : operand) {
    if (auto counted = count(1, place); !counted) return counted;
    if (auto checked = check_operand(item, inside); !checked) return checked;
  }
  return {};
}

Result<FilterNode> FilterParser::parse(const Json& filter) {
  const Place top;
  if (!filter.is_structured()) {
    return refusal(wire::kWrongFilter, top,
                   fmt::format("expected an object, got {}", describe(filter)));
  }
  return condition(filter, top);
}

Result<FilterNode> FilterParser::condition(const Json& filter, const Place& place) {
  if (auto counted = count(1, place); !counted) return counted.error();
  if (auto checked = filter.is_object() ? Result<void>() : check_operand(filter, place); !checked) {
    return checked.error();
  }
  if (!filter.is_object()) {
    FilterNode node{.test = Test::equal};
    node.operand = Operand::of(filter);
    return node;
  }
  if (place.depth > Filter::kDepthMax) {
    return refusal(wire::kWrongFilter, place,
                   fmt::format("nested deeper than {} levels", Filter::kDepthMax));
  }
  FilterNode node{.test = Test::all};
  for (const auto& [key, operand] : filter.items()) {
    auto child = keyed(key, operand, {&place, key, place.depth + 1, place.is_at_top});
    if (!child) return child.error();
    node.children.push_back(std::move(*child));
  }
  if (node.children.size() == 1) return std::move(node.children.front());
  return node;
}

Result<FilterNode> FilterParser::keyed(const std::string& key, const Json& operand,
                                       const Place& place) {
  if (key == "$and") return list_of(Test::all, operand, place);
  if (key == "$or") return list_of(Test::any, operand, place);
  if (key.starts_with(wire::kSystemPrefix)) return operation(operand, place);
  return field(key, operand, place);
}

Result<FilterNode> FilterParser::list_of(Test test, const Json& conditions, const Place& place) {
  if (!conditions.is_structured()) {
    return refusal(wire::kWrongFilter, place,
                   fmt::format("expected a list, got {}", describe(conditions)));
  }
  FilterNode node{.test = test};
  if (conditions.is_object()) {  // counts as an empty list
    if (auto checked = check_operand(conditions, place); !checked) return checked.error();
    return node;
  }
  if (auto counted = count(1, place); !counted) return counted.error();
  for (const Json& item : conditions) {
    auto child = condition(item, {place.outer, place.key, place.depth + 1, place.is_at_top});
    if (!child) return child.error();
    node.children.push_back(std::move(*child));
  }
  return node;
}

Result<FilterNode> FilterParser::field(const std::string& path, const Json& filter,
                                       const Place& place) {
  FilterNode node{.test = Test::field};
  node.path.emplace(path);
  if (place.is_at_top) {
    names_.insert(path);  // a field may have the path's text as its name
    names_.emplace(node.path->top());
  }
  auto child = condition(filter, {place.outer, place.key, place.depth, /*is_at_top=*/false});
  if (!child) return child.error();
  node.children.push_back(std::move(*child));
  return node;
}

Result<FilterNode> FilterParser::operation(const Json& operand, const Place& place) {
  const auto found = kOperators.find(place.key);
  if (found == kOperators.end()) {
    return refusal(wire::kUnknownOperator, place, "there is no such operator");
  }
  const Operator& meaning = found->second;
  if (auto checked = check_operand(operand, place); !checked) return checked.error();
  const bool is_search = meaning.needs == Operator::Needs::text;
  if (auto counted = count(is_search ? Filter::kSearchWeight : 1, place); !counted) {
    return counted.error();
  }
  if (meaning.needs == Operator::Needs::pattern) return regex(operand, place);
  if (is_search && !operand.is_string()) {
    return refusal(wire::kWrongOperand, place,
                   fmt::format("expected a string, got {}", describe(operand)));
  }
  FilterNode node{
      .test = meaning.test, .is_negated = meaning.is_negated, .ignores_case = meaning.ignores_case};
  if (meaning.needs == Operator::Needs::list) {
    if (!operand.is_array()) {
      return refusal(wire::kWrongOperand, place,
                     fmt::format("expected an array, got {}", describe(operand)));
    }
    node.set.emplace(operand);
    return node;
  }
  node.operand = Operand::of(operand);
  if (node.ignores_case) node.operand.text = lower_case(node.operand.text);
  return node;
}

Result<FilterNode> FilterParser::regex(const Json& operand, const Place& place) {
  const auto wrong = [&](std::string_view reason) {
    return refusal(wire::kWrongOperand, place, reason);
  };
  if (!operand.is_object()) {
    return wrong(fmt::format("expected an object with \"source\", got {}", describe(operand)));
  }
  const auto source = operand.find("source");
  if (source == operand.end() || !source->is_string()) {
    return wrong("expected a string as \"source\"");
  }
  const auto flags = operand.find("flags");
  if (flags != operand.end() && !flags->is_string()) return wrong("expected a string as \"flags\"");
  const auto& text = source->get_ref<const std::string&>();
  if (text.size() > Filter::kRegexBytesMax) {
    return refusal(wire::kWrongFilter, place,
                   fmt::format("a regular expression of {} bytes, and {} is the limit", text.size(),
                               Filter::kRegexBytesMax));
  }
  auto compiled =
      Regex::parse(text, flags == operand.end() ? "" : flags->get_ref<const std::string&>());
  if (!compiled) {
    return refusal(
        wire::kWrongFilter, place,
        fmt::format("the regular expression cannot be used: {}", compiled.error().message));
  }
  const std::size_t weight = Filter::kRegexWeight + compiled->steps() / Filter::kStepsPerNode;
  if (auto counted = count(weight, place); !counted) return counted.error();
  FilterNode node{.test = Test::regex};
  node.regex.emplace(std::move(*compiled));
  return node;
}

}  // namespace spreadable::documents::detail
