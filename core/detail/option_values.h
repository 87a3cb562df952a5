// core/detail/option_values.h: numbers, times and sizes of a config, from JSON and back to text.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/clock.h"
#include "core/json.h"

namespace spreadable::detail {

/// A whole number that fits, also one written as 5.0; floating-point ones up to 2^53.
[[nodiscard]] std::optional<std::int64_t> whole_number(const Json& value);

/// What is no time is told by.
inline constexpr const char* kTimeExpected = "a time such as \"16s\" or a number of milliseconds";

/// A time from its text or from a number of milliseconds, rounded.
[[nodiscard]] std::optional<Millis> time_of(const Json& value);

/// A size from its text or from a number of bytes.
[[nodiscard]] std::optional<std::uint64_t> size_of(const Json& value);

/// Text that reads back as exactly `span`, in the largest unit that divides it: `16s`, `1500ms`.
[[nodiscard]] std::string time_text(Millis span);

/// Text that reads back as exactly `bytes`, in the largest unit that divides them: `500kb`.
[[nodiscard]] std::string size_text(std::uint64_t bytes);

}  // namespace spreadable::detail
