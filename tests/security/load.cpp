// A node under thousands of idle and slow connections that fill its table and keep coming back:
// what an honest client notices, when the slow ones are cut, and what is left afterwards. Bar A18.
#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <optional>
#include <string>
#include <thread>

#include "tests/security/commands.h"
#include "tests/security/load_client.h"
#include "tests/security/load_crowd.h"
#include "tests/support/free_port.h"
#include "tests/support/process.h"

namespace spreadable::sectest {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kKindMax = 10'000;  // idle ones, and as many slow ones
constexpr std::size_t kKindMin = 4'000;
constexpr std::size_t kOwnDescriptors = 200;
constexpr std::size_t kNodeReserve = 640;  // EventLoop::Options::descriptor_reserve
constexpr std::size_t kTooMany = 100;      // connections that find no place in the table
constexpr double kMillisMore = 20;
constexpr double kCutSeconds = 15;
constexpr double kNewcomerMillis = 1'000;
constexpr double kMebibytesMax = 256;
constexpr std::ptrdiff_t kDescriptorsLeft = 2;

bool wait_until(const std::function<bool()>& holds, Millis patience) {
  const auto end = std::chrono::steady_clock::now() + patience;
  while (!holds()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(10ms);
  }
  return true;
}

/// The most connections of each kind for which this process and the node have descriptors.
std::size_t connections_per_kind() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  const std::size_t files = std::min<std::size_t>(limit.rlim_max, 1'000'000);
  const std::size_t spare = kNodeReserve + kOwnDescriptors;
  return std::min(kKindMax, files > spare ? (files - spare) / 2 : 0);
}

/// A node in a process of its own, for which loopback is as strange as the internet.
class Target {
 public:
  explicit Target(std::size_t descriptors)
      : port_(free_port()), process_(command(port_, descriptors)) {}

  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] bool is_up() const {
    return wait_until([&] { return TimedClient(Home{0, 0, 1}, port_).ask().has_value(); }, 10s);
  }
  [[nodiscard]] std::ptrdiff_t descriptors() const {
    const std::filesystem::directory_iterator all(folder() / "fd");
    return std::distance(begin(all), end(all));
  }
  /// The most memory it ever held.
  [[nodiscard]] double peak_mebibytes() const {
    std::ifstream status(folder() / "status");
    for (std::string line; std::getline(status, line);) {
      if (line.starts_with("VmHWM:")) return std::stod(line.substr(6)) / 1'024;
    }
    return 1e9;
  }

 private:
  static Process::Options command(std::uint16_t port, std::size_t descriptors) {
    const std::string limited = fmt::format("ulimit -n {} && exec \"$0\" \"$@\"", descriptors);
    return {.program = "/bin/sh",
            .arguments = {"-c", limited, SPREADABLE_PROGRAM, "start"},
            .environment = {{"SPREADABLE_PORT", std::to_string(port)},
                            {"SPREADABLE_HOSTNAME", "localhost"},
                            {"SPREADABLE_STORAGE_PATH", ":memory:"},
                            {"SPREADABLE_LOGGER_LEVEL", "error"},
                            {"SPREADABLE_SERVER_LIMITS_LOCAL", "true"}}};
  }
  [[nodiscard]] std::filesystem::path folder() const {
    return "/proc/" + std::to_string(process_.id());
  }

  const std::uint16_t port_;
  Process process_;
};

/// How an honest client fares: one request after the other on its connection, and ten times a
/// second a newcomer of another neighbourhood.
struct Experience {
  Times requests;
  Times newcomers;
  std::size_t failures = 0;
};

void visit(std::uint16_t port, std::size_t number, Experience& experience) {
  const auto begin = std::chrono::steady_clock::now();
  TimedClient newcomer(Home{250, static_cast<std::uint8_t>(number % 250), 1}, port);
  const auto answer = newcomer.ask();
  if (answer && answer->status == 200) {
    experience.newcomers.add(millis_since(begin));
  } else {
    ++experience.failures;
  }
}

Experience experience_of(TimedClient& client, std::uint16_t port, Millis span) {
  Experience experience;
  const auto begin = std::chrono::steady_clock::now();
  for (std::size_t visits = 0; std::chrono::steady_clock::now() - begin < span;) {
    if (std::chrono::steady_clock::now() - begin >= visits * 100ms)
      visit(port, visits++, experience);
    const auto answer = client.ask();
    if (!answer || answer->status != 200) {
      ++experience.failures;
      break;
    }
    experience.requests.add(answer->millis);
    std::this_thread::sleep_for(1ms);
  }
  return experience;
}

void print(const char* when, const Experience& experience) {
  fmt::print(
      "load: {}: {} requests, p50 {:.2f} ms, p99 {:.2f} ms; {} newcomers, slowest {:.2f} ms; {} "
      "failures\n",
      when, experience.requests.count(), experience.requests.quantile(0.5),
      experience.requests.quantile(0.99), experience.newcomers.count(),
      experience.newcomers.longest(), experience.failures);
}

/// What became of a figure; prints it.
bool check(bool is_met, const std::string& figure) {
  fmt::print("load: {}: {}\n", figure, is_met ? "met" : "MISSED");
  return is_met;
}

}  // namespace

bool run_load() {
  const std::size_t each = connections_per_kind();
  if (!check(each >= kKindMin, fmt::format("{} idle and {} slow connections", each, each)))
    return false;
  // So many descriptors that not all of the crowd has a place.
  const Target target(2 * each + kNodeReserve - kTooMany);
  if (!check(target.is_up(), "the node is up")) return false;
  TimedClient client(Home{0, 0, 1}, target.port());
  const Experience before = experience_of(client, target.port(), 4s);
  const std::ptrdiff_t descriptors_before = target.descriptors();

  std::optional<Crowd> crowd(std::in_place, Crowd::Options{target.port(), each, each});
  const auto wanted = static_cast<std::ptrdiff_t>(2 * each - 4 * kTooMany);
  const bool is_full = wait_until([&] { return target.descriptors() >= wanted; }, 30s);
  const Experience during = experience_of(client, target.port(), 20s);
  const std::ptrdiff_t held = target.descriptors() - descriptors_before;
  const Crowd::Figures figures = crowd->figures();
  crowd.reset();
  const auto left = [&] { return target.descriptors() - descriptors_before; };
  const bool is_clean = wait_until([&] { return std::abs(left()) <= kDescriptorsLeft; }, 10s);

  print("before", before);
  print("during", during);
  fmt::print(
      "load: the crowd made {} attempts; {} slow connections were cut; the node held {} at the "
      "end\n",
      figures.attempts, figures.cut, held);
  const double p99_max = 2 * before.requests.quantile(0.99) + kMillisMore;
  bool is_met = check(is_full, "the table was full");
  is_met &= check(before.failures + during.failures == 0, "every honest request was answered");
  is_met &= check(during.requests.quantile(0.99) <= p99_max,
                  fmt::format("p99 of at most {:.2f} ms", p99_max));
  is_met &= check(during.newcomers.longest() <= kNewcomerMillis, "newcomers in a second");
  is_met &= check(figures.cut >= each / 2 && figures.longest_seconds <= kCutSeconds,
                  fmt::format("slow ones cut after {:.1f} s at most", figures.longest_seconds));
  const double mebibytes = target.peak_mebibytes();
  is_met &= check(mebibytes <= kMebibytesMax, fmt::format("{:.0f} MiB at most", mebibytes));
  return is_met & check(is_clean, fmt::format("descriptors are back to {:+}", left()));
}

}  // namespace spreadable::sectest
