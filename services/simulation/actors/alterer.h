// services/simulation/actors/alterer.h: a node that changes what it and others answer.
#pragma once

#include "services/simulation/actors/actor.h"

namespace spreadable {

/// Changes answers of actions: as a slave its own, as a master a share of its slaves'. Forms stay
/// as they are: numbers grow by one, texts are turned round, truth becomes untruth.
class Alterer final : public Actor {
 public:
  explicit Alterer(double share = 0.5) : share_(share) {}

 protected:
  void falsify(const HttpRequest& asked, Json& body) override;

 private:
  const double share_;  ///< of the elements that a master hands on
};

}  // namespace spreadable
