// services/behaviours/score.h: karma as numbers. Pure.
#pragma once

namespace spreadable {

/// How suspicious one peer has become in one kind of conduct. Both tracks of the protocol: with
/// `exponential` steps a row of bad turns weighs more and more, and so does a row of good ones.
/// Source: protocol section 6.
struct Score {
  double suspicion = 0;
  unsigned up = 0;    ///< bad turns in a row
  unsigned down = 0;  ///< good turns in a row

  /// A bad turn; `share` says how bad, above 0 and up to 1.
  void worsen(double share, bool is_exponential);
  /// A good turn. Never below 0.
  void improve(bool is_exponential);
};

}  // namespace spreadable
