// Opens many keep-alive connections to a running node, leaves them idle, and measures what a
// healthy client then sees, and what the idle ones cost the node.
//
//   idle_connections --port P [--host 127.0.0.1] [--pid PID] [--connections 10000] [--requests
//   2000]
//                    [--fresh 200] [--path /ping]
//
// Prints one JSON line: p50, p99 and longest time of a request in milliseconds, over one kept
// connection and over fresh ones; threads and memory of process PID. Exit codes: 0 within the
// limits below, 1 beyond them or failed, 2 wrong usage. Source of the limits: reliability L1.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstring>
#include <fstream>
#include <iostream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/ip.h"
#include "core/json.h"

namespace {

using spreadable::Json;
using SteadyClock = std::chrono::steady_clock;

constexpr std::size_t kThreadsMax = 40;
constexpr double kMemoryMibMax = 160;
constexpr double kP99MillisMax = 10;
/// Connections per source address 127.0.0.x, well below the number of ephemeral ports.
constexpr std::size_t kPerSource = 20'000;
constexpr int kTimeoutMillis = 10'000;

struct UsageError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct Options {
  std::string host = "127.0.0.1";
  std::string path = "/ping";
  std::size_t port = 0;
  std::size_t pid = 0;
  std::size_t connections = 10'000;
  std::size_t requests = 2'000;
  std::size_t fresh = 200;
};

std::size_t number(std::string_view name, std::string_view text) {
  std::size_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) {
    throw UsageError(std::string(name) + " needs a number, not \"" + std::string(text) + "\"");
  }
  return value;
}

