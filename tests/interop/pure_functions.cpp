// pure_functions: reads a JSON array `[function, argument…]` per line and writes its result as JSON
// per line, null where the function refuses. Lets a test compare our pure functions with those of
// the package.
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/address.h"
#include "core/budget.h"
#include "core/data_hash.h"
#include "core/json.h"
#include "core/units.h"
#include "function_calls.h"
#include "services/approvals/committee.h"

using namespace spreadable;

namespace {

using Strings = std::vector<std::string>;

/// [remaining or null, stages, least, whether what is free is shared] -> milliseconds or null.
Json share(const Json& call) {
  std::optional<double> remaining;
  if (!call[1].is_null()) remaining = call[1].get<double>();
  const auto stages = call[2].get<std::vector<double>>();
  const auto result = stage_share(remaining, stages, {.min_ms = call[3], .grabs_free = call[4]});
  return result ? Json(*result) : Json();
}

Json time_of(const Json& call) {
  const auto time = parse_duration(call[1].get<std::string>());
  return time ? Json(time->count()) : Json();
}

Json size_of(const Json& call) {
  const auto size = parse_size(call[1].get<std::string>());
  return size ? Json(*size) : Json();
}

const std::map<std::string, interop::Function> kFunctions{
    {"address",
     [](const Json& call) -> Json {
       return Address::parse(call[1].get<std::string>()).has_value();
     }},
    {"budget", share},
    {"hash", [](const Json& call) -> Json { return data_hash(call[1].get<Strings>()); }},
    {"order",
     [](const Json& call) -> Json { return approver_order(call[1].get<Strings>(), call[2]); }},
    {"period", [](const Json& call) -> Json { return period_start(call[1], call[2]); }},
    {"short-time",
     [](const Json& call) -> Json {
       return format_duration(std::chrono::duration<double, std::milli>(call[1].get<double>()));
     }},
    {"size", size_of},
    {"time", time_of},
};

}  // namespace

int main() {
  return interop::answer_calls(kFunctions);
}
