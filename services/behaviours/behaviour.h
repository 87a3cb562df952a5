// services/behaviours/behaviour.h: one kind of conduct that is watched.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/conduct.h"
#include "core/service.h"

namespace spreadable {

/// Says how much a kind of conduct counts and what it leads to. The counting itself is done by
/// Behaviours (services/behaviours/behaviours.h). A node watches the kinds whose Behaviour it has;
/// a service of the same kind replaces the default. Hooks run concurrently and hold no lock.
class Behaviour : public Service {
 public:
  struct Options {
    double suspicion_max = 30;  ///< beyond it a peer is banned
    /// Several turns in a row count more and more, in either direction.
    bool is_exponential = false;
    bool is_banning = true;  ///< false: scores are kept and shown, and lead to nothing
    Duration ban_lifetime = std::chrono::hours{24 * 18};
    /// A score must have lasted this long before it leads to a ban, so that a bad minute does not.
    /// Empty: as long as it takes to be suspicious by a bad turn in each interval, twice over.
    std::optional<Duration> ban_delay{};
    /// A score without news for this long is forgotten. Empty: the sync lifetime, an hour at least.
    std::optional<Duration> score_lifetime{};
  };

  /// `kind` as Conduct names it.
  Behaviour(std::string kind, Options options);

  [[nodiscard]] const std::string& kind() const { return kind_; }
  [[nodiscard]] const Options& options() const { return options_; }

  /// How bad a bad turn is, above 0; 0 leaves it uncounted. By default its share.
  [[nodiscard]] virtual double weigh(const Conduct& conduct) const { return conduct.share; }

 private:
  const std::string kind_;
  const Options options_;
};

/// The kinds that every node watches: the nine of protocol section 6 with its levels and lifetimes,
/// and two of our own, conduct::kMasterLists and what audits tell (services/behaviours/audits.h).
[[nodiscard]] std::vector<std::unique_ptr<Behaviour>> default_behaviours();

}  // namespace spreadable
