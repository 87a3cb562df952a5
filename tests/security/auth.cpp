// A closed network from outside: what its cookies and its log give away, which requests of other
// sites it refuses, and whether its answers come sooner or later for a better guess. Bar A16.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <memory>
#include <mutex>
#include <sstream>
#include <string>
#include <vector>

#include "core/base64.h"
#include "core/network_map.h"
#include "core/wire.h"
#include "services/spreadable.h"
#include "tests/security/commands.h"
#include "tests/support/free_port.h"
#include "tests/support/temp_dir.h"

namespace spreadable::sectest {
namespace {

constexpr std::size_t kNodes = 5;
constexpr std::size_t kRounds = 20;
const NodeOptions::Credentials kCredentials{"zq-somebody", "Kx7!pa:ss wort"};

/// Nodes of one closed network, each of which writes all that it can say into a file.
class ClosedNetwork {
 public:
  explicit ClosedNetwork(const std::filesystem::path& folder) : folder_(folder) {
    const std::uint16_t port = free_ports(kNodes);
    for (std::size_t i = 0; i < kNodes; ++i) {
      NodeOptions options;
      options.hostname = "localhost";
      options.port = static_cast<std::uint16_t>(port + i);
      options.initial_network_address = {*Address::from_parts("localhost", port)};
      options.storage.path = Runtime::kNoStorage;
      options.network.sync_interval = Millis{500};
      options.network.auth = kCredentials;
      options.logger.level = LogLevel::debug;  // the lowest there is
      options.logger.console.is_enabled = false;
      options.logger.file = {.is_enabled = true,
                             .level = LogLevel::debug,
                             .folder = folder / std::to_string(i),
                             .files_count = 100};
      nodes_.push_back(std::make_unique<Node>(options, runtime_.environment(options)));
      nodes_.back()->on(Event::sync_finished, [this](const EventInfo&) { changed_.notify_all(); });
      const Result<void> started = nodes_.back()->start();
      SPREADABLE_ASSERT(started);
    }
    std::unique_lock lock(mutex_);
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds{30};
    const bool has_formed = changed_.wait_until(lock, until, [&] { return agrees(); });
    SPREADABLE_ASSERT(has_formed);
  }

  TransportReply ask(std::size_t node, Method method, const std::string& path, Headers headers,
                     const std::string& body = {}) {
    const TransportRequest request{.to = nodes_[node % kNodes]->address(),
                                   .method = method,
                                   .path = path,
                                   .headers = std::move(headers),
                                   .body = body};
    auto replies = runtime_.transport()->request_group(
        {&request, 1}, Deadline::after(*runtime_.clock(), std::chrono::seconds{10}));
    ++requests_;
    SPREADABLE_ASSERT(replies.front());
    return std::move(*replies.front());
  }
  [[nodiscard]] Runtime& runtime() { return runtime_; }
  [[nodiscard]] Node& node(std::size_t i) { return *nodes_[i]; }
  /// Requests of this program, and of the nodes to each other.
  [[nodiscard]] std::size_t requests() const {
    std::size_t sum = requests_;
    for (const auto& node : nodes_) sum += node->outbound().counters().requests;
    return sum;
  }
  /// Stops the nodes and reads what they have written.
  [[nodiscard]] std::string log() {
    for (const auto& node : nodes_) node->stop(std::chrono::seconds{1});
    std::ostringstream text;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder_)) {
      if (entry.is_regular_file()) text << std::ifstream(entry.path()).rdbuf();
    }
    return text.str();
  }

 private:
  [[nodiscard]] bool agrees() const {
    return nodes_.size() == kNodes &&
           std::all_of(nodes_.begin(), nodes_.end(), [](const auto& node) {
             const auto view = node->peers().view();
             return view->is_registered() && view->network_size() == kNodes;
           });
  }

  const std::filesystem::path folder_;
  std::mutex mutex_;
  std::condition_variable changed_;
  Runtime runtime_;
  std::vector<std::unique_ptr<Node>> nodes_;
  std::size_t requests_ = 0;
};

