#include "core/random.h"

#include "core/assert.h"

namespace spreadable {

std::size_t Random::below(std::size_t bound) {
  SPREADABLE_ASSERT(bound > 0);
  // The high half of a 64x64 product: uniform up to a bias of bound / 2^64.
  __extension__ using Product = unsigned __int128;
  return static_cast<std::size_t>(static_cast<Product>(next()) * bound >> 64);
}

double Random::uniform() {
  return static_cast<double>(next() >> 11) * 0x1.0p-53;  // 53 bits fill a double's mantissa
}

}  // namespace spreadable
