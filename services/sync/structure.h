// services/sync/structure.h: what nodes tell each other about their lists.
#pragma once

#include <optional>
#include <vector>

#include "core/address.h"
#include "core/json.h"
#include "core/peer_table.h"
#include "core/result.h"

namespace spreadable {

/// The answer of /api/node/structure. Source: protocol section 1.10.
struct Structure {
  Address address;
  std::optional<Address> backlink;
  std::vector<Address> slaves;
  std::vector<MasterEntry> masters;

  [[nodiscard]] bool has_slave(const Address& address) const;
  [[nodiscard]] bool has_master(const Address& address) const;
  /// Nodes in all lists together, as its masters list says.
  [[nodiscard]] std::size_t network_size() const;
};

/// What `view` tells peers: exactly the keys address, backlink, slaves, masters.
[[nodiscard]] Json structure_json(const PeerView& view);

/// Reads a peer's answer. It is foreign, so every field is checked here: lists of at most
/// Transport::kGroupMax addresses without repetition, sizes of at most kGroupMax.
/// Errc::bad_response.
[[nodiscard]] Result<Structure> parse_structure(const Json& json);

}  // namespace spreadable
