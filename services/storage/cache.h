// services/storage/cache.h: one kind of cached values, with its limits.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "core/clock.h"
#include "core/stores.h"

namespace spreadable {

/// A bounded set of named values that may be lost at any time. Several may share a CacheStore when
/// their types differ. Thread-safe; blocks for as long as the store does. Errors are those of the
/// store. Source: protocol sections 4.8 and 11.
class Cache {
 public:
  struct Options {
    std::string type;            ///< what the values are; not empty
    std::size_t limit = 50'000;  ///< entries kept, the most recently used ones; upstream's default
    std::optional<Millis> lifetime{};  ///< from the first set on; none: until evicted
  };

  /// `store` and `clock` must outlive the cache. Requires: a type, and a lifetime above zero if
  /// any.
  Cache(CacheStore& store, const Clock& clock, Options options);

  /// The value of `key` unless it is older than the lifetime. Counts as a use.
  [[nodiscard]] Result<std::optional<std::string>> get(std::string_view key);
  /// Inserts or replaces. A replaced value keeps its age; one that is too old counts as inserted.
  [[nodiscard]] Result<void> set(std::string_view key, std::string_view value);
  [[nodiscard]] Result<void> remove(std::string_view key);
  /// Drops what is too old or too much: for a periodic task, since get() and set() look at their
  /// own entry alone.
  [[nodiscard]] Result<void> normalize();
  [[nodiscard]] Result<void> flush();

 private:
  /// Dates in the future are too old as well: they come from a clock that has since been set back,
  /// and would else be kept for as long as it had been wrong. Source: reliability R5.
  [[nodiscard]] bool is_too_old(const CacheStore::Entry& entry, WallTime now) const;
  /// The entry of `key`, removed when it is too old.
  [[nodiscard]] Result<std::optional<CacheStore::Entry>> fresh_entry(std::string_view key,
                                                                     WallTime now);

  CacheStore& store_;
  const Clock& clock_;
  const Options options_;
};

}  // namespace spreadable
