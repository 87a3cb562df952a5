// The paths of a request whose instructions are counted (scripts/bench --only instructions).
//
//   bench_hot_path PATH COUNT
//
// Forms a network in virtual time and does PATH that often inside of the function
// `measured_requests`, which a profiler singles out by its name. PATH: ping, slave, traversal,
// records. Exit codes: 0 done, 1 failed, 2 wrong usage.
#include <charconv>
#include <exception>
#include <functional>
#include <iostream>
#include <map>
#include <string>
#include <string_view>

#include "bench/support/wired_network.h"

namespace spreadable::bench {
namespace {

constexpr std::size_t kNodes = 9;
constexpr std::size_t kWarmUps = 3;  ///< after which nothing is done for the first time

using Path = std::function<std::string(WiredNetwork&)>;

const std::map<std::string_view, Path>& paths() {
  static const std::map<std::string_view, Path> table{
      {"ping", [](WiredNetwork& network) { return network.ask(Method::get, "/ping"); }},
      {"slave", [](WiredNetwork& network) { return network.ask_slave(); }},
      {"traversal",
       [](WiredNetwork& network) { return network.ask(Method::post, "/client/count", "{}"); }},
      {"records",
       [](WiredNetwork& network) {
         return network.ask(Method::post, "/client/records", R"({"records":50})");
       }},
  };
  return table;
}

}  // namespace

extern "C" __attribute__((noinline)) void measured_requests(const Path& path, WiredNetwork& network,
                                                            std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) (void)path(network);
}

}  // namespace spreadable::bench

int main(int argc, char** argv) {
  using namespace spreadable::bench;
  std::size_t count = 0;
  const std::string_view name = argc == 3 ? argv[1] : "";
  const std::string_view number = argc == 3 ? argv[2] : "";
  std::from_chars(number.data(), number.data() + number.size(), count);
  const auto path = paths().find(name);
  if (count == 0 || path == paths().end()) {
    std::cerr << "usage: bench_hot_path ping|slave|traversal|records COUNT\n";
    return 2;
  }
  try {
    WiredNetwork network(kNodes);
    for (std::size_t i = 0; i < kWarmUps; ++i) (void)path->second(network);
    measured_requests(path->second, network, count);
    std::cout << path->second(network) << '\n';
    return 0;
  } catch (const std::exception& exception) {
    std::cerr << "bench_hot_path: " << exception.what() << '\n';
    return 1;
  }
}
