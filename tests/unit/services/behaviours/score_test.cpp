#include "services/behaviours/score.h"

#include <doctest/doctest.h>

namespace spreadable {

TEST_CASE("score: exponential: thirteen bad turns in a row pass the level of thirty") {
  const double expected[] = {1,      2,      3.414,  5.146,  7.146,  9.382, 11.832,
                             14.477, 17.306, 20.306, 23.468, 26.785, 30.249};
  Score score;
  for (const double suspicion : expected) {
    score.worsen(1, /*is_exponential=*/true);
    CHECK(score.suspicion == doctest::Approx(suspicion).epsilon(0.001));
  }
}

TEST_CASE("score: plain: turns weigh alike, and it never falls below zero") {
  Score score;
  for (int i = 0; i < 3; ++i) score.worsen(0.5, /*is_exponential=*/false);
  CHECK(score.suspicion == 1.5);
  score.improve(/*is_exponential=*/false);
  CHECK(score.suspicion == 0.5);
  score.improve(/*is_exponential=*/false);
  CHECK(score.suspicion == 0);
}

TEST_CASE("score: exponential: a good turn ends the row of bad ones, and the other way round") {
  Score score;
  for (int i = 0; i < 5; ++i) score.worsen(1, /*is_exponential=*/true);
  score.improve(/*is_exponential=*/true);
  CHECK(score.up == 0);
  CHECK(score.suspicion == doctest::Approx(6.146).epsilon(0.001));
  score.worsen(1, /*is_exponential=*/true);
  CHECK(score.down == 0);
  CHECK(score.suspicion == doctest::Approx(7.146).epsilon(0.001));
}

}  // namespace spreadable
