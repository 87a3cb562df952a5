// services/sync/provider.h: where a node sends those that ask it for a place. Private to
// services/sync.
#pragma once

#include <memory>

#include "services/sync/sync.h"

namespace spreadable {

/// The provider's side of joining. Lives for one request, on its thread. Source: protocol section
/// 5.8.
///
/// A node of ours may be its own slaves' slave and picks again when a choice fails, so it is
/// answered from what the provider knows. A node of another program does not register with its own
/// slaves and takes what it is told: had its provider no more to name than nodes of that very list,
/// it would ask for ever. So for such a one a provider that is no master itself first asks all
/// masters for their lists, and the joiner for its own.
class Sync::Provider {
 public:
  explicit Provider(Sync& sync);

  /// Chooses masters for `joiner`. Blocks until `deadline` at most, for nodes of other programs
  /// alone.
  [[nodiscard]] Placement::Answer place(const Address& joiner, bool is_native, Deadline deadline);

 private:
  [[nodiscard]] Placement::Answer place_foreign(const Address& joiner, Deadline deadline);
  [[nodiscard]] KnownLists::Lists known_lists() const;
  [[nodiscard]] KnownLists::Lists fetch_lists(const Address& joiner, Deadline deadline) const;

  Sync& sync_;
  Node& node_;
  const std::shared_ptr<const PeerView> view_;
};

}  // namespace spreadable
