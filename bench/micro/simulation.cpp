// What the simulator itself takes, without any node.
#include <benchmark/benchmark.h>

#include <array>
#include <string>
#include <vector>

#include "services/simulation/virtual_network.h"

namespace spreadable::bench {
namespace {

/// Fibers that sleep side by side, each a little longer than the one before, so that their events
/// come in another order than they are scheduled.
void sleeps(benchmark::State& state) {
  constexpr std::chrono::milliseconds kSleep{100};
  const auto count = state.range(0);
  VirtualTime time;
  const MachineId machine = time.add_machine();
  std::int64_t slept = 0;
  for (std::int64_t i = 0; i < count; ++i) {
    time.spawn(machine, [&, span = kSleep + std::chrono::microseconds{i % 1'000}] {
      while (!time.is_halted(machine)) {
        time.sleep(machine, span);
        ++slept;
      }
    });
  }
  std::int64_t asked = 0;
  while (state.KeepRunningBatch(count)) {
    asked += count;
    while (slept < asked) time.run_until(time.now() + kSleep);
  }
  time.halt(machine);
}
BENCHMARK(sleeps)->Name("simulation: a sleep, of so many at once")->Arg(100)->Arg(10'000);

class Empty final : public RequestHandler {
 public:
  WorkClass work_class(Method, std::string_view) const override { return WorkClass::leaf; }
  HttpResponse handle(HttpRequest) override { return {}; }
};

void requests(benchmark::State& state) {
  constexpr std::int64_t kGroup = 100;
  VirtualTime time;
  VirtualNetwork network(time, 1);
  const std::array machines{time.add_machine(), time.add_machine()};
  const VirtualClock clock(time, Duration::zero());
  for (const MachineId machine : machines) {
    network.attach(machine, *IpAddress::parse("10.0.0." + std::to_string(machine)), 80, clock);
  }
  Empty empty;
  const auto server = network.make_server(machines[1]);
  if (!server->start({.port = 80}, empty)) return state.SkipWithError("the server does not start");
  const auto transport = network.make_transport(machines[0]);
  const TransportRequest question{.to = *Address::parse("10.0.0.2:80"), .path = "/path"};
  const std::vector<TransportRequest> group(kGroup, question);
  while (state.KeepRunningBatch(kGroup)) {
    const auto replies =
        transport->request_group(group, Deadline::after(clock, std::chrono::seconds{10}));
    for (const auto& reply : replies) {
      if (!reply) return state.SkipWithError(reply.error().message.c_str());
    }
  }
  server->stop(Deadline(time.now()));
}
BENCHMARK(requests)->Name("simulation: a request and its answer, of 100 at once");

}  // namespace
}  // namespace spreadable::bench