/// The spellings in which credentials could get out.
std::vector<std::string> secrets() {
  const auto& [user, password] = kCredentials;
  std::vector<std::string> texts{user, password, user + ":" + password};
  texts.push_back("{\"username\":" + dump_json(user) + ",\"password\":" + dump_json(password) +
                  "}");
  std::vector<std::string> all = texts;
  for (const std::string& text : texts) {
    // In the middle of something longer, base64 has one of three spellings; the ends depend on the
    // neighbours.
    for (std::size_t shift = 0; shift < 3; ++shift) {
      const std::string encoded = base64_encode(std::string(shift, 'x') + text);
      const std::size_t from = shift == 0 ? 0 : 4;
      all.push_back(encoded.substr(from, (encoded.size() - from) / 4 * 4 - 4));
    }
  }
  all.push_back("Kx7%21pa%3Ass%20wort");
  return all;
}

std::size_t count_of(const std::string& text, const std::vector<std::string>& needles) {
  std::size_t count = 0;
  for (const std::string& needle : needles) {
    for (std::size_t at = 0; (at = text.find(needle, at)) != std::string::npos; ++at) {
      if (count++ < 3)
        fmt::print("auth:   found: {}\n", text.substr(at - std::min(at, std::size_t{60}), 160));
    }
  }
  return count;
}

/// What a browser keeps: `name=value`.
std::string pair_of(const std::string& set_cookie) {
  return set_cookie.substr(0, set_cookie.find(';'));
}

/// A visitor who logs in, and what it was given.
class Visitor {
 public:
  explicit Visitor(ClosedNetwork& network) : network_(network) {}

  /// Requests of all kinds to all nodes: with the right credentials, with wrong ones, with cookies,
  /// by clients, by other nodes, by browsers of other sites, and to where nothing is.
  void make_rounds() {
    for (std::size_t i = 0; i < kRounds; ++i) {
      for (const std::string& path : kPaths) {
        log_in(i, Method::get, path);
        log_in(i, Method::post, path);
        guess(i, path);
      }
      log_in(i, Method::head, "/status");
      log_in(i, Method::options, "/client/network-map");
    }
    for (std::size_t i = 0; i < kNodes; ++i) traverse(i);
  }

  [[nodiscard]] const std::vector<std::string>& cookies() const { return cookies_; }

  /// POSTs of other sites' pages, with the cookie that a browser would send; how many pass.
  std::size_t foreign_posts() {
    std::size_t passed = 0;
    for (std::size_t i = 0; i < kNodes; ++i) {
      for (const std::string& origin : kForeignOrigins) {
        for (const std::string& path : kPaths) {
          const auto reply = network_.ask(
              i, Method::post, path,
              {{"Cookie", cookie_of_[i]}, {"Origin", origin}, {"Content-Type", "text/plain"}},
              "{}");
          ++foreign_;
          passed += reply.status == 401 && !reply.headers.find("set-cookie") ? 0 : 1;
        }
      }
    }
    return passed;
  }
  [[nodiscard]] std::size_t foreign() const { return foreign_; }

  /// Whether the same cookie opens its own node to that node's own pages.
  bool own_posts_pass() {
    for (std::size_t i = 0; i < kNodes; ++i) {
      const std::string own = "http://" + network_.node(i).address().text();
      const auto reply = network_.ask(i, Method::post, "/client/network-map",
                                      {{"Cookie", cookie_of_[i]}, {"Origin", own}}, "{}");
      if (reply.status != 200) return false;
    }
    return true;
  }

 private:
  static inline const std::vector<std::string> kPaths{"/",
                                                      "/status",
                                                      "/status?pretty=1",
                                                      "/client.js",
                                                      "/no-such-page",
                                                      "/client/network-map",
                                                      "/client/get-available-node",
                                                      "/client/no-such-route",
                                                      "/api/node/structure",
                                                      "/api/node/register",
                                                      "/api/butler/network-map"};
  static inline const std::vector<std::string> kForeignOrigins{
      "http://evil.example", "https://evil.example", "http://localhost:1", "null",
      "http://localhost.evil.example"};

  void log_in(std::size_t node, Method method, const std::string& path) {
    const Headers login{
        {"Authorization", basic_authorization(kCredentials.username, kCredentials.password)}};
    const auto reply = network_.ask(node, method, path, login, method == Method::post ? "{}" : "");
    const std::string set(reply.headers.find("set-cookie").value_or(""));
    if (set.empty()) return;
    cookies_.push_back(set);
    cookie_of_[node % kNodes] = pair_of(set);
    network_.ask(node, method, path, {{"Cookie", pair_of(set)}},
                 method == Method::post ? "{\"x\": garbage" : "");
  }

