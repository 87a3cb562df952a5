#include "function_calls.h"

#include <cstdio>
#include <exception>
#include <iostream>

namespace spreadable::interop {

int answer_calls(const std::map<std::string, Function>& functions) try {
  for (std::string line; std::getline(std::cin, line);) {
    const Json call = Json::parse(line);
    std::cout << dump_json(functions.at(call[0])(call)) << '\n';
  }
  std::cout.flush();
  return 0;
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}

}  // namespace spreadable::interop
