// tests/unit/services/storage/store_contract.h: what every Database promises, run against each of
// them.
#pragma once

#include <span>

#include "core/stores.h"

namespace spreadable {

/// One promise of core/stores.h. `check` is given a database that is empty.
struct StorePromise {
  const char* claim;
  void (*check)(Database& database);
};

[[nodiscard]] std::span<const StorePromise> store_promises();

}  // namespace spreadable
