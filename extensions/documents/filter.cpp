#include "extensions/documents/filter.h"

#include <utility>

#include "extensions/documents/detail/filter_node.h"
#include "extensions/documents/detail/filter_parser.h"

namespace spreadable::documents {

struct Filter::Program {
  detail::FilterNode root;
  std::vector<std::string> names;
};

Filter::Filter() = default;

Result<Filter> Filter::parse(const Json& filter) {
  if (!detail::is_truthy(filter)) return Filter();
  detail::FilterParser parser;
  auto root = parser.parse(filter);
  if (!root) return root.error();
  const bool is_empty = root->test == detail::Test::all && root->children.empty();
  if (is_empty) return Filter();
  return Filter(std::make_shared<const Program>(
      Program{std::move(*root), {parser.names().begin(), parser.names().end()}}));
}

bool Filter::matches(const Json& document) const {
  if (!program_) return true;
  return detail::FilterMatch().holds(program_->root, detail::Value::of(document));
}

bool Filter::matches_everything() const {
  return !program_;
}

const std::vector<std::string>& Filter::names() const {
  static const std::vector<std::string> kNone;
  return program_ ? program_->names : kNone;
}

const detail::FilterNode* Filter::root() const {
  return program_ ? &program_->root : nullptr;
}

}  // namespace spreadable::documents
