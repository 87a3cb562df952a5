// services/simulation/detail/hex.h: digests as text. Private to services/simulation.
#pragma once

#include <cstdint>
#include <string>

namespace spreadable::detail {

/// Sixteen hex digits.
[[nodiscard]] inline std::string hex(std::uint64_t value) {
  std::string text(16, '0');
  for (std::size_t i = text.size(); value > 0; value >>= 4) {
    text[--i] = "0123456789abcdef"[value & 15];
  }
  return text;
}

}  // namespace spreadable::detail
