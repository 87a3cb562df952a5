// `spreadable status`: the state of one node.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <array>
#include <memory>

#include "cli/client_flags.h"
#include "cli/command.h"
#include "cli/output.h"
#include "core/units.h"
#include "services/system/spdlog_logger.h"

namespace spreadable::cli {
namespace {

struct Field {
  const char* key;
  const char* label;
};
// Source: protocol section 1.10. What a node tells beyond these is shown under its own name.
constexpr std::array<Field, 7> kFields{{{"root", "root of the network"},
                                        {"networkSize", "network size"},
                                        {"isRegistered", "registered"},
                                        {"isMaster", "master"},
                                        {"isNormalized", "normalized"},
                                        {"availability", "availability"},
                                        {"syncAvgTime", "average sync time"}}};

std::string readable(std::string_view key, const Json& value) {
  if (value.is_boolean()) return value.get<bool>() ? "yes" : "no";
  if (value.is_string())
    return value.get<std::string>().empty() ? "unknown" : to_one_line(value.get<std::string>());
  if (value.is_number() && key == "availability")
    return fmt::format("{:.0f} %", 100 * value.get<double>());
  if (value.is_number() && key == "syncAvgTime") {
    return format_duration(
        std::chrono::round<Millis>(std::chrono::duration<double, std::milli>(value.get<double>())));
  }
  return json_text(value);
}

void print_field(std::string_view label, std::string_view value) {
  print_line(fmt::format("{:<20} {}", label, value));
}

void print_status(const Address& node, Json status) {
  print_field("node", node.text());
  for (const Field& field : kFields) {
    if (!status.contains(field.key)) continue;
    print_field(field.label, readable(field.key, status[field.key]));
    status.erase(field.key);
  }
  for (const auto& [key, value] : status.items())
    print_field(to_one_line(key), readable(key, value));
}

int run(const ClientFlags& flags) {
  const Result<Client::Options> options = flags.read();
  if (!options) return misuse(options.error().message);
  NodeClient client(*options);
  if (const Result<void> found = client->init(); !found) return fail(describe(found.error()));
  const Result<Json> status = client->get("/status");
  if (!status) return fail(describe(status.error()));
  if (flags.is_json) {
    print_line(json_text(*status));
  } else if (status->is_object()) {
    print_status(client->worker(), *status);
  } else {
    return fail(client->worker().text() + " does not answer as a node does");
  }
  return finish_output(kDone);
}

}  // namespace

Run make_status(CLI::App& app) {
  const auto flags = std::make_shared<ClientFlags>();  // shared with the callbacks of the parser
  flags->add_to(app);
  return [flags] { return run(*flags); };
}

}  // namespace spreadable::cli
