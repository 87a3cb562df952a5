#include "cli/client_flags.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "core/units.h"

namespace spreadable::cli {
namespace {

Error invalid(std::string message) {
  return Error{Errc::invalid_argument, std::move(message), {}};
}

/// The node's address: as given, or this machine's node.
Result<Address> address_of(const std::string& text, const NodeOptions& options) {
  if (text.empty()) {
    return Address::from_parts("localhost", options.port == 0 ? kDefaultPort : options.port);
  }
  const Result<Address> address = Address::parse(text);
  if (!address) return invalid(address.error().message + " (flag --address)");
  return address;
}

Result<NodeOptions::Credentials> credentials_of(const std::string& user) {
  const std::size_t colon = user.find(':');
  const bool has_both = colon != std::string::npos && colon > 0 && colon + 1 < user.size();
  if (!has_both) return invalid("expected NAME:PASSWORD (flag --user)");
  return NodeOptions::Credentials{.username = user.substr(0, colon),
                                  .password = user.substr(colon + 1)};
}

}  // namespace

void ClientFlags::add_to(CLI::App& app) {
  app.add_option("--address", address,
                 "The node to ask, as host:port; default: localhost and the port that environment "
                 "or config name, else localhost:4000")
      ->type_name("ADDRESS");
  app.add_option("--user", user,
                 "Opens a closed network. SPREADABLE_NETWORK_AUTH_USERNAME and _PASSWORD do too, "
                 "and do not show in process lists")
      ->type_name("NAME:PASSWORD");
  app.add_option("--timeout", timeout, "How long to wait for an answer; default 10s")
      ->type_name("TIME");
  options.add_config(app);
  app.add_flag("--json", is_json, "Print JSON");
}

Result<Client::Options> ClientFlags::read() const {
  const Result<NodeOptions> node = options.read(default_options());
  if (!node) return node.error();
  const Result<Address> target = address_of(address, *node);
  if (!target) return target.error();
  const NodeOptions::Https& https = node->server.https;
  Client::Options client{.address = {*target},
                         .https = {https.is_enabled, https.authority.string()}};
  client.request.ignore_version = true;  // a command may ask nodes of any kind
  std::optional<NodeOptions::Credentials> auth = node->network.auth;
  if (!user.empty()) {
    Result<NodeOptions::Credentials> given = credentials_of(user);
    if (!given) return given.error();
    auth = std::move(*given);
  }
  if (auth) client.auth = {auth->username, auth->password};
  if (!timeout.empty()) {
    const Result<Millis> span = parse_duration(timeout);
    if (!span || *span <= Millis::zero()) {
      return invalid(
          fmt::format("expected a time such as \"10s\", got \"{}\" (flag --timeout)", timeout));
    }
    client.request.client_timeout = *span;
  }
  return client;
}

NodeClient::NodeClient(Client::Options options)
    : transport_(clock_, resolver_),
      client_(std::move(options), {.transport = transport_, .clock = clock_, .random = random_}) {}

}  // namespace spreadable::cli