Options read_options(const std::vector<std::string_view>& words) {
  Options options;
  for (std::size_t i = 0; i < words.size(); i += 2) {
    const std::string_view name = words[i];
    if (i + 1 == words.size()) throw UsageError(std::string(name) + " needs a value");
    const std::string_view value = words[i + 1];
    if (name == "--host") {
      options.host = value;
    } else if (name == "--path") {
      options.path = value;
    } else if (name == "--port") {
      options.port = number(name, value);
    } else if (name == "--pid") {
      options.pid = number(name, value);
    } else if (name == "--connections") {
      options.connections = number(name, value);
    } else if (name == "--requests") {
      options.requests = number(name, value);
    } else if (name == "--fresh") {
      options.fresh = number(name, value);
    } else {
      throw UsageError("unknown option " + std::string(name));
    }
  }
  const auto ip = spreadable::IpAddress::parse(options.host);
  if (!ip || !ip->is_v4() || !ip->is_loopback()) {
    throw UsageError("--host must be an IPv4 loopback address: this program is no weapon");
  }
  if (options.port == 0 || options.port > 65'535) throw UsageError("--port is missing or wrong");
  if (options.requests == 0 || options.fresh == 0) throw UsageError("counts must be positive");
  return options;
}

std::runtime_error failure(const std::string& what) {
  return std::runtime_error(what + ": " + std::strerror(errno));
}

/// One keep-alive connection. Movable only.
class Client {
 public:
  Client(const Options& options, std::size_t index) : fd_(socket(AF_INET, SOCK_STREAM, 0)) {
    if (fd_ < 0) throw failure("socket");
    const int on = 1;
    setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    sockaddr_in source{};
    source.sin_family = AF_INET;
    source.sin_addr.s_addr =
        htonl(INADDR_LOOPBACK + static_cast<std::uint32_t>(index / kPerSource));
    if (index >= kPerSource &&
        bind(fd_, reinterpret_cast<const sockaddr*>(&source), sizeof(source)) != 0) {
      throw failure("bind");
    }
    sockaddr_in target{};
    target.sin_family = AF_INET;
    target.sin_port = htons(static_cast<std::uint16_t>(options.port));
    inet_pton(AF_INET, options.host.c_str(), &target.sin_addr);
    if (connect(fd_, reinterpret_cast<const sockaddr*>(&target), sizeof(target)) != 0) {
      throw failure("connect");
    }
  }
  ~Client() {
    if (fd_ >= 0) close(fd_);
  }
  Client(Client&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Client& operator=(Client&&) = delete;

  /// Sends `request` and reads the whole answer. Throws unless it is a 200.
  void get(const std::string& request) {
    if (send(fd_, request.data(), request.size(), MSG_NOSIGNAL) !=
        static_cast<ssize_t>(request.size())) {
      throw failure("send");
    }
    std::string answer;
    std::size_t size = 0;
    while (size == 0 || answer.size() < size) {
      pollfd entry{fd_, POLLIN, 0};
      std::array<char, 4'096> buffer;
      if (poll(&entry, 1, kTimeoutMillis) != 1) throw std::runtime_error("no answer in 10 s");
      const ssize_t count = recv(fd_, buffer.data(), buffer.size(), 0);
      if (count <= 0) throw std::runtime_error("the connection was closed without an answer");
      answer.append(buffer.data(), static_cast<std::size_t>(count));
      size = size_of(answer);
    }
    if (!answer.starts_with("HTTP/1.1 200")) throw std::runtime_error("not a 200: " + answer);
  }

 private:
  /// The size of the whole answer; 0 while its head is incomplete.
  static std::size_t size_of(const std::string& answer) {
    const auto end = answer.find("\r\n\r\n");
    if (end == std::string::npos) return 0;
    constexpr std::string_view kName = "Content-Length: ";
    const auto at = answer.find(kName);
    if (at == std::string::npos || at > end) throw std::runtime_error("no Content-Length");
    return end + 4 + std::stoul(answer.substr(at + kName.size()));
  }

  int fd_;
};

template <class Work>
double millis_of(const Work& work) {
  const auto begin = SteadyClock::now();
  work();
  return std::chrono::duration<double, std::milli>(SteadyClock::now() - begin).count();
}

struct Times {
  double p50, p99, longest;
};

Times summary(std::vector<double> millis) {
  std::sort(millis.begin(), millis.end());
  const auto at = [&](double share) {
    return millis[static_cast<std::size_t>(share * static_cast<double>(millis.size() - 1))];
  };
  return {at(0.5), at(0.99), millis.back()};
}

Json to_json(const Times& times) {
  const auto rounded = [](double value) { return std::round(value * 1'000) / 1'000; };
  return {{"p50_ms", rounded(times.p50)},
          {"p99_ms", rounded(times.p99)},
          {"max_ms", rounded(times.longest)}};
}

/// The number after `name` in /proc/PID/status.
std::size_t status_of(std::size_t pid, std::string_view name) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/status");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with(name)) return std::stoul(line.substr(name.size()));
  }
  throw std::runtime_error("cannot read the status of process " + std::to_string(pid));
}

void raise_file_limit() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

/// True when everything measured is within its limit.
bool measure(const Options& options) {
  raise_file_limit();
  const std::string request =
      "GET " + options.path + " HTTP/1.1\r\nHost: " + options.host + "\r\n\r\n";
  std::vector<Client> idle;
  idle.reserve(options.connections);
  const double opening = millis_of([&] {
    for (std::size_t i = 0; i < options.connections; ++i) {
      idle.emplace_back(options, i);
      idle.back().get(request);
    }
  });
  Client healthy(options, 0);
  std::vector<double> kept;
  for (std::size_t i = 0; i < options.requests; ++i) {
    kept.push_back(millis_of([&] { healthy.get(request); }));
  }
  std::vector<double> fresh;
  for (std::size_t i = 0; i < options.fresh; ++i) {
    fresh.push_back(millis_of([&] { Client(options, 0).get(request); }));
  }
  const Times kept_times = summary(kept);
  const Times fresh_times = summary(fresh);
  bool is_good = kept_times.p99 < kP99MillisMax && fresh_times.p99 < kP99MillisMax;
  Json line{{"bench", "idle_connections"},
            {"idle", idle.size()},
            {"opening_ms", std::round(opening)},
            {"kept", to_json(kept_times)},
            {"fresh", to_json(fresh_times)}};
  if (options.pid != 0) {
    const std::size_t threads = status_of(options.pid, "Threads:");
    const double mib = static_cast<double>(status_of(options.pid, "VmRSS:")) / 1'024;
    line["threads"] = threads;
    line["rss_mib"] = std::round(mib * 10) / 10;
    is_good = is_good && threads < kThreadsMax && mib < kMemoryMibMax;
  }
  line["passed"] = is_good;
  std::cout << spreadable::dump_json(line) << '\n';
  return is_good;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return measure(read_options({argv + 1, argv + argc})) ? 0 : 1;
  } catch (const UsageError& error) {
    std::cerr << "idle_connections: " << error.what() << '\n';
    return 2;
  } catch (const std::exception& error) {
    std::cerr << "idle_connections: " << error.what() << '\n';
    return 1;
  }
}
