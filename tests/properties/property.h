// tests/properties/property.h: a claim about all values of some kind, tried on many of them.
#pragma once

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <cstdlib>
#include <utility>

namespace spreadable {

/// Tries `claim`, a function that asserts by RC_ASSERT, on many values of its parameters' types, or
/// on those that it draws itself. A claim that does not hold fails the test; rapidcheck then prints
/// the smallest values that it found, and the seed. The seed is the same in every run, unless the
/// environment variable RC_PARAMS names another, as in RC_PARAMS="seed=7 max_success=10000".
template <class Claim>
void holds(Claim claim) {
  ::setenv("RC_PARAMS", "seed=1 max_success=200", /*overwrite=*/0);
  CHECK(rc::check(std::move(claim)));
}

}  // namespace spreadable
