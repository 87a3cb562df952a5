// services/behaviours/evidence.h: what the slaves of one master say about it.
#pragma once

#include <cstddef>
#include <map>
#include <utility>
#include <vector>

#include "core/address.h"
#include "core/clock.h"
#include "core/random.h"

namespace spreadable {

/// Collects what slaves of one master say when they are asked directly, and judges. Each slave is
/// one witness, whose latest word counts, however often it was asked: one slave, or a few that have
/// agreed on it, can't bring down a master. Whoever has left the master's list is no witness any
/// more, since it may have left before it was asked. Pure; for one thread.
class Evidence {
 public:
  enum class Testimony {
    unclear,    ///< this question tells nothing about this slave
    present,    ///< the master's answer has room for what the slave says itself
    missing,    ///< the master says that it has heard the slave, and has left out its answer
    elsewhere,  ///< the slave says that its master is another
    absent,     ///< nobody answers there
  };
  struct Options {
    /// Heard before there is a judgement; of a shorter list all.
    std::size_t witnesses_min = 12;
    /// The witnesses of a shorter list are too few, save one's own word.
    std::size_t list_min = 5;
    std::size_t witnesses_max = 64;  ///< the one heard longest ago goes
    /// What was said of an answer before then counts no more: a master that behaved well for hours
    /// must not live on that.
    Duration validity = std::chrono::minutes{5};
    /// Of those heard, more must speak against a master. One that hides half of its list is above
    /// it; hostile slaves of an honest one are not, unless they gather in its list: two of five are
    /// not enough.
    double share = 0.4;
    /// Words in a row that take back an answer left out: a master may leave out others each time.
    unsigned words_to_forgive = 3;
    std::size_t against_min = 2;  ///< the word of one is never enough, save one's own
    /// An honest master drops a slave that has moved on within a few runs of its sync.
    Duration elsewhere_min = std::chrono::seconds{80};
    /// And one that is gone; but a slave may be in reach of its master and out of ours.
    Duration absence_min = std::chrono::minutes{10};
  };

  /// `self` is the node that judges: it knows that its own word is true.
  Evidence(Address self, Options options) : self_(std::move(self)), options_(options) {}

  /// Whom of `list` to ask next: who has been away for long enough to be sure of it, then who was
  /// not heard yet, in random order, then who was heard longest ago.
  [[nodiscard]] std::vector<Address> choose(const std::vector<Address>& list, std::size_t count,
                                            Random& random, TimePoint now) const;
  void note(const Address& witness, Testimony testimony, TimePoint now);
  /// What that one has said counts no more.
  void forget(const Address& witness) { words_.erase(witness); }
  /// Forgets the witnesses that are not in `list`, the master's list as fetched lately, and what
  /// was said too long before `now`. Whoever was away then is remembered as such.
  void keep_only(const std::vector<Address>& list, TimePoint now);

  /// How many witnesses speak against the master.
  [[nodiscard]] std::size_t against() const;
  /// Whether there can be a judgement about a master whose list has `list_length` witnesses.
  [[nodiscard]] bool has_heard_enough(std::size_t list_length) const;
  /// Whether it is guilty, as far as this is known.
  [[nodiscard]] bool is_damning(std::size_t list_length) const;

 private:
  struct Word {
    Testimony testimony = Testimony::unclear;
    TimePoint since{};  ///< when it first said so, of those times in a row
    TimePoint heard_at{};
    unsigned words_against = 0;  ///< until an answer left out is forgiven
  };

  [[nodiscard]] static bool is_away(const Word& word);
  [[nodiscard]] Duration patience(Testimony testimony) const;
  [[nodiscard]] bool is_against(const Word& word) const;

  Address self_;
  Options options_;
  std::map<Address, Word> words_;
};

}  // namespace spreadable
