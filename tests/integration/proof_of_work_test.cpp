#include <doctest/doctest.h>

#include <string>

#include "tests/support/free_port.h"
#include "tests/support/process.h"

namespace spreadable {

TEST_CASE("examples: proof of work: a client that has paid votes once") {
  for (const std::size_t nodes : {1U, 5U}) {
    const Finished finished = run_process(
        {.program = PROOF_OF_WORK_PROGRAM,
         .arguments = {std::to_string(free_ports(nodes)), std::to_string(nodes), "12"}});
    INFO(finished.errors);
    CHECK(finished.exit_code == 0);
    const std::string count = std::to_string(nodes);
    INFO(finished.output);
    CHECK(finished.output.find("asked by " + count + " nodes, solved: ") == 0);
    CHECK(finished.output.find("first use: " + count + " nodes\n") != std::string::npos);
    CHECK(finished.output.find("second use: Wrong answer, try again\n") != std::string::npos);
  }
}

TEST_CASE("examples: proof of work: without a port it says how it is used") {
  const Finished finished = run_process({.program = PROOF_OF_WORK_PROGRAM});
  CHECK(finished.exit_code == 1);
  CHECK(finished.errors.find("usage: proof_of_work BASE_PORT") == 0);
}

}  // namespace spreadable
