#include "services/storage/memory_database.h"

#include <doctest/doctest.h>

#include "store_contract.h"

namespace spreadable {

TEST_CASE("memory database: stores: every promise is kept") {
  for (const StorePromise& promise : store_promises()) {
    INFO(promise.claim);
    MemoryDatabase database;
    promise.check(database);
  }
}

}  // namespace spreadable
