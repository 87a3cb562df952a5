#include "services/http/allowance.h"

#include <doctest/doctest.h>

#include <limits>

namespace spreadable {

TEST_CASE("allowance: take: all or nothing, up to the limit") {
  Allowance allowance(10);
  CHECK(allowance.try_take(7));
  CHECK_FALSE(allowance.try_take(4));
  CHECK_FALSE(allowance.try_take(std::numeric_limits<std::size_t>::max()));
  CHECK(allowance.taken() == 7);
  CHECK(allowance.try_take(3));
  CHECK_FALSE(allowance.try_take(1));
  CHECK(allowance.try_take(0));
  allowance.give_back(10);
  CHECK(allowance.taken() == 0);
  CHECK(allowance.try_take(10));
  CHECK(allowance.max() == 10);
}

}  // namespace spreadable
