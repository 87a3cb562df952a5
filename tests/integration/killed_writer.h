// A process that writes, and is killed in the middle of it.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

namespace spreadable {

/// Starts a process that calls `write` with a file descriptor, on which it tells each number
/// (std::uint32_t) that it has stored; kills it by SIGKILL once it has told `count`, and gives all
/// that it has told until then. `write` is not to return: the process would end with what it
/// returns, and the test fail.
std::vector<std::uint32_t> write_and_kill(std::size_t count,
                                          const std::function<int(int acknowledgements)>& write);

}  // namespace spreadable
