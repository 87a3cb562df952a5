#include "core/logger.h"

#include <algorithm>
#include <array>

namespace spreadable {
namespace {

constexpr std::array<std::string_view, 5> kLevelNames{"debug", "info", "warn", "error", "off"};

}  // namespace

std::string_view to_string(LogLevel level) {
  return kLevelNames[static_cast<std::size_t>(level)];
}

std::optional<LogLevel> parse_log_level(std::string_view name) {
  const auto known = std::find(kLevelNames.begin(), kLevelNames.end(), name);
  if (known == kLevelNames.end()) return std::nullopt;
  return static_cast<LogLevel>(known - kLevelNames.begin());
}

}  // namespace spreadable
