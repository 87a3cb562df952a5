// bench/support/children.h: measuring programs that are many processes.
#pragma once

#include <sys/types.h>

#include <functional>
#include <vector>

namespace spreadable::bench {

/// Child processes that end with this one, whatever becomes of it. Made before any other thread is
/// started. For one thread.
class Children {
 public:
  /// From now on SIGTERM, SIGINT and the end of a child are waited for instead of ending the
  /// process.
  Children();
  ~Children();
  Children(const Children&) = delete;
  Children& operator=(const Children&) = delete;

  /// Forks a child that runs `work` and ends with it. Throws std::system_error when no process can
  /// be made.
  void add(const std::function<void()>& work);
  [[nodiscard]] const std::vector<pid_t>& ids() const { return ids_; }
  /// Blocks until this process is told to end. False when a child ended by itself.
  [[nodiscard]] bool wait_for_end() const;

 private:
  std::vector<pid_t> ids_;
};

}  // namespace spreadable::bench