  /// Attempts that are nearly right, and headers that are broken.
  void guess(std::size_t node, const std::string& path) {
    const auto& [user, password] = kCredentials;
    for (const std::string& header :
         {basic_authorization(user, password + "x"), basic_authorization("x" + user, password),
          "Bearer " + user + ":" + password, "Basic " + user + ":" + password}) {
      network_.ask(node, Method::post, path, {{"Authorization", header}}, "{}");
    }
    network_.ask(node, Method::post, path,
                 {{"Authorization", basic_authorization(user, password)},
                  {wire::kNodeVersion, "other-0.1"},
                  {wire::kOriginalAddress, "localhost:1"},
                  {wire::kNodeRoot, "localhost:2"}},
                 "{}");
  }

  void traverse(std::size_t node) {
    Client client({.address = {network_.node(node).address()},
                   .auth = Client::Options::Auth{kCredentials.username, kCredentials.password}},
                  {*network_.runtime().transport(), *network_.runtime().clock(),
                   *network_.runtime().random()});
    SPREADABLE_ASSERT(client.init());
    const auto result = client.traverse(NetworkMapAction::kName, Json::object());
    SPREADABLE_ASSERT(result && result->complete);
  }

  ClosedNetwork& network_;
  std::vector<std::string> cookies_;
  std::array<std::string, kNodes> cookie_of_;  ///< the latest of each node
  std::size_t foreign_ = 0;
};

/// The flags of a cookie: out of reach of scripts and other sites, and with TLS for TLS alone.
bool has_flags(const std::string& set_cookie, bool is_tls) {
  const bool is_secure = set_cookie.find("; Secure") != std::string::npos;
  return set_cookie.find("; HttpOnly") != std::string::npos &&
         set_cookie.find("; SameSite=Strict") != std::string::npos && is_secure == is_tls;
}

/// The cookie that comes over TLS, as the shipped check gives it.
std::string tls_cookie(Node& node) {
  HttpRequest request{.method = Method::get,
                      .path = "/status",
                      .query = {},
                      .headers = {{"authorization", basic_authorization(kCredentials.username,
                                                                        kCredentials.password)}},
                      .body = {},
                      .remote_ip = IpAddress::loopback()};
  request.is_tls = true;
  const HttpResponse response = node.router().handle(std::move(request));
  return std::string(response.headers.find("set-cookie").value_or(""));
}

bool check_network() {
  const TempDir folder;
  ClosedNetwork network(folder.path());
  Visitor visitor(network);
  visitor.make_rounds();
  const std::size_t foreign_passed = visitor.foreign_posts();
  const bool own_passed = visitor.own_posts_pass();

  std::vector<std::string> cookies = visitor.cookies();
  const bool has_plain_flags = std::all_of(cookies.begin(), cookies.end(), [](const auto& cookie) {
    return has_flags(cookie, /*is_tls=*/false);
  });
  const std::string secure = tls_cookie(network.node(0));
  const bool has_tls_flags = has_flags(secure, /*is_tls=*/true);
  cookies.push_back(secure);

  std::string all_cookies;
  std::vector<std::string> wanted = secrets();
  for (const std::string& cookie : cookies) all_cookies += cookie + "\n";
  const std::size_t in_cookies = count_of(all_cookies, wanted);
  for (const std::string& cookie : cookies)
    wanted.push_back(pair_of(cookie).substr(cookie.find('=') + 1));

  const std::size_t requests = network.requests();
  const std::string log = network.log();
  const auto lines = static_cast<std::size_t>(std::count(log.begin(), log.end(), '\n'));
  const std::size_t in_log = count_of(log, wanted);
  fmt::print("auth: {} requests in a closed network; {} cookies hold {} credentials\n", requests,
             cookies.size(), in_cookies);
  fmt::print("auth: {} lines of log at the lowest level hold {} credentials or tokens\n", lines,
             in_log);
  fmt::print("auth: flags of cookies are {} over http, {} over https\n",
             has_plain_flags ? "right" : "WRONG", has_tls_flags ? "right" : "WRONG");
  fmt::print("auth: {} of {} foreign POSTs passed; those of own pages {}\n", foreign_passed,
             visitor.foreign(), own_passed ? "pass" : "do NOT pass");
  return in_cookies == 0 && in_log == 0 && lines > kNodes && cookies.size() > 100 &&
         has_plain_flags && has_tls_flags && foreign_passed == 0 && own_passed;
}

}  // namespace

bool run_auth() {
  const bool is_network_tight = check_network();
  const bool is_timing_even = run_auth_timing();
  return is_network_tight && is_timing_even;
}

}  // namespace spreadable::sectest
