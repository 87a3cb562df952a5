// tests/integration/smuggling_cases.h: the known ways to hide one request inside another.
#pragma once

#include <string>
#include <vector>

namespace spreadable {

/// Bytes that some reader might take for two requests, or for another one than the next reader
/// does. The right answer to each is one refusal, and the end of the connection.
struct SmugglingCase {
  std::string name;   ///< its kind, and the part of the bytes that matters
  std::string bytes;  ///< always with a whole request at the end, which must not be answered
  int status = 400;
};

/// All of them, with names of their own.
[[nodiscard]] std::vector<SmugglingCase> smuggling_cases();

/// `text` with C's escapes for everything that can't be printed.
[[nodiscard]] std::string escaped(std::string_view text);

}  // namespace spreadable
