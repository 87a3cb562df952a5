#include "core/options.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>
#include <stdexcept>

#include "core/kind_options.h"

namespace spreadable {

using namespace std::chrono_literals;

TEST_CASE("options: parse: an empty config is the defaults, which pass the check") {
  const auto options = parse_options(Json::object());
  REQUIRE(options);
  CHECK(*options == NodeOptions{});
  CHECK(check_options({}));
}

TEST_CASE("options: defaults: those of the protocol") {
  const NodeOptions options;
  CHECK(options.request.client_concurrency == 50);
  CHECK(options.request.traversal_memory == 256 << 20);
  CHECK(options.request.server_timeout == 2s);
  CHECK(options.request.ping_timeout == 1s);
  CHECK(options.network.auto_sync);
  CHECK_FALSE(options.network.is_trusted);
  CHECK(options.network.sync_interval == 16s);
  CHECK(options.network.sync_time_calculation_period == 24h);
  CHECK(options.network.auth_cookie_max_age == 7 * 24h);
  CHECK_FALSE(options.network.shows_credentials_to_all);
  CHECK(options.network.server_max_fails == 10);
  CHECK(options.server.body_bytes_max == 512'000);
  CHECK(options.server.compression_level == 6);
  CHECK(options.server.sources.connections_per_ip == 64);
  CHECK(options.server.sources.connections_per_group == 256);
  CHECK(options.server.sources.client_requests_per_second == 20);
  CHECK_FALSE(options.server.sources.includes_local);
}

TEST_CASE("options: parse: every option arrives in its place") {
  const auto config = parse_config(R"({
    // comments may stand anywhere
    "kind": "files", "port": 4000, "publicPort": 443, "hostname": "node.example.com",
    "initialNetworkAddress": ["a.example.com:1", "[::1]:2"],
    "storage": {"path": "/var/lib/node"},
    "request": {"clientConcurrency": 10, "traversalMemory": "1gb", "serverTimeout": "3s",
                "pingTimeout": 500},
    "network": {
      "autoSync": false, "isTrusted": true, "syncInterval": "8s", "syncTimeCalculationPeriod": "1h",
      "auth": {"username": "user", "password": "pa:ss"}, "authCookieMaxAge": "1d", "serverMaxFails": 5,
      "credentialsCookie": true, "credentialsToAll": true,
      "whitelist": ["::1"], "blacklist": ["bad.example.com"], "trustlist": "1.2.3.4:80"
    },
    "server": {"https": {"key": "k.pem", "cert": "c.pem", "ca": "a.pem"}, "maxBodySize": "1mb",
               "compressionLevel": 0, "connectionsPerIp": 7, "connectionsPerGroup": 0,
               "clientRequestsPerSecond": 9, "limitsLocal": true},
    "logger": {"level": "debug", "console": false,
               "file": {"level": "error", "folder": "/log", "filesCount": 3, "fileMaxSize": "1kb"}},
    "logger.file": true /* a dotted name counts as nested */
  })");
  REQUIRE(config);
  const auto options = parse_options(*config);
  REQUIRE_MESSAGE(options, (options ? "" : options.error().message));
  NodeOptions expected{
      .kind = "files", .port = 4000, .public_port = 443, .hostname = "node.example.com"};
  expected.initial_network_address = {Address::parse("a.example.com:1").value(),
                                      Address::parse("[::1]:2").value()};
  expected.storage = {"/var/lib/node"};
  expected.request = {10, 1 << 30, 3s, 500ms};
  expected.network = {.auto_sync = false,
                      .is_trusted = true,
                      .sync_interval = 8s,
                      .sync_time_calculation_period = 1h,
                      .auth = NodeOptions::Credentials{"user", "pa:ss"},
                      .auth_cookie_max_age = 24h,
                      .has_credentials_cookie = true,
                      .shows_credentials_to_all = true,
                      .server_max_fails = 5,
                      .whitelist = {"0000:0000:0000:0000:0000:0000:0000:0001"},
                      .blacklist = {"bad.example.com"},
                      .trustlist = {"1.2.3.4:80"}};
  expected.server = {.https = {true, "k.pem", "c.pem", "a.pem"},
                     .body_bytes_max = 1 << 20,
                     .compression_level = 0,
                     .sources = {7, 0, 9, true}};
  expected.logger = {
      LogLevel::debug, {false, LogLevel::debug}, {true, LogLevel::error, "/log", 3, 1024}};
  CHECK(*options == expected);
}

TEST_CASE("options: parse: short forms of upstream") {
  const auto parsed = [](const char* text) { return parse_options(*parse_json(text)).value(); };
  CHECK_FALSE(parsed(R"({"server": false})").server.is_enabled);
  CHECK(parsed(R"({"server": {"https": true}})").server.https.is_enabled);
  CHECK(parsed(R"({"logger": false})").logger.level == LogLevel::off);
  CHECK(parsed(R"({"logger": "warn"})").logger.level == LogLevel::warn);
  CHECK_FALSE(parsed(R"({"network": {"auth": null}})").network.auth);
  CHECK(parsed(R"({"initialNetworkAddress": "abc.com:1"})").initial_network_address.size() == 1);
  CHECK(parsed(R"({"port": 4000.0})").port == 4000);
}

TEST_CASE("options: parse: a refusal names the option, what is expected and what was given") {
  struct Row {
    const char* config;
    const char* message;
  };
  for (
      const Row& row : {
          Row{R"({"network": {"syncInterval": true}})",
              R"(option "network.syncInterval": expected a time such as "16s" or a number of milliseconds, got true)"},
          Row{R"({"network": {"syncInterval": "0s"}})",
              R"(option "network.syncInterval": expected a time from 100ms to 1d, got "0s")"},
          Row{R"({"network": {"syncInterva": 1}})",
              R"(unknown option "network.syncInterva": did you mean "network.syncInterval"?)"},
          Row{R"({"syncInterval": "16s"})",
              R"(unknown option "syncInterval": did you mean "network.syncInterval"?)"},
          Row{R"({"zzzzzzzz": 1})", R"(unknown option "zzzzzzzz")"},
          Row{R"({"network": 5})", R"(option "network": expected an object, got 5)"},
          Row{R"({"port": 65536})",
              R"(option "port": expected an integer from 0 to 65535, got 65536)"},
          Row{R"({"port": "4000"})",
              R"(option "port": expected an integer from 0 to 65535, got "4000")"},
          Row{R"({"port": 4000.5})",
              R"(option "port": expected an integer from 0 to 65535, got 4000.5)"},
          Row{R"({"port": null})",
              R"(option "port": expected an integer from 0 to 65535, got null)"},
          Row{R"({"port": 18446744073709551615})",
              R"(option "port": expected an integer from 0 to 65535, got 18446744073709551615)"},
          Row{R"({"port": {}})",
              R"(option "port": expected an integer from 0 to 65535, got an object of 0)"},
          Row{R"({"hostname": "node1"})",
              R"(option "hostname": expected a host name or IP address that other nodes accept, got "node1")"},
          Row{R"({"initialNetworkAddress": ["localhost"]})",
              R"(option "initialNetworkAddress": expected a node address such as "example.com:4000" or a list of them, got ["localhost"])"},
          Row{R"({"network": {"whitelist": ["a b"]}})",
              R"(option "network.whitelist": expected a list of addresses, host names or IP addresses, got ["a b"])"},
          Row{R"({"network": {"serverMaxFails": 0}})",
              R"(option "network.serverMaxFails": expected an integer from 1 to 1000000, got 0)"},
          Row{R"({"server": {"maxBodySize": "2gb"}})",
              R"(option "server.maxBodySize": expected a size from 1kb to 1gb, got "2gb")"},
          Row{R"({"server": {"maxBodySize": -1}})",
              R"(option "server.maxBodySize": expected a size such as "500kb" or a number of bytes, got -1)"},
          Row{R"({"server": {"https": 1}})",
              R"(option "server.https": expected true or false, got 1)"},
          Row{R"({"logger": {"level": "loud"}})",
              R"(option "logger.level": expected "debug", "info", "warn", "error" or false, got "loud")"},
          Row{R"({"kind": "Files"})",
              R"(option "kind": expected 1 to 32 lower-case letters, digits and hyphens, got "Files")"},
          Row{R"({"network": {"auth": {"username": "a:b", "password": "x"}}})",
              R"(option "network.auth.username": expected a name without control characters and ":", got "a:b")"},
          Row{R"({"network": {"auth": {"username": "a", "password": 12345}}})",
              R"(option "network.auth.password": expected a text that is not empty, got a value that is not shown)"},
          Row{R"({"network": {"auth": {"username": "a"}}})",
              R"(option "network.auth.password": expected a text that is not empty, got a value that is not shown)"},
          Row{R"({"network": {"auth": true}})",
              R"(option "network.auth": expected null or an object with username and password, got a value that is not shown)"},
          Row{R"({"network": {"syncTimeCalculationPeriod": "1s"}})",
              R"(option "network.syncTimeCalculationPeriod": expected at least network.syncInterval, got 1s)"},
          Row{R"({"server": {"https": {"key": "k.pem"}}})",
              R"(option "server.https": expected both key and cert, got only one of them)"},
          Row{"[]", "expected the options as a JSON object, got an array of 0"},
      }) {
    INFO(row.config);
    const auto options = parse_options(*parse_json(row.config));
    REQUIRE_FALSE(options);
    CHECK(options.error().code == Errc::invalid_argument);
    CHECK(options.error().message == row.message);
  }
}

TEST_CASE("options: check: values set in C++ are held to the same ranges") {
  NodeOptions options;
  options.request.client_concurrency = 0;
  CHECK(check_options(options).error().message ==
        R"(option "request.clientConcurrency": expected an integer from 1 to 100000, got 0)");
  options = {};
  options.request.traversal_memory = 1'000;
  CHECK(check_options(options).error().message ==
        R"(option "request.traversalMemory": expected a size from 1mb to 1024gb, got "1000b")");
  options = {};
  options.network.sync_interval = -1s;
  CHECK(check_options(options).error().message ==
        R"(option "network.syncInterval": expected a time from 100ms to 1d, got "-1s")");
  options = {};
  options.server.https = {false, "k.pem", "c.pem", {}};
  CHECK(check_options(options).error().message ==
        R"(option "server.https": expected true, since a key is given, got false)");
}

TEST_CASE("options: table: each default text reads back as the default") {
  std::set<std::string> names;
  for (const OptionInfo& info : option_table()) {
    INFO(info.path);
    CHECK_FALSE(info.help.empty());
    CHECK(names.insert(environment_name(info.path)).second);
    if (info.default_text.empty()) continue;
    NodeOptions options;
    const auto result = set_option_text(options, info.path, info.default_text);
    CHECK(result);
    CHECK(options == NodeOptions{});
  }
  CHECK(environment_name("network.syncInterval") == "SPREADABLE_NETWORK_SYNC_INTERVAL");
  CHECK(environment_name("port") == "SPREADABLE_PORT");
}

TEST_CASE("options: kinds: what a kind declares is read, checked and listed as the others are") {
  CHECK(parse_options({{"kindTest", {{"span", "5s"}}}}).error().message ==
        R"(unknown option "kindTest")");
  const std::vector<KindOption> declared{
      boolean_option("kindTest.flag", true, "a flag of a kind"),
      time_option("kindTest.span", Millis{60'000}, {Millis{1'000}, Millis{120'000}}, "its span"),
      {.path = "kindTest.word", .type = "text", .help = "its word", .accept = [](Json& value) {
         const bool is_word = value.is_string() && value != "";
         return is_word ? std::nullopt : std::optional<std::string>("a word");
       }}};
  declare_options(declared);
  declare_options(declared);  // once more means nothing
  const auto is_span = [](const OptionInfo& info) { return info.path == "kindTest.span"; };
  const auto table = option_table();
  CHECK(std::count_if(table.begin(), table.end(), is_span) == 1);
  CHECK(std::find_if(table.begin(), table.end(), is_span)->default_text == "1m");

  const auto options =
      parse_options({{"kindTest", {{"flag", false}, {"span", 90'000}, {"word", "yes"}}}});
  REQUIRE(options);
  CHECK(options->of_kind ==
        Json{{"kindTest.flag", false}, {"kindTest.span", "90s"}, {"kindTest.word", "yes"}});
  CHECK(*parse_options({{"kindTest", {{"flag", true}, {"span", "60s"}}}}) == NodeOptions{});
  CHECK(parse_options({{"kindTest.span", "3m"}}).error().message ==
        R"(option "kindTest.span": expected a time from 1s to 2m, got "3m")");
  CHECK(parse_options({{"kindTest.flag", 1}}).error().message ==
        R"(option "kindTest.flag": expected true or false, got 1)");
  CHECK(parse_options({{"kindTest.wort", "x"}}).error().message ==
        R"(unknown option "kindTest.wort": did you mean "kindTest.word"?)");
  NodeOptions text;
  CHECK(set_option_text(text, "kindTest.span", "2000"));
  CHECK(text.of_kind == Json{{"kindTest.span", "2s"}});
  text.of_kind["kindTest.span"] = "1ms";
  CHECK(check_options(text).error().message ==
        R"(option "kindTest.span": expected a time from 1s to 2m, got "1ms")");
}

TEST_CASE("options: kinds: two options of one name are refused") {
  const KindOption first = boolean_option("clashTest.flag", true, "a flag of a kind");
  declare_options({first});
  const std::size_t count = option_table().size();
  const std::string message =
      R"(option "clashTest.flag" of a kind: there is another one of this name)";
  KindOption other = first;
  other.help = "a flag of another kind";
  CHECK_THROWS_WITH_AS(declare_options({other}), message.c_str(), std::invalid_argument);
  CHECK_THROWS_AS(declare_options({boolean_option(first.path, false, first.help)}),
                  std::invalid_argument);
  other = time_option(first.path, Millis{1}, {Millis{1}, Millis{2}}, first.help);
  CHECK_THROWS_AS(declare_options({other}), std::invalid_argument);
  CHECK_THROWS_AS(declare_options({boolean_option("port", false, "of all nodes")}),
                  std::invalid_argument);
  CHECK(option_table().size() == count);
  CHECK_THROWS_AS(declare_options({boolean_option("clashTest.new", true, "new"), other}),
                  std::invalid_argument);
  CHECK(option_table().size() == count + 1);
  CHECK(option_table().back().path == "clashTest.new");
}

TEST_CASE("options: text: flags and the environment speak without JSON") {
  NodeOptions options;
  struct Row {
    const char* path;
    const char* text;
  };
  for (const Row& row :
       {Row{"port", "4000"}, Row{"network.isTrusted", "true"}, Row{"network.syncInterval", "8s"},
        Row{"request.pingTimeout", "500"}, Row{"initialNetworkAddress", "abc.com:1,localhost:2"},
        Row{"network.auth.username", "true"}, Row{"network.auth.password", "{\"a\":1}"},
        Row{"logger", "false"}, Row{"hostname", ""}}) {
    INFO(row.path);
    CHECK(set_option_text(options, row.path, row.text));
  }
  CHECK(options.port == 4000);
  CHECK(options.network.is_trusted);
  CHECK(options.network.sync_interval == 8s);
  CHECK(options.request.ping_timeout == 500ms);
  CHECK(options.initial_network_address.size() == 2);
  CHECK(options.network.auth == NodeOptions::Credentials{"true", "{\"a\":1}"});
  CHECK(options.logger.level == LogLevel::off);
  CHECK(set_option_text(options, "port", "4000x").error().message ==
        R"(option "port": expected an integer from 0 to 65535, got "4000x")");
  CHECK_FALSE(set_option_text(options, "network.isTrusted", "yes"));
  CHECK_FALSE(set_option_text(options, "initialNetworkAddress", "abc.com:1,,"));
  CHECK_FALSE(set_option_text(options, "prot", "1"));
  CHECK(set_option_text(options, "initialNetworkAddress", ""));
  CHECK(options.initial_network_address.empty());
}

TEST_CASE(
    "options: config text: comments are passed over, also next to strings that look like them") {
  const auto config = parse_config(R"(// first
    {"a": "// no comment /* nor this */", /* but
    this */ "b": "\"/*", // and this
    "c": 1 / 1 // }
  })");
  CHECK_FALSE(config);
  const auto good = parse_config("{\"a\": \"// x\", /* y\n */ \"b\": \"\\\"/*\" // z\n}// end");
  REQUIRE(good);
  CHECK(*good == Json{{"a", "// x"}, {"b", "\"/*"}});
}

TEST_CASE("options: config text: mistakes are located") {
  struct Row {
    std::string text;
    const char* message;
  };
  for (const Row& row : {
           Row{"{\n  \"a\": 1,\n  b\n}", "invalid config at line 3, column 3"},
           Row{"", "invalid config at line 1, column 1"},
           Row{"{/* never\n ends }", "invalid config: a comment does not end"},
           Row{"{/*/}", "invalid config: a comment does not end"},
           Row{"{\"a\": 1e999}", "invalid config: invalid JSON: a number is out of range"},
           Row{std::string(100'000, '[') + std::string(100'000, ']'),
               "invalid config: JSON is nested deeper than 64 levels"},
       }) {
    INFO(row.text.substr(0, 20));
    const auto config = parse_config(row.text);
    REQUIRE_FALSE(config);
    CHECK(config.error().code == Errc::invalid_argument);
    CHECK(config.error().message == row.message);
  }
}

}  // namespace spreadable
