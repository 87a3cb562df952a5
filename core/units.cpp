#include "core/units.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>
#include <span>

#include "core/ascii.h"
#include "core/excerpt.h"

namespace spreadable {
namespace {

/// A word that may follow a number, and how much one of it is.
struct Unit {
  std::string_view name;
  std::uint64_t amount;
};

constexpr std::uint64_t kSecond = 1000;
constexpr std::uint64_t kMinute = 60 * kSecond;
constexpr std::uint64_t kHour = 60 * kMinute;
constexpr std::uint64_t kDay = 24 * kHour;
constexpr std::uint64_t kWeek = 7 * kDay;
constexpr std::uint64_t kYear = kDay * 1461 / 4;

constexpr std::array<Unit, 32> kTimeUnits{{
    {"", 1},
    {"ms", 1},
    {"msec", 1},
    {"msecs", 1},
    {"millisecond", 1},
    {"milliseconds", 1},
    {"s", kSecond},
    {"sec", kSecond},
    {"secs", kSecond},
    {"second", kSecond},
    {"seconds", kSecond},
    {"m", kMinute},
    {"min", kMinute},
    {"mins", kMinute},
    {"minute", kMinute},
    {"minutes", kMinute},
    {"h", kHour},
    {"hr", kHour},
    {"hrs", kHour},
    {"hour", kHour},
    {"hours", kHour},
    {"d", kDay},
    {"day", kDay},
    {"days", kDay},
    {"w", kWeek},
    {"week", kWeek},
    {"weeks", kWeek},
    {"y", kYear},
    {"yr", kYear},
    {"yrs", kYear},
    {"year", kYear},
    {"years", kYear},
}};

constexpr std::array<Unit, 7> kSizeUnits{{
    {"", 1},
    {"b", 1},
    {"kb", std::uint64_t{1} << 10},
    {"mb", std::uint64_t{1} << 20},
    {"gb", std::uint64_t{1} << 30},
    {"tb", std::uint64_t{1} << 40},
    {"pb", std::uint64_t{1} << 50},
}};

/// What a text says: `whole` and `fraction` times `unit`.
struct Quantity {
  bool is_negative = false;
  std::uint64_t whole = 0;
  double fraction = 0;  ///< in [0, 1]: a long row of nines rounds up
  std::uint64_t unit = 1;
};

/// Takes the digits that `text` begins with.
std::string_view take_digits(std::string_view& text) {
  const auto end = std::find_if_not(text.begin(), text.end(), ascii::is_digit);
  const auto count = static_cast<std::size_t>(end - text.begin());
  const std::string_view digits = text.substr(0, count);
  text.remove_prefix(count);
  return digits;
}

/// Fails on anything that is no number followed by one of `units`, and on 2^64 and above.
std::optional<Quantity> parse_quantity(std::string_view text, std::span<const Unit> units) {
  Quantity result;
  if (!text.empty() && (text.front() == '-' || text.front() == '+')) {
    result.is_negative = text.front() == '-';
    text.remove_prefix(1);
  }
  const std::string_view whole = take_digits(text);
  if (!text.empty() && text.front() == '.') {
    const char* const point = text.data();
    text.remove_prefix(1);
    if (take_digits(text).empty()) return {};
    // A fraction can only underflow, which leaves the zero that is there.
    std::from_chars(point, text.data(), result.fraction);
  } else if (whole.empty()) {
    return {};
  }
  if (!whole.empty() &&
      std::from_chars(whole.data(), whole.data() + whole.size(), result.whole).ec != std::errc{}) {
    return {};
  }
  text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  const auto unit = std::find_if(units.begin(), units.end(), [&](const Unit& candidate) {
    return ascii::is_same_word(text, candidate.name);
  });
  if (unit == units.end()) return {};
  result.unit = unit->amount;
  return result;
}

/// `quantity` multiplied out, its part below one left to `round`; nothing when it exceeds `limit`.
std::optional<std::uint64_t> total(const Quantity& quantity, std::uint64_t limit,
                                   double (*round)(double)) {
  if (quantity.whole > limit / quantity.unit) return {};
  const std::uint64_t whole = quantity.whole * quantity.unit;
  const double rest = round(quantity.fraction * static_cast<double>(quantity.unit));
  const auto part = static_cast<std::uint64_t>(rest);  // at most one unit, 2^50
  if (part > limit - whole) return {};
  return whole + part;
}

Error refused(std::string_view expected, std::string_view text) {
  return Error{
      Errc::invalid_argument, fmt::format("expected {}, got {}", expected, quote(text)), {}};
}

}  // namespace

Result<Millis> parse_duration(std::string_view text) {
  const auto quantity = parse_quantity(text, kTimeUnits);
  if (!quantity) return refused("a time such as \"16s\"", text);
  const auto limit = static_cast<std::uint64_t>(kDurationMax.count());
  const auto millis = total(*quantity, limit, [](double value) { return std::round(value); });
  if (!millis) return refused("a time of at most 100 years", text);
  const auto count = static_cast<Millis::rep>(*millis);
  return Millis{quantity->is_negative ? -count : count};
}

Result<std::uint64_t> parse_size(std::string_view text) {
  const auto quantity = parse_quantity(text, kSizeUnits);
  if (!quantity || quantity->is_negative) return refused("a size such as \"500kb\"", text);
  const auto bytes = total(*quantity, kSizeMax, [](double value) { return std::floor(value); });
  if (!bytes) return refused("a size below 8192pb", text);
  return *bytes;
}

std::optional<double> parse_number(std::string_view text) {
  if (text.starts_with('+') && !text.starts_with("+-")) text.remove_prefix(1);
  double number = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, failure] = std::from_chars(text.data(), end, number);
  if (failure != std::errc{} || stop != end || !std::isfinite(number)) return std::nullopt;
  return number;
}

