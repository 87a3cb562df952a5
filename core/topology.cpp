#include "core/topology.h"

#include <algorithm>
#include <cmath>

#include "core/assert.h"

namespace spreadable {
namespace {

/// ⌊√n⌋, exact for every n.
std::size_t integer_root(std::size_t n) {
  auto root = static_cast<std::size_t>(std::sqrt(static_cast<double>(n)));
  while (root * root > n) --root;
  while ((root + 1) * (root + 1) <= n) ++root;
  return root;
}

}  // namespace

std::size_t SquareRoot::list_limit(std::size_t n) const {
  SPREADABLE_ASSERT(n >= 1);
  return integer_root(n) + 1;
}

std::size_t SquareRoot::masters_wanted(std::size_t n) const {
  const std::size_t limit = list_limit(n);
  return (n + limit - 1) / limit;
}

std::size_t SquareRoot::masters_limit(std::size_t n) const {
  const std::size_t wanted = masters_wanted(n);
  const std::size_t roomy = wanted + std::max<std::size_t>(1, wanted / 4);
  const std::size_t ceiling = integer_root(n * 9 / 4);  // ⌊1.5·√n⌋
  return std::max(wanted, std::min(roomy, ceiling));
}

}  // namespace spreadable
