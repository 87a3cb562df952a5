// services/net/detail/name_lookups.h: asking a resolver that may block.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "core/mutex.h"
#include "core/resolver.h"

namespace spreadable::detail {

/// Asks a Resolver, which may block, on threads of its own. Thread-safe.
class NameLookups {
 public:
  struct Limits {
    std::size_t threads_max = 0;
    std::size_t names_max = 0;  ///< waiting for a thread
  };
  /// Called once for each accepted ask(), on one of the threads.
  using Done = std::function<void(std::string name, Result<IpAddress> found)>;

  NameLookups(Resolver& resolver, Limits limits, Done done);
  /// Drops what waits; waits for the look-ups under way.
  ~NameLookups();

  /// False when too many names wait already.
  [[nodiscard]] bool ask(const std::string& name);

 private:
  void work();

  Resolver& resolver_;
  const Limits limits_;
  const Done done_;
  Mutex mutex_;
  Condition wake_;
  std::deque<std::string> names_ SPREADABLE_GUARDED_BY(mutex_);
  std::size_t idle_ SPREADABLE_GUARDED_BY(mutex_) = 0;
  bool is_stopping_ SPREADABLE_GUARDED_BY(mutex_) = false;
  std::vector<std::jthread> threads_ SPREADABLE_GUARDED_BY(mutex_);
};

}  // namespace spreadable::detail
