#include "examples/fleet_search/search_action.h"

#include <algorithm>
#include <string>
#include <string_view>

#include "core/schema.h"

namespace spreadable::fleet_search {
namespace {

const Schema& query_schema() {
  static const Schema phrase =
      schema::string({.bytes_min = 1,
                      .bytes_max = SearchAction::kPhraseBytesMax,
                      .is_valid =
                          [](std::string_view text) {
                            return text.find('\n') == text.npos && text.find('\0') == text.npos;
                          },
                      .expected = "a phrase on one line"});
  static const Schema query = schema::object({{"phrase", phrase}});
  return query;
}

}  // namespace

Result<void> SearchAction::check(const Json& query) const {
  return query_schema().check(query);
}

Json SearchAction::local(const Json& query, CallContext&) {
  return index_.find(query["phrase"].get_ref<const std::string&>());
}

Json SearchAction::merge(const std::vector<Reply>& replies, const Json&) const {
  std::vector<std::string> paths;
  for (const Reply& reply : replies) {
    if (!reply.value.is_array()) continue;  // from the wire: anything may stand here
    for (const Json& path : reply.value) {
      if (path.is_string()) paths.push_back(path.get_ref<const std::string&>());
    }
  }
  std::sort(paths.begin(), paths.end());
  paths.erase(std::unique(paths.begin(), paths.end()), paths.end());
  return paths;
}

}  // namespace spreadable::fleet_search
