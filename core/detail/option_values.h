// core/detail/option_values.h: numbers, times and sizes of a config, from JSON and back to text.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/json.h"
#include "core/result.h"
#include "core/units.h"

namespace spreadable::detail {

/// Says that an option has a value that it does not accept. `got` is shown as it is.
[[nodiscard]] Error refused_value(std::string_view path, std::string_view expected,
                                  std::string_view got);

/// A whole number that fits, also one written as 5.0; floating-point ones up to 2^53.
[[nodiscard]] std::optional<std::int64_t> whole_number(const Json& value);

/// Sets `time` to what `value` says: a time as its text, or as a number of milliseconds, which is
/// rounded. Else, or when it is not within `range`, leaves it and gives what would have been
/// accepted.
[[nodiscard]] std::optional<std::string> read_time(const Json& value, TimeRange range,
                                                   Millis& time);

/// A size from its text or from a number of bytes.
[[nodiscard]] std::optional<std::uint64_t> size_of(const Json& value);

/// Text that reads back as exactly `span`, in the largest unit that divides it: `16s`, `1500ms`.
[[nodiscard]] std::string time_text(Millis span);

/// Text that reads back as exactly `bytes`, in the largest unit that divides them: `500kb`.
[[nodiscard]] std::string size_text(std::uint64_t bytes);

}  // namespace spreadable::detail
