// services/simulation/actors/dropper.h: a master that hides slaves.
#pragma once

#include "services/simulation/actors/actor.h"

namespace spreadable {

/// As a master it leaves out half of what its slaves have answered, mostly that of the same ones,
/// and tells coordinators that all have been heard: half of the elements of arrays, half of
/// numbers. As a slave it is honest.
class Dropper final : public Actor {
 protected:
  void falsify(const HttpRequest& asked, Json& body) override;
};

}  // namespace spreadable
