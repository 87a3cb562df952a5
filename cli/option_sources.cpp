#include "cli/option_sources.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <set>
#include <sstream>

namespace spreadable::cli {
namespace {

constexpr std::string_view kEnvironmentPrefix = "SPREADABLE_";

Error invalid(std::string message) {
  return Error{Errc::invalid_argument, std::move(message), {}};
}

/// `result`, its message extended by where the value stood.
Result<void> blame(const Result<void>& result, std::string_view origin) {
  if (result) return {};
  return invalid(fmt::format("{} ({})", result.error().message, origin));
}

Result<std::string> read_file(const std::string& path) {
  const auto refused = [&](std::string_view reason) {
    return invalid(fmt::format("cannot read the config file \"{}\": {}", path, reason));
  };
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (!file) return refused(std::strerror(errno));
  std::string text(kConfigBytesMax + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (file.bad() || (errno != 0 && file.gcount() == 0)) return refused(std::strerror(errno));
  if (file.gcount() == static_cast<std::streamsize>(text.size())) {
    return refused(fmt::format("it is longer than {} MiB", kConfigBytesMax >> 20));
  }
  text.resize(static_cast<std::size_t>(file.gcount()));
  return text;
}

Result<void> apply_config(NodeOptions& options, const std::string& path) {
  const auto text = read_file(path);
  if (!text) return text.error();
  const std::string origin = fmt::format("config file \"{}\"", path);
  const auto config = parse_config(*text);
  if (!config) return blame(config.error(), origin);
  if (!config->is_object()) return blame(invalid("expected a JSON object of options"), origin);
  for (const auto& [key, value] : config->items()) {
    if (const auto result = set_option(options, key, value); !result) return blame(result, origin);
  }
  return {};
}

/// Finds variables that look like ours but set nothing, which is most likely a slip.
Result<void> check_environment() {
  std::set<std::string, std::less<>> known;
  for (const OptionInfo& option : option_table()) known.insert(environment_name(option.path));
  for (char** item = environ; *item != nullptr; ++item) {
    const std::string_view variable(*item);
    const std::string_view name = variable.substr(0, variable.find('='));
    if (name.starts_with(kEnvironmentPrefix) && !known.contains(name)) {
      return invalid(fmt::format("unknown environment variable {}: it names no option", name));
    }
  }
  return {};
}

Result<void> apply_environment(NodeOptions& options) {
  if (const auto result = check_environment(); !result) return result;
  for (const OptionInfo& option : option_table()) {
    const std::string name = environment_name(option.path);
    const char* const text = std::getenv(name.c_str());
    if (text == nullptr) continue;
    const auto result = set_option_text(options, option.path, text);
    if (!result) return blame(result, "environment variable " + name);
  }
  return {};
}

}  // namespace

void OptionFlags::add(CLI::App& app, const Flag& flag) {
  const auto note = [this, flag](const std::string& text) {
    given_.push_back({flag.name, flag.path, text});
  };
  app.add_option_function<std::string>(flag.name, note, flag.help)->type_name(flag.value);
}

void OptionFlags::add_list(CLI::App& app, const Flag& flag) {
  const auto note = [this, flag](const std::vector<std::string>& texts) {
    given_.push_back({flag.name, flag.path, fmt::format("{}", fmt::join(texts, ","))});
  };
  app.add_option_function<std::vector<std::string>>(flag.name, note, flag.help)
      ->type_name(flag.value)
      ->allow_extra_args(false);
}

void OptionFlags::add_set(CLI::App& app) {
  const auto note = [this](const std::vector<std::string>& assignments) {
    for (const std::string& assignment : assignments) note_set(assignment);
  };
  app.add_option_function<std::vector<std::string>>("--set", note,
                                                    "Set any option, see below; repeatable")
      ->type_name("PATH=VALUE")
      ->allow_extra_args(false);
}

void OptionFlags::add_config(CLI::App& app) {
  app.add_option("--config", config_file_, "Config file: JSON, in which comments may stand")
      ->type_name("FILE");
}

void OptionFlags::note_set(const std::string& assignment) {
  const std::size_t sign = assignment.find('=');
  if (sign == std::string::npos || sign == 0) {
    throw CLI::ValidationError("--set", "expected PATH=VALUE, got " + assignment);
  }
  given_.push_back({"--set", assignment.substr(0, sign), assignment.substr(sign + 1)});
}

Result<NodeOptions> OptionFlags::read(NodeOptions defaults) const {
  NodeOptions options = std::move(defaults);
  if (!config_file_.empty()) {
    if (const auto result = apply_config(options, config_file_); !result) return result.error();
  }
  if (const auto result = apply_environment(options); !result) return result.error();
  for (const Given& given : given_) {
    const auto result = set_option_text(options, given.path, given.text);
    if (!result) return blame(result, "flag " + given.flag).error();
  }
  if (const auto result = check_options(options); !result) return result.error();
  return options;
}

NodeOptions default_options() {
  NodeOptions options;
  options.port = kDefaultPort;
  return options;
}

std::string options_help() {
  std::ostringstream text;
  text << "Options, for --set PATH=VALUE, the environment and the config file.\n"
          "The environment variable of network.syncInterval is\n"
          "SPREADABLE_NETWORK_SYNC_INTERVAL; a config file looks like\n"
          "  {\"port\": 4000, \"network\": {\"syncInterval\": \"16s\"}}  // comments may stand\n"
          "A flag outweighs the environment, and that the file.\n";
  for (const OptionInfo& option : option_table()) {
    const std::string value =
        option.path == "port" ? std::to_string(kDefaultPort) : option.default_text;
    text << fmt::format("\n  {} ({}{}{})\n      {}", option.path, option.type,
                        value.empty() ? "" : ", default ", value, option.help);
  }
  return text.str();
}

}  // namespace spreadable::cli