std::string format_duration(std::chrono::duration<double, std::milli> span) {
  const double millis = span.count();
  for (const auto& [name, amount] :
       {Unit{"d", kDay}, Unit{"h", kHour}, Unit{"m", kMinute}, Unit{"s", kSecond}}) {
    const auto unit = static_cast<double>(amount);
    if (std::abs(millis) >= unit) return fmt::format("{:.0f}{}", std::round(millis / unit), name);
  }
  return fmt::format("{}ms", millis);
}

// Reckoned with std::chrono, since gmtime_r takes a lock that all workers would share.
void append_http_date(std::string& out, WallTime time) {
  constexpr std::string_view kDays = "SunMonTueWedThuFriSat";
  constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
  const auto day = std::chrono::floor<std::chrono::days>(seconds);
  const std::chrono::year_month_day calendar(day);
  const long in_day = (seconds - day).count();
  std::array<char, 29> text;
  std::copy_n("Day, 00 Mon 0000 00:00:00 GMT", text.size(), text.begin());
  const auto put_name = [&](std::size_t at, std::string_view names, unsigned number) {
    std::copy_n(names.begin() + 3 * number, 3, text.begin() + at);
  };
  const auto put_two_digits = [&](std::size_t at, long number) {
    text[at] = static_cast<char>('0' + number / 10 % 10);
    text[at + 1] = static_cast<char>('0' + number % 10);
  };
  put_name(0, kDays, std::chrono::weekday(day).c_encoding());
  put_two_digits(5, unsigned(calendar.day()));
  put_name(8, kMonths, unsigned(calendar.month()) - 1);
  put_two_digits(12, int(calendar.year()) / 100);
  put_two_digits(14, int(calendar.year()));
  put_two_digits(17, in_day / 3600);
  put_two_digits(20, in_day / 60 % 60);
  put_two_digits(23, in_day % 60);
  out.append(text.data(), text.size());
}

std::string http_date(WallTime time) {
  std::string text;
  append_http_date(text, time);
  return text;
}

std::string format_size(std::uint64_t bytes) {
  const auto unit = std::find_if(kSizeUnits.rbegin(), kSizeUnits.rend() - 2,
                                 [&](const Unit& candidate) { return bytes >= candidate.amount; });
  std::string number =
      fmt::format("{:.2f}", static_cast<double>(bytes) / static_cast<double>(unit->amount));
  number.erase(number.find_last_not_of('0') + 1);
  if (number.back() == '.') number.pop_back();
  return number.append(unit->name);
}

}  // namespace spreadable
