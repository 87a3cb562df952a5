// services/simulation/detail/packed_peers.h: a list of peers as a disk keeps it. Private to
// services/simulation.
#pragma once

#include <string>
#include <vector>

#include "core/stores.h"

namespace spreadable::detail {

/// An immutable copy of a list in a third of its memory: of 100,000 nodes, each of which saves some
/// 200 peers again and again, nearly no list is ever read.
class PackedPeers {
 public:
  explicit PackedPeers(const std::vector<PeerRecord>& peers);

  [[nodiscard]] std::vector<PeerRecord> unpack() const;

 private:
  std::string bytes_;
};

}  // namespace spreadable::detail
