// services/simulation/detail/scenarios/ledger.h: whether a store keeps what it has acknowledged.
// Private to services/simulation.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "core/node.h"
#include "core/scheduler.h"
#include "core/service.h"

namespace spreadable::detail {

/// What one machine has been asked to remember, kept where no crash reaches.
struct Ledger {
  std::uint64_t attempted = 0;     ///< the highest number given to the store
  std::uint64_t acknowledged = 0;  ///< the highest that it has taken
  std::optional<std::string> fault{};
};

/// Writes one number after the other into the DataStore of a node, and reads after each start what
/// is there: nothing older than what was acknowledged, nothing that was never written. A store that
/// can't be read is asked again. For one thread.
class LedgerKeeper final : public Service {
 public:
  explicit LedgerKeeper(Ledger& ledger) : Service("ledger"), ledger_(ledger) {}
  ~LedgerKeeper() override;

  [[nodiscard]] Result<void> init() override;
  void deinit() override;

 private:
  static constexpr const char* kKey = "ledger";
  static constexpr Duration kPause = std::chrono::seconds{2};

  void check();
  void write();

  Ledger& ledger_;
  bool is_checked_ = false;
  std::unique_ptr<Scheduler::Task> task_;
};

}  // namespace spreadable::detail
