// extensions/documents/detail/filter_parser.h: reads filters.
#pragma once

#include <cstddef>
#include <set>
#include <string>
#include <string_view>

#include "core/result.h"
#include "extensions/documents/detail/filter_node.h"

namespace spreadable::documents::detail {

/// Reads one filter; limits and errors as Filter::parse promises.
class FilterParser {
 public:
  [[nodiscard]] Result<FilterNode> parse(const Json& filter);

  /// The fields at the top of documents that the filter reads.
  [[nodiscard]] const std::set<std::string>& names() const { return names_; }

 private:
  /// Where in the filter something stands; made of the frames of the call stack.
  struct Place {
    const Place* outer = nullptr;
    std::string_view key{};
    std::size_t depth = 1;
    bool is_at_top = true;  ///< of the document: a field there is read by its name
  };

  [[nodiscard]] Result<FilterNode> condition(const Json& filter, const Place& place);
  [[nodiscard]] Result<FilterNode> keyed(const std::string& key, const Json& operand,
                                         const Place& place);
  [[nodiscard]] Result<FilterNode> list_of(Test test, const Json& conditions, const Place& place);
  [[nodiscard]] Result<FilterNode> field(const std::string& path, const Json& filter,
                                         const Place& place);
  [[nodiscard]] Result<FilterNode> operation(const Json& operand, const Place& place);
  [[nodiscard]] Result<FilterNode> regex(const Json& operand, const Place& place);
  /// Counts `weight` more nodes.
  [[nodiscard]] Result<void> count(std::size_t weight, const Place& place);
  /// Operands hold no null, are not too deep, and count with all their items.
  [[nodiscard]] Result<void> check_operand(const Json& operand, const Place& place);

  [[nodiscard]] static Error refusal(std::string_view code, const Place& place,
                                     std::string_view reason);

  std::size_t nodes_ = 0;
  std::set<std::string> names_;
};

}  // namespace spreadable::documents::detail
