// tests/fuzz/fuzz.h: what the fuzz targets have in common. docs/testing.md tells how to run and add
// one.
#pragma once

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

#include "core/assert.h"
#include "core/http.h"
#include "core/result.h"

namespace spreadable::fuzz {

/// One run of a target; each target defines it. `input` is any bytes at all. What must hold is
/// asserted: a broken promise ends the process, and the fuzzer keeps the input. A run does not
/// depend on those before it, so that a kept input fails again by itself.
void run(std::string_view input);

/// Cuts the first line off `rest`, without the line end; all of it when there is none.
inline std::string_view cut_line(std::string_view& rest) {
  const std::string_view line = rest.substr(0, rest.find('\n'));
  rest.remove_prefix(std::min(line.size() + 1, rest.size()));
  return line;
}

/// Cuts one byte off `rest`; 0 when nothing is left.
inline std::uint8_t cut_byte(std::string_view& rest) {
  if (rest.empty()) return 0;
  const auto byte = static_cast<std::uint8_t>(rest.front());
  rest.remove_prefix(1);
  return byte;
}

/// Whether both have the same fields in the same order.
inline bool have_same_fields(const Headers& a, const Headers& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const auto& left, const auto& right) {
                      return left.name == right.name && left.value == right.value;
                    });
}

/// What is refused is refused with one of `codes`, and in words.
inline void check_error(const Error& error, std::initializer_list<Errc> codes) {
  SPREADABLE_ASSERT(std::find(codes.begin(), codes.end(), error.code) != codes.end());
  SPREADABLE_ASSERT(!error.message.empty());
}

}  // namespace spreadable::fuzz
