#include "extensions/documents/detail/merge.h"

#include <string>

#include "extensions/documents/detail/javascript.h"

namespace spreadable::documents::detail {
namespace {

void merge_object(Json& target, const Json& source) {
  if (target.is_array()) {
    for (const auto& [key, value] : source.items()) {
      const auto index = list_index(key);
      // One more item at most: far places would be all holes before them.
      if (!index || *index > target.size()) continue;
      if (*index == target.size()) target.push_back(nullptr);
      merge_into(target[*index], value);
    }
    return;
  }
  if (!target.is_object()) target = Json::object();
  for (const auto& [key, value] : source.items()) merge_into(target[key], value);
}

void merge_array(Json& target, const Json& source) {
  if (!target.is_array()) target = Json::array();
  for (std::size_t i = 0; i < source.size(); ++i) {
    if (i == target.size()) target.push_back(nullptr);
    merge_into(target[i], source[i]);
  }
}

}  // namespace

void merge_into(Json& target, const Json& source) {
  if (source.is_object()) {
    merge_object(target, source);
  } else if (source.is_array()) {
    merge_array(target, source);
  } else {
    target = source;
  }
}

}  // namespace spreadable::documents::detail
