// cli/option_sources.h: the options of a node from flags, environment and config file.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/options.h"
#include "core/result.h"

namespace CLI {
class App;
}

namespace spreadable::cli {

/// The port of a node for which nobody names one: that of the examples in upstream's documents, so
/// that `spreadable start` and `spreadable status` meet without a flag.
inline constexpr std::uint16_t kDefaultPort = 4000;

/// Longest config file that is read: a hundred thousand list items fit.
inline constexpr std::size_t kConfigBytesMax = std::size_t{16} << 20;

/// Flags that set options. Kept alive by its owner while the command line is read.
class OptionFlags {
 public:
  struct Flag {
    std::string name;   ///< `--port`
    std::string path;   ///< of the option that it sets
    std::string value;  ///< how the help text calls its value
    std::string help;
  };

  void add(CLI::App& app, const Flag& flag);
  /// As add, for a flag that may be given several times.
  void add_list(CLI::App& app, const Flag& flag);
  /// Adds `--set PATH=VALUE` for all other options.
  void add_set(CLI::App& app);
  /// Adds `--config FILE`.
  void add_config(CLI::App& app);

  /// What flags, environment and config file say together, in this order of weight, and `defaults`
  /// where they say nothing. Errc::invalid_argument naming the option and where it came from. An
  /// environment variable that begins like ours and is none is an error too.
  [[nodiscard]] Result<NodeOptions> read(NodeOptions defaults) const;

 private:
  struct Given {
    std::string flag;
    std::string path;
    std::string text;
  };

  void note_set(const std::string& assignment);

  std::string config_file_;
  std::vector<Given> given_;
};

/// NodeOptions' defaults, with kDefaultPort.
[[nodiscard]] NodeOptions default_options();

/// All options with their defaults, for a help text.
[[nodiscard]] std::string options_help();

}  // namespace spreadable::cli
