// services/net/detail/name_book.h: host names on their way to an address.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/clock.h"
#include "services/net/detail/exchange.h"

namespace spreadable::detail {

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
