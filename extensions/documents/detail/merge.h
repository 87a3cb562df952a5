// extensions/documents/detail/merge.h: putting one document into another.
#pragma once

#include "core/json.h"

namespace spreadable::documents::detail {

/// Puts `source` into `target`: objects key by key, arrays item by item at the same places, each
/// other value in the place of what was there; null too. An object put into an array changes the
/// items that its keys number, and nothing else. Source: metastocle section 5.4, which has the
/// rules from lodash.
void merge_into(Json& target, const Json& source);

}  // namespace spreadable::documents::detail
