// services/sync/registration.h: how a node gets into a list. Private to services/sync.
#pragma once

#include <vector>

#include "services/sync/sync.h"

namespace spreadable {

/// The newcomer's side of joining: finds a master with room and registers with it. Lives for one
/// run, on its thread. Source: protocol section 5.8.
class Sync::Registration {
 public:
  explicit Registration(Sync& sync);

  /// Tries a few masters until one takes this node; sets the backlink. Nothing happens when it has
  /// one.
  void join();
  /// Registers with `master` and, if it agrees, leaves the present one.
  void move_to(const Address& master);

 private:
  /// Masters to try, best first.
  [[nodiscard]] std::vector<Address> find_masters();
  [[nodiscard]] Placement::Answer place_myself();
  [[nodiscard]] std::vector<Address> ask_provider(const Address& provider);
  [[nodiscard]] std::vector<Address> providers() const;
  [[nodiscard]] std::vector<Address> choose(const PeerReply& reply) const;
  [[nodiscard]] bool is_suitable(const Address& master, std::size_t network_size) const;
  [[nodiscard]] bool register_with(const Address& master);

  Sync& sync_;
  Node& node_;
};

}  // namespace spreadable
