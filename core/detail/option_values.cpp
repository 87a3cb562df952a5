#include "core/detail/option_values.h"

#include <fmt/format.h>

#include <cmath>
#include <initializer_list>
#include <utility>

namespace spreadable::detail {
namespace {

using Unit = std::pair<std::uint64_t, const char*>;

/// `count` in the first of `units` that divides it; the last one is 1.
std::string exact_text(std::uint64_t count, std::initializer_list<Unit> units) {
  for (const auto& [amount, name] : units) {
    if (count % amount == 0 && count > 0) return fmt::format("{}{}", count / amount, name);
  }
  return fmt::format("{}{}", count, (units.end() - 1)->second);
}

/// A time from its text or from a number of milliseconds, rounded.
std::optional<Millis> time_of(const Json& value) {
  if (value.is_string()) {
    const auto parsed = parse_duration(value.get_ref<const std::string&>());
    return parsed ? std::optional{*parsed} : std::nullopt;
  }
  if (!value.is_number()) return {};
  const double millis = std::round(value.get<double>());
  const auto max = static_cast<double>(kDurationMax.count());
  if (!(std::abs(millis) <= max)) return {};  // also refuses what is not a number
  return Millis{static_cast<Millis::rep>(millis)};
}

}  // namespace

Error refused_value(std::string_view path, std::string_view expected, std::string_view got) {
  return Error{Errc::invalid_argument,
               fmt::format("option \"{}\": expected {}, got {}", path, expected, got),
               {}};
}

std::optional<std::int64_t> whole_number(const Json& value) {
  if (value.is_number_unsigned() && value.get<std::uint64_t>() > kSizeMax) return {};
  if (value.is_number_integer()) return value.get<std::int64_t>();
  if (!value.is_number_float()) return {};
  constexpr double kExactMax = 9'007'199'254'740'992;  // 2^53
  const auto number = value.get<double>();
  if (std::trunc(number) != number || std::abs(number) > kExactMax) return {};
  return static_cast<std::int64_t>(number);
}

std::optional<std::string> read_time(const Json& value, TimeRange range, Millis& time) {
  const auto read = time_of(value);
  if (!read) return R"(a time such as "16s" or a number of milliseconds)";
  if (*read < range.min || *read > range.max) {
    return fmt::format("a time from {} to {}", time_text(range.min), time_text(range.max));
  }
  time = *read;
  return {};
}

std::optional<std::uint64_t> size_of(const Json& value) {
  if (value.is_string()) {
    const auto parsed = parse_size(value.get_ref<const std::string&>());
    return parsed ? std::optional{*parsed} : std::nullopt;
  }
  const auto number = whole_number(value);
  if (!number || *number < 0) return {};
  return static_cast<std::uint64_t>(*number);
}

std::string time_text(Millis span) {
  const auto count = static_cast<std::uint64_t>(std::abs(span.count()));
  const std::string text = exact_text(
      count, {{86'400'000, "d"}, {3'600'000, "h"}, {60'000, "m"}, {1'000, "s"}, {1, "ms"}});
  return span < Millis::zero() ? '-' + text : text;
}

std::string size_text(std::uint64_t bytes) {
  return exact_text(bytes, {{1 << 30, "gb"}, {1 << 20, "mb"}, {1 << 10, "kb"}, {1, "b"}});
}

}  // namespace spreadable::detail
