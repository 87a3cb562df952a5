#include "core/logger.h"

#include <doctest/doctest.h>

namespace spreadable {

TEST_CASE("logger: level names: each is read back, others are not") {
  for (const LogLevel level :
       {LogLevel::debug, LogLevel::info, LogLevel::warn, LogLevel::error, LogLevel::off}) {
    CHECK(parse_log_level(to_string(level)) == level);
  }
  for (const char* unknown : {"", "Info", "warning", "trace"})
    CHECK_FALSE(parse_log_level(unknown));
}

}  // namespace spreadable
