#include "core/detail/option_rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "core/ascii.h"
#include "core/detail/option_values.h"
#include "core/excerpt.h"
#include "core/ip.h"

namespace spreadable::detail {
namespace {

using Refusal = OptionRow::Refusal;

constexpr std::size_t kListItemsMax = 100'000;  // bounds what each request is compared with
constexpr std::size_t kTextBytesMax = 4096;     // the longest path of Linux
constexpr std::size_t kKindBytesMax = 32;
constexpr std::uint64_t kTraversalMemoryMin = std::uint64_t{1} << 20;
constexpr std::uint64_t kTraversalMemoryMax = std::uint64_t{1} << 40;
constexpr Millis kSecond{1'000};
constexpr Millis kDay = std::chrono::days{1};
constexpr Millis kYear = std::chrono::days{365};
constexpr Millis kRequestTimeoutMax{600'000};
constexpr Millis kSyncIntervalMin{100};  // less keeps a node busy with nothing else

template <class T>
struct Range {
  T min;
  T max;
};

// Each of the following makes a row. `field` is a generic lambda that gives the option's place in
// NodeOptions, const or not.

template <class Field>
OptionRow boolean_row(std::string_view path, Field field, std::string_view help) {
  return {{path, "boolean", {}, help},
          [field](NodeOptions& options, const Json& value) -> Refusal {
            if (!value.is_boolean()) return "true or false";
            field(options) = value.get<bool>();
            return {};
          },
          [field](const NodeOptions& options) { return Json(field(options)); }};
}

template <class Field>
OptionRow integer_row(std::string_view path, Field field, Range<std::int64_t> range,
                      std::string_view help) {
  return {{path, "integer", {}, help},
          [field, range](NodeOptions& options, const Json& value) -> Refusal {
            const auto number = whole_number(value);
            if (!number || *number < range.min || *number > range.max) {
              return fmt::format("an integer from {} to {}", range.min, range.max);
            }
            auto& place = field(options);
            place = static_cast<std::remove_reference_t<decltype(place)>>(*number);
            return {};
          },
          [field](const NodeOptions& options) { return Json(field(options)); }};
}

template <class Field>
OptionRow time_row(std::string_view path, Field field, TimeRange range, std::string_view help) {
  return {{path, "time", {}, help},
          [field, range](NodeOptions& options, const Json& value) {
            return read_time(value, range, field(options));
          },
          [field](const NodeOptions& options) { return Json(time_text(field(options))); }};
}

template <class Field>
OptionRow size_row(std::string_view path, Field field, Range<std::uint64_t> range,
                   std::string_view help) {
  return {{path, "size", {}, help},
          [field, range](NodeOptions& options, const Json& value) -> Refusal {
            const auto bytes = size_of(value);
            if (!bytes) return "a size such as \"500kb\" or a number of bytes";
            if (*bytes < range.min || *bytes > range.max) {
              return fmt::format("a size from {} to {}", size_text(range.min),
                                 size_text(range.max));
            }
            field(options) = *bytes;
            return {};
          },
          [field](const NodeOptions& options) { return Json(size_text(field(options))); }};
}

/// What a text option accepts.
struct TextRule {
  std::string_view expected;
  bool (*is_accepted)(std::string_view text);
};

template <class Field>
auto text_reader(Field field, TextRule rule) {
  return [field, rule](NodeOptions& options, const Json& value) -> Refusal {
    if (!value.is_string()) return std::string(rule.expected);
    const auto& text = value.get_ref<const std::string&>();
    const bool has_nul = text.find('\0') != std::string::npos;
    if (has_nul || text.size() > kTextBytesMax || !rule.is_accepted(text)) {
      return std::string(rule.expected);
    }
    field(options) = text;
    return {};
  };
}

template <class Field>
OptionRow text_row(std::string_view path, Field field, TextRule rule, std::string_view help) {
  return {{path, "text", {}, help}, text_reader(field, rule), [field](const NodeOptions& options) {
            return Json(field(options));
          }};
}

template <class Field>
OptionRow path_row(std::string_view path, Field field, std::string_view help) {
  const TextRule any{"a path", [](std::string_view) { return true; }};
  return {{path, "text", {}, help}, text_reader(field, any), [field](const NodeOptions& options) {
            return Json(field(options).string());
          }};
}

/// `false` or the name of a level; `off` is false.
template <class Field>
OptionRow level_row(std::string_view path, Field field, std::string_view help) {
  return {{path, "level", {}, help},
          [field](NodeOptions& options, const Json& value) -> Refusal {
            const auto level = value.is_string()
                                   ? parse_log_level(value.get_ref<const std::string&>())
                                   : std::nullopt;
            if (!level && value != false) return R"("debug", "info", "warn", "error" or false)";
            field(options) = level.value_or(LogLevel::off);
            return {};
          },
          [field](const NodeOptions& options) { return Json(to_string(field(options))); }};
}

/// Runs `take` on `value`, or on each item when it is a list. False when one is no text, is refused
/// by `take`, or when there are too many.
template <class Take>
bool take_items(const Json& value, Take take) {
  if (value.is_string()) return take(value.get_ref<const std::string&>());
  if (!value.is_array() || value.size() > kListItemsMax) return false;
  return std::all_of(value.begin(), value.end(), [&](const Json& item) {
    return item.is_string() && take(item.template get_ref<const std::string&>());
  });
}

/// Peers by address, host name or IP address.
template <class Field>
OptionRow peers_row(std::string_view path, Field field, std::string_view help) {
  return {{path, "list", {}, help},
          [field](NodeOptions& options, const Json& value) -> Refusal {
            std::vector<std::string> items;
            const bool is_accepted = take_items(value, [&](const std::string& text) {
              const auto ip = IpAddress::parse(text);
              const auto address = Address::parse(text);
              if (!address && !is_valid_host(text)) return false;
              // What is compared with these items is in full form too.
              const bool is_v6 = ip && text.find(':') != std::string::npos;
              items.push_back(is_v6 ? ip->full_text() : address ? address->text() : text);
              return true;
            });
            if (!is_accepted) return "a list of addresses, host names or IP addresses";
            field(options) = std::move(items);
            return {};
          },
          [field](const NodeOptions& options) { return Json(field(options)); }};
}

bool is_kind(std::string_view text) {
  return !text.empty() && text.size() <= kKindBytesMax &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return ascii::is_lower(c) || ascii::is_digit(c) || c == '-'; });
}

/// IP addresses, IPv6 in full form.
template <class Field>
OptionRow ips_row(std::string_view path, Field field, std::string_view help) {
  return {{path, "list", {}, help},
          [field](NodeOptions& options, const Json& value) -> Refusal {
            std::vector<std::string> items;
            const bool is_accepted = take_items(value, [&](const std::string& text) {
              const auto ip = IpAddress::parse(text);
              if (ip) items.push_back(ip->text());
              return ip.has_value();
            });
            if (!is_accepted) return "a list of IP addresses";
            field(options) = std::move(items);
            return {};
          },
          [field](const NodeOptions& options) { return Json(field(options)); }};
}

OptionRow approval_row() {
  static constexpr std::string_view kExpected =
      "an object of objects with a \"type\", by names of lower-case letters, digits and hyphens";
  return {{"approval", "object", {}, "votes that actions may ask of clients, by name"},
          [](NodeOptions& options, const Json& value) -> Refusal {
            std::vector<NodeOptions::ApprovalConfig> approvals;
            if (!value.is_object()) return std::string(kExpected);
            for (const auto& [name, settings] : value.items()) {
              if (!is_kind(name) || !settings.is_object()) return std::string(kExpected);
              const auto type = settings.find("type");
              if (type == settings.end() || !type->is_string()) return std::string(kExpected);
              approvals.push_back({name, type->get<std::string>(), settings});
              approvals.back().settings.erase("type");
            }
            options.approval = std::move(approvals);
            return {};
          },
          [](const NodeOptions& options) {
            Json all;
            for (const auto& approval : options.approval) {
              all[approval.name] = approval.settings;
              all[approval.name]["type"] = approval.type;
            }
            return all;
          }};
}

OptionRow initial_addresses_row() {
  return {{"initialNetworkAddress", "list", {}, "nodes to join through; none: begin a new network"},
          [](NodeOptions& options, const Json& value) -> Refusal {
            std::vector<Address> addresses;
            const bool is_accepted = take_items(value, [&](const std::string& text) {
              auto address = Address::parse(text);
              if (address) addresses.push_back(std::move(*address));
              return address.has_value();
            });
            if (!is_accepted)
              return "a node address such as \"example.com:4000\" or a list of them";
            options.initial_network_address = std::move(addresses);
            return {};
          },
          [](const NodeOptions& options) {
            Json list = Json::array();
            for (const Address& address : options.initial_network_address) {
              list.push_back(address.text());
            }
            return list;
          }};
}

/// Closes or opens the network as a whole; its parts have rows of their own.
OptionRow auth_row() {
  return {{"network.auth", "object", {}, "who may use the network; null: everybody"},
          [](NodeOptions& options, const Json& value) -> Refusal {
            if (!value.is_null()) return "null or an object with username and password";
            options.network.auth.reset();
            return {};
          },
          [](const NodeOptions&) { return Json(); }};
}

OptionRow credential_row(std::string_view path, std::string NodeOptions::Credentials::*part,
                         TextRule rule, std::string_view help) {
  const auto field = [part](NodeOptions& options) -> std::string& {
    auto& auth = options.network.auth;
    if (!auth) auth.emplace();
    return *auth.*part;
  };
  return {{path, "text", {}, help}, text_reader(field, rule), [part](const NodeOptions& options) {
            return options.network.auth ? Json(*options.network.auth.*part) : Json();
          }};
}

bool is_username(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return c != ':' && static_cast<unsigned char>(c) >= ' ' && c != '\x7f';
  });
}

