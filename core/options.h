// core/options.h: everything a user can set about a node, in C++ and in a config file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>  // structure-ok: paths as values; core touches no file
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/address.h"
#include "core/clock.h"
#include "core/json.h"
#include "core/logger.h"
#include "core/result.h"

namespace spreadable {

/// All options of a node. A plain value; parse_options and check_options tell whether it can be
/// used. Names and defaults are those of upstream (protocol section 9), so that a mixed network
/// needs no tuning; a reason is given where the value is ours. Ranges stand in
/// core/detail/option_rows.cpp.
struct NodeOptions {
  /// What a caller must show to use a closed network.
  struct Credentials {
    std::string username;  ///< without `:`, which ends it in HTTP's basic authentication
    std::string password;
    friend bool operator==(const Credentials&, const Credentials&) = default;
  };

  struct Storage {
    /// Where the node keeps its state; empty: `<working directory>/<kind>/storage-<port>`.
    std::filesystem::path path{};
    friend bool operator==(const Storage&, const Storage&) = default;
  };

  struct Requests {
    std::size_t client_concurrency = 50;  ///< client requests of one route that run at a time
    /// What answers of traversals under way may take in this process, whichever of its nodes has
    /// begun them; further ones wait. A few at a time of the largest results that anybody has use
    /// for, and little beside what a machine has.
    std::uint64_t traversal_memory = std::uint64_t{256} << 20;
    Millis server_timeout{2'000};  ///< for a request to another node that has no budget of its own
    Millis ping_timeout{1'000};    ///< a live node answers a ping at once, so less will do
    friend bool operator==(const Requests&, const Requests&) = default;
  };

  struct Network {
    bool auto_sync = true;    ///< false: only when asked to, for tests and tools
    bool is_trusted = false;  ///< every node is ours: no bans, no karma
    /// How stale a settled view may get. Twice as often costs twice the traffic.
    Millis sync_interval{16'000};
    /// The span that the average sync time covers.
    Millis sync_time_calculation_period = std::chrono::days{1};
    std::optional<Credentials> auth{};                  ///< none: open to everybody
    Millis auth_cookie_max_age = std::chrono::days{7};  ///< how long a browser stays logged in
    /// The cookie holds the credentials, for pages with upstream's client; else a random token.
    bool has_credentials_cookie = false;
    /// Nodes that do not prove that they know the credentials are shown them too, as nodes of
    /// upstream have to be; else only the initial addresses and those that do.
    bool shows_credentials_to_all = false;
    /// Every request of another node has to be signed with its key. Nodes of upstream can't do
    /// that; a signature costs sender and receiver about a tenth of a millisecond of CPU each.
    bool needs_signatures = false;
    std::uint32_t server_max_fails = 10;  ///< of the sync lifetime: intervals per list entry
    // Each item is an address, a host name or an IP address; IPv6 is held in full form.
    std::vector<std::string> whitelist{};  ///< not empty: nobody else is allowed
    std::vector<std::string> blacklist{};  ///< never allowed
    std::vector<std::string> trustlist{};  ///< never banned, exempt from the other two
    friend bool operator==(const Network&, const Network&) = default;
  };

  struct Https {
    /// Other nodes are called by https. Without `key` a proxy in front of this node does TLS for
    /// incoming requests; with it, the node itself.
    bool is_enabled = false;
    std::filesystem::path key{};          ///< PEM file; comes with `certificate`
    std::filesystem::path certificate{};  ///< PEM file: own certificate, then the chain
    std::filesystem::path authority{};    ///< PEM file: who signs other nodes; empty: the system's
    friend bool operator==(const Https&, const Https&) = default;
  };

  /// What one source of requests may take of a node. A proxy, a trusted ip and an ip of this
  /// machine or of a private network take what they like.
  struct Sources {
    std::size_t connections_per_ip = 64;      ///< at once, IPv6 by /64; 0: any number
    std::size_t connections_per_group = 256;  ///< at once, of a /24 or /48; 0: any number
    /// Of a /24 or /48, after as many at once as ten seconds bring; 0: any number. One request may
    /// set a whole network to work, and a page or a program seldom asks twice in a second.
    std::uint32_t client_requests_per_second = 20;
    bool includes_local = false;  ///< private and loopback ips are strangers too
    friend bool operator==(const Sources&, const Sources&) = default;
  };

  struct Serving {
    bool is_enabled = true;  ///< false: offline, as the commands that work on the storage are
    /// IP addresses of proxies in front of this node, whose `x-forwarded-for` is believed: everyone
    /// else could claim to be anybody.
    std::vector<std::string> proxies{};
    Https https{};
    std::uint64_t body_bytes_max = 500 << 10;  ///< inflated; a longer body is answered with 413
    int compression_level = 6;  ///< of gzip, 0 (none) to 9 (smallest); zlib's own default
    Sources sources{};
    friend bool operator==(const Serving&, const Serving&) = default;
  };

  struct ConsoleLog {
    bool is_enabled = true;
    LogLevel level = LogLevel::debug;  ///< no filter of its own besides Logging::level
    friend bool operator==(const ConsoleLog&, const ConsoleLog&) = default;
  };

  struct FileLog {
    bool is_enabled = false;
    LogLevel level = LogLevel::warn;  ///< what one reads weeks later
    std::filesystem::path folder{};   ///< empty: `<storage>/logs`
    std::size_t files_count = 5;      ///< the oldest goes first
    std::uint64_t file_bytes_max = 10 << 20;
    friend bool operator==(const FileLog&, const FileLog&) = default;
  };

  struct Logging {
    LogLevel level = LogLevel::info;  ///< records below it go nowhere
    ConsoleLog console{};
    FileLog file{};
    friend bool operator==(const Logging&, const Logging&) = default;
  };

  /// A vote that clients need for some action: its name, its type, and what the type asks for.
  struct ApprovalConfig {
    std::string name;                ///< what actions refer to
    std::string type;                ///< a kind of approval, such as `client-ip`
    Json settings = Json::object();  ///< the rest; read by the kind (services/approvals)
    friend bool operator==(const ApprovalConfig&, const ApprovalConfig&) = default;
  };

  /// Decides the routes and the codename on the wire.
  std::string kind = "spreadable";
  /// 0: not given. A node needs one: its address is its identity.
  std::uint16_t port = 0;
  std::uint16_t public_port = 0;  ///< the port that others call, behind a proxy; 0: same as `port`
  std::string hostname{};         ///< how others reach this machine; empty: its IP address
  /// Nodes to join through, tried in random order; empty: this node begins a network of its own.
  std::vector<Address> initial_network_address{};
  Storage storage{};
  Requests request{};
  Network network{};
  Serving server{};
  Logging logger{};
  /// Options that the kind has declared (core/kind_options.h), by path, where they differ from
  /// their defaults.
  Json of_kind = Json::object();
  std::vector<ApprovalConfig> approval{};  ///< config: an object of objects, by name
  friend bool operator==(const NodeOptions&, const NodeOptions&) = default;
};

/// One option as command lines and help texts see it.
struct OptionInfo {
  std::string_view path;     ///< as in the config: `network.syncInterval`
  std::string_view type;     ///< boolean, integer, time, size, text, list, level or object
  std::string default_text;  ///< as set_option_text reads it; empty for none
  std::string_view help;     ///< one line
  bool is_secret = false;    ///< never shown in messages
};

/// All options in the order of the help text. Lives until declare_options() is called, else as long
/// as the program.
[[nodiscard]] std::span<const OptionInfo> option_table();

/// The environment variable of an option: SPREADABLE_NETWORK_SYNC_INTERVAL for
/// network.syncInterval.
[[nodiscard]] std::string environment_name(std::string_view path);

/// Sets one option, or with an object as `value` a whole group of them. Errors are those of
/// parse_options; options read before the offending one are then set already.
[[nodiscard]] Result<void> set_option(NodeOptions& options, std::string_view path,
                                      const Json& value);

/// As set_option, from a flag or the environment: `true`, `4000`, `16s`, `a.com:1,b.com:2`.
[[nodiscard]] Result<void> set_option_text(NodeOptions& options, std::string_view path,
                                           std::string_view text);

/// Checks each option for its range, and those that must fit each other. Errc::invalid_argument,
/// with a message that names the full path of the option, what is expected and what was given.
[[nodiscard]] Result<void> check_options(const NodeOptions& options);

/// The options of a config: nested objects with upstream's names; a dotted name counts as nested.
/// Checked by check_options. Errc::invalid_argument as there; an unknown option is an error too,
/// and its message suggests the closest known one.
[[nodiscard]] Result<NodeOptions> parse_options(const Json& config);

/// Reads JSON in which `//` and `/* */` comments may stand.
/// Errc::invalid_argument with line and column for anything else.
[[nodiscard]] Result<Json> parse_config(std::string_view text);

}  // namespace spreadable
