// bench/micro/inputs.h: what single steps are measured on.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "core/address.h"
#include "core/master_list.h"
#include "core/network_action.h"
#include "core/peer_table.h"

namespace spreadable::bench {

/// `10.0.<i/250>.<i%250>:4000`
[[nodiscard]] Address address(std::size_t i);
[[nodiscard]] std::vector<Address> addresses(std::size_t count, std::size_t first = 0);
/// Masters with lists of `count` slaves, as in a settled network of count² nodes.
[[nodiscard]] MasterList masters(std::size_t count);
/// What a master of a network of count² nodes sees.
[[nodiscard]] PeerView view(std::size_t count);
/// Answers of `count` nodes, `records` records of 200 bytes each.
[[nodiscard]] std::vector<Reply> replies(std::size_t count, std::size_t records);

}  // namespace spreadable::bench
