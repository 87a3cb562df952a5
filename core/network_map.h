// core/network_map.h: the action that every node knows: who is there, and in whose list.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/network_action.h"
#include "core/peer_table.h"

namespace spreadable {

/// One node as it describes itself.
struct MapEntry {
  Address address;
  Address backlink;        ///< its master; empty when it has none
  std::size_t slaves = 0;  ///< length of its list; a master when above 0
};

/// Gathers a MapEntry of every node. Tells nothing that /api/node/structure does not tell.
class NetworkMapAction final : public NetworkAction {
 public:
  static constexpr const char* kName = "network-map";

  /// `table` outlives the action.
  explicit NetworkMapAction(const PeerTable& table) : NetworkAction(kName), table_(table) {}

  /// `[{"address":…,"backlink":… or null,"slaves":…}]`; merged into one such array.
  [[nodiscard]] Json local(const Json& query, CallContext& call) override;

  /// A master whose answer lacks a slave that answers has left it out; the rest of an entry may
  /// have changed between two questions.
  [[nodiscard]] bool is_auditable() const override { return true; }
  [[nodiscard]] std::optional<bool> leaves_room(const Json& merged, const Reply& reply,
                                                const Json& query) const override;

  /// Reads what the action answers, by address. Entries that make no sense are left out, since any
  /// node may have sent them: it must not take those of all others along. Errc::bad_response for
  /// what is no array.
  [[nodiscard]] static Result<std::vector<MapEntry>> parse(const Json& value);
  /// One of them; nothing when it makes no sense.
  [[nodiscard]] static std::optional<MapEntry> parse_entry(const Json& item);

 private:
  const PeerTable& table_;
};

}  // namespace spreadable
