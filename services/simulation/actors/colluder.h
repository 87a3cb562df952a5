// services/simulation/actors/colluder.h: nodes that know each other and nobody else.
#pragma once

#include <memory>
#include <set>
#include <utility>

#include "services/simulation/actors/actor.h"

namespace spreadable {

/// Nodes that act together.
using Ring = std::set<Address>;

/// Names and covers the members of its ring alone: its lists hold no others, newcomers are sent to
/// members, and as a master it hands on what members have answered, and says that nobody was
/// silent. Sybils are colluders, many of them on one machine.
class Colluder final : public Actor {
 public:
  explicit Colluder(std::shared_ptr<const Ring> ring) : ring_(std::move(ring)) {}

 protected:
  HttpResponse answer(HttpRequest request) override;
  void falsify(const HttpRequest& asked, Json& body) override;

 private:
  [[nodiscard]] bool is_member(const Json& entry) const;
  void keep_members(Json& list) const;

  const std::shared_ptr<const Ring> ring_;
};

}  // namespace spreadable
