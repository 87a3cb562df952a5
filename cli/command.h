// cli/command.h: what the commands of the program have in common.
#pragma once

#include <functional>

namespace CLI {
class App;
}

namespace spreadable::cli {

inline constexpr int kDone = 0;
inline constexpr int kFailed = 1;   ///< refused, or it did not work out
inline constexpr int kMisused = 2;  ///< a flag, an option or an argument is wrong

/// Carries a command out, once its flags have been read; returns the program's exit code.
/// Errors of services that are thrown are for main() to catch.
using Run = std::function<int()>;

/// Each describes its flags to `app`, which outlives the Run.
[[nodiscard]] Run make_start(CLI::App& app);
[[nodiscard]] Run make_dev(CLI::App& app);
[[nodiscard]] Run make_status(CLI::App& app);
[[nodiscard]] Run make_map(CLI::App& app);
[[nodiscard]] Run make_request(CLI::App& app);
[[nodiscard]] Run make_documents(CLI::App& app);
[[nodiscard]] Run make_simulate(CLI::App& app);

}  // namespace spreadable::cli
