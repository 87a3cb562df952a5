// extensions/documents/detail/field_scan.h: a few fields out of a long text.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "core/json.h"

namespace spreadable::documents::detail {

/// The fields of `text` that are named in `names`, as an object: much quicker than reading all of
/// it. Requires: `text` is an object as dump_json() writes it (no blanks, keys in order), and
/// `names` are sorted.
[[nodiscard]] Json scan_fields(std::string_view text, std::span<const std::string> names);

}  // namespace spreadable::documents::detail
