// core/units.h: times and sizes as people write and read them. Source: protocol sections 1.10
// and 9.
#pragma once

#include <chrono>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include "core/clock.h"
#include "core/result.h"

namespace spreadable {

/// The longest span that parse_duration gives, in either direction. A Duration reaches 292 years,
/// so that a clock reading plus such a span still fits.
inline constexpr Millis kDurationMax = std::chrono::hours{24 * 36'525};  // 100 years

/// Times from `min` to `max`, both included.
struct TimeRange {
  Millis min;
  Millis max;
};

/// The largest size that parse_size gives: what file offsets can hold.
inline constexpr std::uint64_t kSizeMax = std::numeric_limits<std::int64_t>::max();

/// Reads a time: an optional sign, a decimal number (`.5` too), spaces, and a unit of any case: ms,
/// s, m, h, d, w, y or their longer English names (`sec`, `minutes`, …); a year is 365.25 days.
/// Without a unit: milliseconds. Rounds to whole milliseconds. Errc::invalid_argument, quoting
/// `text`, for anything else or beyond kDurationMax.
[[nodiscard]] Result<Millis> parse_duration(std::string_view text);

/// Reads a number of bytes: a decimal number, spaces, and a unit of any case: b, kb, mb, gb, tb, pb
/// in powers of 1024. Without a unit: bytes. Rounds down. Errc::invalid_argument, quoting `text`,
/// for anything else, below zero or beyond kSizeMax.
[[nodiscard]] Result<std::uint64_t> parse_size(std::string_view text);

/// The number that makes up all of `text`: decimal, with a sign, fraction or exponent where it has
/// them, and finite; otherwise nothing.
[[nodiscard]] std::optional<double> parse_number(std::string_view text);

/// The short form: the largest of d, h, m, s that fits at least once, as a rounded integer (`16s`,
/// `2m`), else milliseconds with whatever fraction they have (`0ms`, `21.5ms`).
[[nodiscard]] std::string format_duration(std::chrono::duration<double, std::milli> span);

/// A date as HTTP writes it: `Fri, 27 Nov 2026 12:10:33 GMT`. Source: RFC 9110, section 5.6.7.
[[nodiscard]] std::string http_date(WallTime time);
/// Appends the same to `out`.
void append_http_date(std::string& out, WallTime time);

/// `bytes` in the largest unit that fits at least once, with at most two decimals: `500kb`,
/// `1.5mb`.
[[nodiscard]] std::string format_size(std::uint64_t bytes);

}  // namespace spreadable
