// A node of your own, three hundred times: does its count add up while machines come and go?
#include <doctest/doctest.h>

#include "services/simulation/simulation.h"

using namespace std::chrono_literals;

namespace {

class Library final : public spreadable::Node {
 public:
  Library(spreadable::NodeOptions options, spreadable::Environment environment, int books)
      : Node(std::move(options), std::move(environment)) {
    add_action("count-books")
        .local([books](const spreadable::Json&, spreadable::CallContext&) { return books; })
        .merge(spreadable::merges::sum);
  }
  ~Library() override { stop(); }
};

}  // namespace

TEST_CASE("library: the books of all nodes that are up are counted, and only theirs") {
  spreadable::Simulation simulation(
      {.nodes = 300,
       .seed = 7,
       .network = {.loss = 0.01},
       .make_node = [](auto options, auto environment, std::size_t index) {
         return std::make_unique<Library>(std::move(options), std::move(environment), int(index));
       }});
  simulation.start();
  REQUIRE(simulation.run_until([&] { return simulation.is_settled(); }, 5min));
  CHECK(simulation.node(42).traverse("count-books", {{"all", true}})->value == 44'850);

  for (std::size_t i = 270; i < 300; ++i) simulation.crash(i);  // no goodbyes
  CHECK(simulation.run_until([&] { return simulation.is_settled(); }, 5min));
  CHECK(simulation.node(42).traverse("count-books", {{"all", true}})->value == 36'315);
}
