// word_count PORT INITIAL_ADDRESS FILE...: a node that counts a word in its files. Asked for
// `count-words`, any node answers for all of them. The first one names itself as initial address.
#include <fstream>
#include <iostream>
#include <set>

#include "services/spreadable.h"

using namespace spreadable;

int main(int argc, char** argv) try {
  if (argc < 3) throw std::invalid_argument("usage: word_count PORT INITIAL_ADDRESS FILE...");
  std::multiset<std::string> words;
  std::string word;
  for (int i = 3; i < argc; ++i)
    for (std::ifstream file(argv[i]); file >> word;) words.insert(word);

  const auto options = parse_options({{"port", std::atoi(argv[1])}, {"hostname", "localhost"},
                                      {"initialNetworkAddress", argv[2]},
                                      {"storage.path", Runtime::kNoStorage}});
  if (!options) throw std::invalid_argument(options.error().message);

  StopSignals signals;  // before any thread is started
  Runtime runtime;
  Node node(*options, runtime.environment(*options));
  node.add_action("count-words")
      .check(schema::object({{"word", schema::string()}}))
      .local([&](const Json& query, CallContext&) { return words.count(query["word"]); })
      .merge(merges::sum);

  const auto started = node.start();
  if (!started) throw std::runtime_error(started.error().message);
  signals.wait();
} catch (const std::exception& error) {
  std::cerr << error.what() << '\n';
  return 1;
}
