// bench/support/actions.h: what the measured nodes are asked.
#pragma once

#include <cstddef>
#include <string_view>

#include "core/json.h"
#include "core/node.h"

namespace spreadable::bench {

/// Nodes are counted: each answers `{"address":…,"count":1}`, and merged they make one such object,
/// so that every answer has the same few bytes. What bench/limit answers, too.
inline constexpr std::string_view kCountAction = "count";
/// `{"records":n}`: each node answers n records of 200 bytes, and all of them are the result.
inline constexpr std::string_view kRecordsAction = "records";

inline constexpr std::size_t kRecordBytes = 200;
inline constexpr std::int64_t kRecordsMax = 4096;

/// Declares both on `node`, which has not started yet.
void add_actions(Node& node);

/// What a node at `address` answers to kCountAction, for `count` nodes.
[[nodiscard]] Json count_answer(std::string_view address, std::size_t count);
/// An array of `count` records of a node at `address`, each kRecordBytes long when written down.
[[nodiscard]] Json records_answer(std::string_view address, std::size_t count);

}  // namespace spreadable::bench
