// services/sync/corroboration.h: whether others bear out what a master says of the network.
#pragma once

#include <cstddef>
#include <optional>

#include "core/clock.h"
#include "core/master_list.h"

namespace spreadable {

/// A slave takes the masters list of its own master, so a master that lies could show it any
/// network. Once it has seen a list confirmed, a slave looks into it when its master tells quite
/// another one, or when somebody else does. Of several lists it believes the one with most nodes
/// whose sizes are borne out by the masters that it names: who tells of too many names some whose
/// own lists are shorter, or who are not there, and who hides some tells of too few. A majority of
/// liars cannot talk a slave out of a network that is there. Plain state; not thread-safe. Source:
/// reliability S7.
class Corroboration {
 public:
  /// Sizes that differ by a greater factor contradict each other. What masters of a sound network
  /// say differs by what has happened in a run or two.
  static constexpr double kTolerance = 1.5;
  /// Of a network's nodes that may be in lists of masters which another master does not name. The
  /// longest of these lists is not counted: one of the two may have banned its master.
  static constexpr double kUnnamedMax = 1.0 / 3;
  static constexpr std::size_t kWitnesses = 8;    ///< masters asked about each list in question
  static constexpr std::size_t kOpinionsMax = 4;  ///< lists looked into beside our master's

  [[nodiscard]] static bool agree(std::size_t one, std::size_t other);
  /// Whether both can be what is seen of one network. Linear.
  [[nodiscard]] static bool agree(const MasterList& one, const MasterList& other);
  /// Whether they tell much the same of the masters that both name. Linear.
  [[nodiscard]] static bool agree_on_common(const MasterList& one, const MasterList& other);
  /// Whether so many of those asked bear a list out: two of three, since some may be gone. Nobody
  /// to ask means that there is nothing to be borne out.
  [[nodiscard]] static bool is_majority(std::size_t right, std::size_t asked) {
    return 3 * right >= 2 * asked;
  }

  /// Whether this node has seen a list confirmed; a newcomer believes what it is told.
  [[nodiscard]] bool has_confirmed() const { return confirmed_.has_value(); }
  /// Whether the word of one master, that these are the masters, does not do.
  [[nodiscard]] bool is_surprising(const MasterList& masters) const {
    return confirmed_ && !agree(masters, *confirmed_);
  }
  /// Our master's list is borne out.
  void note_agreement(const MasterList& masters) {
    confirmed_ = masters;
    contradicted_since_.reset();
  }
  /// That of our master `teller` is not; this is believed instead.
  void note_contradiction(const Address& teller, const MasterList& masters, TimePoint now) {
    confirmed_ = masters;
    if (contradicted_since_ && contradicted_ == teller) return;
    contradicted_ = teller;
    contradicted_since_ = now;
  }
  /// Whether our master of the last run has been contradicted in each run for longer than `span`.
  [[nodiscard]] bool is_contradicted_for(Duration span, TimePoint now) const {
    return contradicted_since_ && now - *contradicted_since_ > span;
  }

 private:
  std::optional<MasterList> confirmed_;
  Address contradicted_;
  std::optional<TimePoint> contradicted_since_;
};

}  // namespace spreadable
