// services/simulation/actors/liar.h: a node that lies about lists and their sizes.
#pragma once

#include <array>

#include "services/simulation/actors/actor.h"

namespace spreadable {

/// What a Liar says of its lists.
enum class Lie {
  nothing_at_all,   ///< an object without a field
  huge_sizes,       ///< each master has a thousand million slaves
  sizes_as_text,    ///< and here "many"
  swollen_sizes,    ///< twenty times what is right: a number that passes for one
  duplicates,       ///< every entry twice
  loops,            ///< itself as its own slave and master, and everyone who asks as both
  half_lists,       ///< every other slave and master is left out
  invented_masters  ///< masters where nobody is
};
inline constexpr std::array kLies{Lie::nothing_at_all, Lie::huge_sizes,      Lie::sizes_as_text,
                                  Lie::swollen_sizes,  Lie::duplicates,      Lie::loops,
                                  Lie::half_lists,     Lie::invented_masters};

/// Changes the lists that it shows to whoever asks, and the sizes that it tells newcomers.
class Liar final : public Actor {
 public:
  explicit Liar(Lie lie) : lie_(lie) {}
  [[nodiscard]] Lie lie() const { return lie_; }

 protected:
  void falsify(const HttpRequest& asked, Json& body) override;

 private:
  void lie_about_lists(const HttpRequest& asked, Json& body);

  const Lie lie_;
};

}  // namespace spreadable
