// tests/integration/cli_program.h: the command line as a process, for its tests.
#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "core/json.h"
#include "tests/support/process.h"

namespace spreadable {

/// The built program with `arguments`.
inline Process::Options program(std::vector<std::string> arguments) {
  return {.program = SPREADABLE_PROGRAM, .arguments = std::move(arguments)};
}

/// Runs it to its end.
inline Finished run_program(std::vector<std::string> arguments) {
  return run_process(program(std::move(arguments)));
}

/// Whether `text` is one line with its end.
inline bool is_one_line(const std::string& text) {
  return std::count(text.begin(), text.end(), '\n') == 1 && text.ends_with('\n');
}

inline bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// Reads lines of JSON until one has this `event`; null when none comes.
inline Json read_event(Process& process, const std::string& event) {
  while (auto line = process.read_line()) {
    const auto json = parse_json(*line);
    if (json && json->is_object() && json->value("event", "") == event) return *json;
  }
  return {};
}

}  // namespace spreadable