/// Naming a key turns TLS on, as upstream's object form of `server.https` does.
template <class Field>
OptionRow pem_row(std::string_view path, Field field, std::string_view help) {
  OptionRow row = path_row(path, field, help);
  row.read = [read = row.read, field](NodeOptions& options, const Json& value) -> Refusal {
    const Refusal refusal = read(options, value);
    if (!refusal && !field(options).empty()) options.server.https.is_enabled = true;
    return refusal;
  };
  return row;
}

// Names the place of an option for the functions above.
#define SPREADABLE_FIELD(place) \
  [](auto& options) -> auto& {  \
    return options.place;       \
  }

std::vector<OptionRow> node_rows() {
  return {
      text_row("kind", SPREADABLE_FIELD(kind),
               {"1 to 32 lower-case letters, digits and hyphens", is_kind},
               "what the node is; decides its routes"),
      integer_row("port", SPREADABLE_FIELD(port), {0, 65'535}, "port to listen on; 0: any free"),
      integer_row("publicPort", SPREADABLE_FIELD(public_port), {0, 65'535},
                  "port that others call, behind a proxy; 0: same as port"),
      text_row("hostname", SPREADABLE_FIELD(hostname),
               {"a host name or IP address that other nodes accept",
                [](std::string_view text) { return text.empty() || is_valid_host(text); }},
               "how others reach this machine; none: its IP address"),
      initial_addresses_row(),
      path_row("storage.path", SPREADABLE_FIELD(storage.path),
               "folder of the node's state; none: ./<kind>/storage-<port>"),
      integer_row("request.clientConcurrency", SPREADABLE_FIELD(request.client_concurrency),
                  {1, 100'000}, "client requests of one route that run at a time"),
      size_row("request.traversalMemory", SPREADABLE_FIELD(request.traversal_memory),
               {kTraversalMemoryMin, kTraversalMemoryMax},
               "what answers of traversals under way may take"),
      time_row("request.serverTimeout", SPREADABLE_FIELD(request.server_timeout),
               {Millis{1}, kRequestTimeoutMax}, "for a request to another node without a budget"),
      time_row("request.pingTimeout", SPREADABLE_FIELD(request.ping_timeout),
               {Millis{1}, kRequestTimeoutMax}, "for a ping of another node"),
      approval_row(),
  };
}

std::vector<OptionRow> network_rows() {
  std::vector<OptionRow> rows{
      boolean_row("network.autoSync", SPREADABLE_FIELD(network.auto_sync),
                  "sync at intervals; false: only when asked to"),
      boolean_row("network.isTrusted", SPREADABLE_FIELD(network.is_trusted),
                  "every node is ours: no bans, no karma"),
      time_row("network.syncInterval", SPREADABLE_FIELD(network.sync_interval),
               {kSyncIntervalMin, kDay}, "how often a settled node looks at the network"),
      time_row("network.syncTimeCalculationPeriod",
               SPREADABLE_FIELD(network.sync_time_calculation_period), {kSyncIntervalMin, kYear},
               "span that the average sync time covers"),
      auth_row(),
      credential_row("network.auth.username", &NodeOptions::Credentials::username,
                     {"a name without control characters and \":\"", is_username},
                     "name that opens a closed network"),
      credential_row(
          "network.auth.password", &NodeOptions::Credentials::password,
          {"a text that is not empty", [](std::string_view text) { return !text.empty(); }},
          "password that opens a closed network"),
      time_row("network.authCookieMaxAge", SPREADABLE_FIELD(network.auth_cookie_max_age),
               {kSecond, 10 * kYear}, "how long a browser stays logged in"),
      boolean_row("network.credentialsCookie", SPREADABLE_FIELD(network.has_credentials_cookie),
                  "the login cookie holds the credentials, for pages with upstream's client"),
      boolean_row("network.credentialsToAll", SPREADABLE_FIELD(network.shows_credentials_to_all),
                  "every node called is sent the credentials, as nodes of upstream have to be"),
      boolean_row("network.signedRequests", SPREADABLE_FIELD(network.needs_signatures),
                  "nodes have to sign their requests, which nodes of upstream can't"),
      integer_row("network.serverMaxFails", SPREADABLE_FIELD(network.server_max_fails),
                  {1, 1'000'000}, "length of the sync lifetime, in intervals per list entry"),
      peers_row("network.whitelist", SPREADABLE_FIELD(network.whitelist),
                "the only peers allowed; none: all"),
      peers_row("network.blacklist", SPREADABLE_FIELD(network.blacklist), "peers never allowed"),
      peers_row("network.trustlist", SPREADABLE_FIELD(network.trustlist), "peers never banned"),
  };
  // What was meant as the whole of network.auth, but cannot be read, holds the password as well.
  for (OptionRow& row : rows) {
    row.info.is_secret =
        row.info.path == "network.auth.password" || row.info.path == "network.auth";
  }
  return rows;
}

std::vector<OptionRow> server_rows() {
  return {
      boolean_row("server", SPREADABLE_FIELD(server.is_enabled), "false: offline"),
      boolean_row("server.https", SPREADABLE_FIELD(server.https.is_enabled),
                  "call others by https; without a key a proxy does TLS for this node"),
      pem_row("server.https.key", SPREADABLE_FIELD(server.https.key),
              "PEM file of the private key; turns https on"),
      pem_row("server.https.cert", SPREADABLE_FIELD(server.https.certificate),
              "PEM file of the certificate and its chain"),
      pem_row("server.https.ca", SPREADABLE_FIELD(server.https.authority),
              "PEM file of who signs other nodes; none: the system's"),
      ips_row("server.proxies", SPREADABLE_FIELD(server.proxies),
              "proxies in front of this node that say who the client is"),
      size_row("server.maxBodySize", SPREADABLE_FIELD(server.body_bytes_max), {1 << 10, 1 << 30},
               "longest request body, inflated"),
      integer_row("server.compressionLevel", SPREADABLE_FIELD(server.compression_level), {0, 9},
                  "of gzip: 0 none, 9 smallest"),
      integer_row("server.connectionsPerIp", SPREADABLE_FIELD(server.sources.connections_per_ip),
                  {0, 1'000'000}, "connections of one ip (IPv6: /64) at a time; 0: any number"),
      integer_row("server.connectionsPerGroup",
                  SPREADABLE_FIELD(server.sources.connections_per_group), {0, 1'000'000},
                  "connections of one /24 (IPv6: /48) at a time; 0: any number"),
      integer_row("server.clientRequestsPerSecond",
                  SPREADABLE_FIELD(server.sources.client_requests_per_second), {0, 1'000'000},
                  "client requests of one /24 (IPv6: /48); 0: any number"),
      boolean_row("server.limitsLocal", SPREADABLE_FIELD(server.sources.includes_local),
                  "these three also limit private and loopback ips"),
  };
}

std::vector<OptionRow> logger_rows() {
  return {
      level_row("logger", SPREADABLE_FIELD(logger.level), "short for logger.level"),
      level_row("logger.level", SPREADABLE_FIELD(logger.level), "records below it go nowhere"),
      boolean_row("logger.console", SPREADABLE_FIELD(logger.console.is_enabled),
                  "write records to the console"),
      level_row("logger.console.level", SPREADABLE_FIELD(logger.console.level),
                "what the console shows of them"),
      boolean_row("logger.file", SPREADABLE_FIELD(logger.file.is_enabled),
                  "write records to files"),
      level_row("logger.file.level", SPREADABLE_FIELD(logger.file.level),
                "what the files keep of them"),
      path_row("logger.file.folder", SPREADABLE_FIELD(logger.file.folder),
               "folder of the files; none: <storage>/logs"),
      integer_row("logger.file.filesCount", SPREADABLE_FIELD(logger.file.files_count), {1, 1'000},
                  "files kept; the oldest goes first"),
      size_row("logger.file.fileMaxSize", SPREADABLE_FIELD(logger.file.file_bytes_max),
               {1 << 10, 1 << 30}, "size at which a new file begins"),
  };
}

#undef SPREADABLE_FIELD

}  // namespace

Result<void> read_row(const OptionRow& row, NodeOptions& options, const Json& value) {
  const auto expected = row.read(options, value);
  if (!expected) return {};
  const std::string got = row.info.is_secret ? "a value that is not shown" : describe(value);
  return refused_value(row.info.path, *expected, got);
}

std::vector<OptionRow> common_option_rows() {
  std::vector<OptionRow> rows;
  for (auto* group : {node_rows, network_rows, server_rows, logger_rows}) {
    for (OptionRow& row : group()) rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace spreadable::detail
