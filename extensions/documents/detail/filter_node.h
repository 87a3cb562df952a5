// extensions/documents/detail/filter_node.h: a filter as it is kept once it has been read.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "extensions/documents/detail/javascript.h"
#include "extensions/documents/detail/regex.h"
#include "extensions/documents/field_path.h"

namespace spreadable::documents::detail {

/// What a node asks of a value.
enum class Test {
  all,               ///< every child holds for the same value
  any,               ///< at least one does
  field,             ///< the child holds for the value at `path`
  equal,             ///< $eq, $ne: see is_negated
  same,              ///< $eqs, $nes
  one_of,            ///< $in, $nin
  greater,           ///< $gt
  greater_or_equal,  ///< $gte
  less,              ///< $lt
  less_or_equal,     ///< $lte
  starts,            ///< $sw, $isw
  ends,              ///< $ew, $iew
  contains,          ///< $lk, $ilk
  regex,             ///< $rx
  longer,            ///< $lgt: of lists
  longer_or_equal,   ///< $lgte
  shorter,           ///< $llt
  shorter_or_equal,  ///< $llte
};

/// The values of `$in`, found by halving: no order of values makes it slow.
class OperandSet {
 public:
  explicit OperandSet(const Json& list);
  [[nodiscard]] bool contains(const Value& value) const;

  [[nodiscard]] const std::vector<double>& numbers() const { return numbers_; }
  [[nodiscard]] const std::vector<std::string>& texts() const { return texts_; }
  [[nodiscard]] bool has_true() const { return has_true_; }
  [[nodiscard]] bool has_false() const { return has_false_; }

 private:
  std::vector<double> numbers_;     // sorted
  std::vector<std::string> texts_;  // sorted
  bool has_true_ = false;
  bool has_false_ = false;
};

/// A condition on one value, with all that follows from its text worked out. Fields that a test
/// does not use are empty.
struct FilterNode {
  Test test = Test::all;
  bool is_negated = false;    ///< of equal, same, one_of: the value differs
  bool ignores_case = false;  ///< of starts, ends, contains: `operand` is in lower case
  std::vector<FilterNode> children{};
  std::optional<FieldPath> path{};
  Operand operand{};
  std::optional<OperandSet> set{};
  std::optional<Regex> regex{};
};

/// Tries one filter on one document: keeps what several nodes can share. On the stack of the
/// caller.
class FilterMatch {
 public:
  [[nodiscard]] bool holds(const FilterNode& node, const Value& value);

 private:
  [[nodiscard]] bool holds_text(const FilterNode& node, std::string_view text);
  /// `text` in lower case; as long as the next call.
  [[nodiscard]] std::string_view lowered(std::string_view text);

  std::string_view lowered_from_{};
  std::string lowered_{};
};

}  // namespace spreadable::documents::detail
