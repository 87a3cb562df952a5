// services/sync/balance.h: when a master's list is too long, or there are too many masters.
#pragma once

#include <vector>

#include "core/address.h"
#include "core/peer_table.h"
#include "core/topology.h"

namespace spreadable {

/// Which of its slaves the master `view.self` should send to other masters, so that lists stay
/// below the limit and masters do not become too many. Pure: with the same settled view every
/// master ranks the others alike, so only surplus masters, the smallest first, give up their whole
/// list; none does while the others have no room for it.
[[nodiscard]] std::vector<Address> slaves_to_move(const PeerView& view, const Topology& topology);

}  // namespace spreadable
