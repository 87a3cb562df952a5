#include "core/kind_options.h"

#include <utility>

#include "core/detail/option_registry.h"
#include "core/detail/option_values.h"

namespace spreadable {

KindOption boolean_option(std::string path, bool fallback, std::string help) {
  return {.path = std::move(path),
          .type = "boolean",
          .help = std::move(help),
          .fallback = fallback,
          .accept = [](Json& value) -> std::optional<std::string> {
            if (value.is_boolean()) return std::nullopt;
            return "true or false";
          }};
}

KindOption time_option(std::string path, Millis fallback, TimeRange range, std::string help) {
  return {.path = std::move(path),
          .type = "time",
          .help = std::move(help),
          .fallback = detail::time_text(fallback),
          .accept = [range](Json& value) -> std::optional<std::string> {
            Millis time{};
            if (auto refusal = detail::read_time(value, range, time)) return refusal;
            value = detail::time_text(time);
            return std::nullopt;
          }};
}

void declare_options(std::vector<KindOption> options) {
  for (KindOption& option : options) {
    detail::OptionRegistry::get().declare(std::move(option));
  }
}

}  // namespace spreadable
