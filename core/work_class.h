// core/work_class.h: what a request waits for.
#pragma once

#include <cstddef>

namespace spreadable {

/// How a request is admitted when workers or connections are scarce. Work that waits for others
/// must never keep out the work it waits for, so each class has resources of its own, and lower
/// values go first. Source: design.md, law 7.
enum class WorkClass {
  leaf,     ///< answered from what a node has: slave stage, structure, ping, pages
  forward,  ///< waits for leaf work of others: master stage, registration
  client,   ///< waits for forward work of others: everything that clients start
};
inline constexpr std::size_t kWorkClasses = 3;

}  // namespace spreadable
