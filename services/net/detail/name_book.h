// services/net/detail/name_book.h: host names on their way to an address.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "core/clock.h"
#include "core/mutex.h"
#include "core/resolver.h"
#include "services/net/detail/exchange.h"

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
  std::condition_variable_any wake_;
  std::deque<std::string> names_ SPREADABLE_GUARDED_BY(mutex_);
  std::size_t idle_ SPREADABLE_GUARDED_BY(mutex_) = 0;
  bool is_stopping_ SPREADABLE_GUARDED_BY(mutex_) = false;
  std::vector<std::jthread> threads_ SPREADABLE_GUARDED_BY(mutex_);
};

/// What the event loop knows of names: the answers of the last minute, so that the way to a known
/// name needs no other thread, and the exchanges that wait for one. For the thread of the loop.
class NameBook {
 public:
  /// Answers kept; when there are more, those that nobody waits for are dropped.
  static constexpr std::size_t kNamesMax = 10'000;

  explicit NameBook(Duration lifetime) : lifetime_(lifetime) {}

  [[nodiscard]] std::optional<IpAddress> find(const std::string& name, TimePoint now) const;
  /// `exchange` waits for its name. True when nobody asked for that yet, so the caller has to.
  [[nodiscard]] bool wait(Exchange& exchange);
  /// `exchange` waits no longer.
  void leave(Exchange& exchange);
  /// Keeps the answer, and returns those who waited for it.
  [[nodiscard]] std::vector<Exchange*> arrive(const std::string& name,
                                              const Result<IpAddress>& found, TimePoint now);

 private:
  struct Entry {
    std::optional<IpAddress> ip;
    TimePoint found_at;
    bool is_asked = false;
    std::vector<Exchange*> waiting;
  };

  const Duration lifetime_;
  std::unordered_map<std::string, Entry> entries_;
};

}  // namespace spreadable::detail
