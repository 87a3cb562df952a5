#include "examples/fleet_search/progress.h"

#include <unistd.h>

#include <iostream>

namespace spreadable::fleet_search {
namespace {

constexpr const char* kBeginOfClearedLine = "\r\x1b[K";  // ECMA-48: carriage return, erase in line

}  // namespace

Progress::Progress() : is_terminal_(::isatty(STDERR_FILENO) == 1) {}

void Progress::show(std::string_view text) {
  if (is_terminal_) std::cerr << kBeginOfClearedLine << text << std::flush;
}

void Progress::clear() {
  show({});
}

}  // namespace spreadable::fleet_search
