// services/sync/structure.h: what nodes tell each other about their lists.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/address.h"
#include "core/peer_table.h"
#include "core/result.h"

namespace spreadable {

/// The answer of /api/node/structure. Source: protocol section 1.10.
struct Structure {
  Address address;
  std::optional<Address> backlink;
  std::vector<Address> slaves;
  MasterList masters;
  /// Whether `masters` was left out, as the asker wanted it; only nodes of ours do that.
  bool is_links_only = false;

  [[nodiscard]] bool has_slave(const Address& address) const;
  [[nodiscard]] bool has_master(const Address& wanted) const {
    return masters.find(wanted) != nullptr;
  }
  /// Nodes in all lists together, as its masters list says.
  [[nodiscard]] std::size_t network_size() const { return masters.total(); }
};

/// Which part of a structure is asked for.
enum class StructurePart { all, links };

/// What `view` tells peers, as JSON: exactly the keys address, backlink, slaves, masters. For
/// `links` the masters list is empty.
[[nodiscard]] std::string structure_text(const PeerView& view,
                                         StructurePart part = StructurePart::all);

/// Reads a peer's answer. It is foreign, so every field is checked here: lists of at most
/// Transport::kGroupMax addresses without repetition, sizes of at most kGroupMax. Keys that it does
/// not know are passed over. Errc::bad_response. Takes time linear in `text`.
[[nodiscard]] Result<Structure> parse_structure(std::string_view text);

}  // namespace spreadable
