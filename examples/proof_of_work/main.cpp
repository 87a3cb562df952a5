// proof_of_work BASE_PORT [NODES [BITS]]: a network in which a client pays with processor time
// before it may vote.
#include <algorithm>
#include <iostream>

#include "examples/proof_of_work/proof_of_work.h"
#include "services/spreadable.h"

using namespace spreadable;
using proof_of_work::ProofOfWork;

template <class T>
T value_or_throw(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().message);
  return std::move(*result);
}

int main(int argc, char** argv) try {
  if (argc < 2) throw std::invalid_argument("usage: proof_of_work BASE_PORT [NODES [BITS]]");
  const int base_port = std::stoi(argv[1]);
  const int count = argc > 2 ? std::stoi(argv[2]) : 5;
  const int bits = argc > 3 ? std::stoi(argv[3]) : 18;
  const std::string first = "localhost:" + std::to_string(base_port);

  StopSignals signals;  // before any thread is started
  Runtime runtime;
  std::vector<std::unique_ptr<Node>> nodes;
  for (int i = 0; i < count; ++i) {
    const NodeOptions options = value_or_throw(parse_options({{"port", base_port + i},
                                                              {"hostname", "localhost"},
                                                              {"initialNetworkAddress", first},
                                                              {"storage.path", Runtime::kNoStorage},
                                                              {"logger.level", "warn"}}));
    nodes.push_back(std::make_unique<Node>(options, runtime.environment(options)));
    Node& node = *nodes.back();
    node.services().add(std::make_unique<ProofOfWork>(Approval::Options{}, bits));
    node.add_action("vote")
        .merge(merges::sum)
        .needs_approval("work")
        .local([](const Json&, CallContext&) { return 1; });
    const auto started = node.start();
    if (!started) throw std::runtime_error(started.error().message);
  }
  const auto sees_all = [&](const auto& node) {
    const auto view = node->peers().view();
    return count == 1 || (view->is_registered() && view->network_size() == nodes.size());
  };
  while (!std::all_of(nodes.begin(), nodes.end(), sees_all)) {
    if (signals.wait_for(std::chrono::milliseconds{50}) != 0) return 1;
  }

  Client client({.address = {*Address::parse(first)}},
                {*runtime.transport(), *runtime.clock(), *runtime.random()});
  if (const auto found = client.init(); !found) throw std::runtime_error(found.error().message);
  Json claim = value_or_throw(client.get_approval_question("work"));
  claim["answer"] = ProofOfWork::solve(claim["question"]);
  std::cout << "asked by " << claim["approvers"].size()
            << " nodes, solved: " << claim["answer"].get<std::string>() << '\n';
  for (const char* which : {"first", "second"}) {
    const auto vote = client.traverse("vote", Json::object(), {.approval_info = claim});
    const std::string result = vote ? dump_json(vote->value) + " nodes" : vote.error().message;
    std::cout << which << " use: " << result << '\n';
  }
} catch (const std::exception& error) {
  std::cerr << error.what() << '\n';
  return 1;
}
