// core/query.h: the part of a URL after its question mark.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace spreadable {

/// Undoes form encoding. A `%` that starts no escape stands for itself.
[[nodiscard]] std::string form_decoded(std::string_view text);

/// Whether `text` is UTF-8: no stray or missing bytes, no overlong forms, no surrogates.
[[nodiscard]] bool is_utf8(std::string_view text);

/// Whether each `%` starts an escape, and what they stand for is UTF-8.
[[nodiscard]] bool is_well_encoded(std::string_view text);

/// The value of the first parameter `name`, decoded; empty for one without value, nothing when
/// there is none.
[[nodiscard]] std::optional<std::string> query_parameter(std::string_view query,
                                                         std::string_view name);

}  // namespace spreadable
