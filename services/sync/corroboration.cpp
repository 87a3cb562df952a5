#include "services/sync/corroboration.h"

#include <algorithm>

namespace spreadable {

bool Corroboration::agree(std::size_t one, std::size_t other) {
  const auto [small, large] = std::minmax(one, other);
  return static_cast<double>(large) <= kTolerance * static_cast<double>(small);
}

}  // namespace spreadable
