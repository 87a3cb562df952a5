// The way of a request from its bytes to its handler, and back.
#include <benchmark/benchmark.h>

#include "bench/support/wired_network.h"
#include "services/http/detail/request_collector.h"
#include "services/http/detail/response_text.h"
#include "tests/support/fake_logger.h"
#include "tests/support/manual_clock.h"

namespace spreadable::bench {
namespace {

constexpr std::string_view kRequest =
    "POST /api/slave/count HTTP/1.1\r\nHost: 127.0.0.1:10007\r\nAccept: */*\r\n"
    "original-address: 127.0.0.1:10001\r\nnode-version: spreadable-0.3\r\n"
    "node-root: 127.0.0.1:10000\r\n"
    "spreadable-features: coverage,stand-in,move,signature,beacon\r\n"
    "content-type: application/json\r\nContent-Length: 52\r\n\r\n"
    R"({"level":0,"timeout":1500,"timestamp":1700000000000})";

void collect(benchmark::State& state) {
  detail::RequestCollector collector({.body_bytes_max = 1 << 20});
  for (auto _ : state) {
    (void)collector.feed(kRequest);
    benchmark::DoNotOptimize(collector.take());
  }
}
BENCHMARK(collect)->Name("http: collect a request");

void write_response(benchmark::State& state) {
  const HttpResponse response{.headers = {{"spreadable-features", "coverage,stand-in,move"},
                                          {"Access-Control-Allow-Origin", "*"}},
                              .body = R"({"address":"127.0.0.1:10007","count":1})"};
  for (auto _ : state) benchmark::DoNotOptimize(detail::response_text(response, {}));
}
BENCHMARK(write_response)->Name("http: write a response");

/// The route table of a node of ordinary size, with empty handlers.
struct Routes {
  Routes() {
    for (int i = 0; i < 60; ++i) {
      router.add(Method::post, "/api/slave/action-" + std::to_string(i), WorkClass::leaf,
                 [](CallContext&) -> Result<Json> { return Json(); });
    }
  }
  ManualClock clock;
  FakeLogger logger;
  Router router{clock, logger, {}};
};

void find_route(benchmark::State& state) {
  const Routes routes;
  for (auto _ : state) {
    benchmark::DoNotOptimize(routes.router.work_class(Method::post, "/api/slave/action-33"));
  }
}
BENCHMARK(find_route)->Name("routing: find one of 60 routes");

void handle_nothing(benchmark::State& state) {
  Routes routes;
  for (auto _ : state) {
    benchmark::DoNotOptimize(
        routes.router.handle({.method = Method::post, .path = "/api/slave/action-33"}));
  }
}
BENCHMARK(handle_nothing)->Name("routing: a request whose handler does nothing");

void slave_stage(benchmark::State& state) {
  WiredNetwork network(9);
  for (auto _ : state) benchmark::DoNotOptimize(network.ask_slave());
}
BENCHMARK(slave_stage)->Name("node: the slave stage of a request");

void traversal(benchmark::State& state) {
  WiredNetwork network(static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) {
    benchmark::DoNotOptimize(network.ask(Method::post, "/client/count", "{}"));
  }
}
BENCHMARK(traversal)->Name("node: a whole traversal without sockets")->Arg(9)->Arg(25);

}  // namespace
}  // namespace spreadable::bench
