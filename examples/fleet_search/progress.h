// examples/fleet_search/progress.h: one line that tells how far a program is.
#pragma once

#include <string_view>

namespace spreadable::fleet_search {

/// Writes over itself on a terminal; where standard error is no terminal, nothing is written, so
/// that logs stay readable. The line is gone at the end of the scope. For one thread.
class Progress {
 public:
  Progress();
  ~Progress() { clear(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void show(std::string_view text);
  void clear();

 private:
  const bool is_terminal_;
};

}  // namespace spreadable::fleet_search
