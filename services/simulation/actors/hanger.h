// services/simulation/actors/hanger.h: a node that takes requests and does not answer.
#pragma once

#include "services/simulation/actors/actor.h"

namespace spreadable {

/// Leaves a share of all requests unanswered, whatever the route; 1 is all, 0.9 nine in ten.
class Hanger final : public Actor {
 public:
  explicit Hanger(double share = 1) : share_(share) {}

 protected:
  HttpResponse answer(HttpRequest request) override;

 private:
  const double share_;
};

}  // namespace spreadable
