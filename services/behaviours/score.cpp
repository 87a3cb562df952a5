#include "services/behaviours/score.h"

#include <algorithm>
#include <cmath>

namespace spreadable {
namespace {

/// How much the turn after `in_a_row` others of its kind weighs.
double weight(unsigned in_a_row, bool is_exponential) {
  return is_exponential && in_a_row > 0 ? std::sqrt(static_cast<double>(in_a_row)) : 1;
}

}  // namespace

void Score::worsen(double share, bool is_exponential) {
  suspicion += share * weight(up, is_exponential);
  ++up;
  down = 0;
}

void Score::improve(bool is_exponential) {
  suspicion = std::max(0.0, suspicion - weight(down, is_exponential));
  ++down;
  up = 0;
}

}  // namespace spreadable
