// extensions/documents/detail/scrub.h: looking for damage before somebody runs into it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/clock.h"
#include "core/mutex.h"
#include "core/result.h"
#include "extensions/documents/detail/collection_table.h"

namespace spreadable::documents::detail {

/// Reads all documents in turn, compares their checksums, and looks each of them up by its keys, as
/// callers would. Thread-safe; one run at a time.
class Scrub {
 public:
  /// Goes on where the last run has ended; true when it has come to the end of the last table.
  [[nodiscard]] Result<bool> run(const std::vector<CollectionTable*>& tables, Deadline deadline);

 private:
  /// True at the end of the table.
  [[nodiscard]] Result<bool> check_some(CollectionTable& table, Deadline deadline)
      SPREADABLE_REQUIRES(mutex_);

  Mutex mutex_;
  std::size_t table_ SPREADABLE_GUARDED_BY(mutex_) = 0;
  std::int64_t after_ SPREADABLE_GUARDED_BY(mutex_) = 0;
};

}  // namespace spreadable::documents::detail
