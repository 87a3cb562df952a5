#include "core/wire.h"

#include <algorithm>
#include <cmath>

#include "core/ascii.h"
#include "core/assert.h"
#include "core/units.h"

namespace spreadable::wire {
namespace {

constexpr std::string_view kTimeout = "timeout";
constexpr std::string_view kTimestamp = "timestamp";

/// The number in `value`, also when it is written as text, as urlencoded bodies have it.
std::optional<double> number_in(const Json& value) {
  if (value.is_number()) return value.get<double>();
  if (!value.is_string()) return std::nullopt;
  return parse_number(value.get_ref<const std::string&>());
}

}  // namespace

std::optional<Duration> budget_of(const Json& body) {
  if (!body.is_object()) return std::nullopt;
  const auto field = body.find(kTimeout);
  if (field == body.end()) return std::nullopt;
  const std::optional<double> millis = number_in(*field);
  if (!millis || !std::isfinite(*millis) || *millis == 0) return std::nullopt;
  if (*millis < 0) return Duration::zero();
  const double capped = std::min(*millis, static_cast<double>(kBudgetMax.count()));
  const auto given =
      std::chrono::duration_cast<Duration>(std::chrono::duration<double, std::milli>(capped));
  return given - std::min<Duration>(kSlippage, given / 4);
}

void put_budget(Json& body, Duration left, WallTime now) {
  SPREADABLE_ASSERT(body.is_object());
  body[kTimeout] = std::chrono::duration_cast<Millis>(left).count();
  body[kTimestamp] = to_epoch_millis(now);
}

std::string dump_with_budget(const Json& body, Duration left, WallTime now) {
  SPREADABLE_ASSERT(body.is_object());
  if (body.contains(kTimeout) || body.contains(kTimestamp)) {
    Json whole = body;
    put_budget(whole, left, now);
    return dump_json(whole);
  }
  std::string text = dump_json(body);  // to which they are added, which spares a copy of the body
  text.pop_back();
  const auto add = [&](std::string_view name, long long number) {
    text.append(text.size() > 1 ? ",\"" : "\"").append(name).append("\":");
    text += std::to_string(number);
  };
  add(kTimeout, std::chrono::duration_cast<Millis>(left).count());
  add(kTimestamp, to_epoch_millis(now));
  text += '}';
  return text;
}

bool has_feature(std::string_view list, std::string_view feature) {
  while (!list.empty()) {
    const std::size_t comma = list.find(',');
    if (ascii::trim(list.substr(0, comma)) == feature) return true;
    if (comma == std::string_view::npos) break;
    list.remove_prefix(comma + 1);
  }
  return false;
}

}  // namespace spreadable::wire
