#include "services/simulation/detail/scenarios/ledger.h"

#include <charconv>

namespace spreadable::detail {

LedgerKeeper::~LedgerKeeper() = default;

Result<void> LedgerKeeper::init() {
  is_checked_ = false;
  task_ = node().scheduler().start("ledger of " + node().address().text(), Duration::zero(),
                                   [this]() -> Duration {
                                     if (!is_checked_) check();
                                     if (is_checked_) write();
                                     return kPause;
                                   });
  return {};
}

void LedgerKeeper::deinit() {
  task_.reset();
}

void LedgerKeeper::check() {
  const auto stored = node().database().data().get(kKey);
  if (!stored) return;
  is_checked_ = true;
  std::uint64_t number = 0;
  if (*stored) {
    const std::string& text = **stored;
    std::from_chars(text.data(), text.data() + text.size(), number);
  }
  if (number >= ledger_.acknowledged && number <= ledger_.attempted) return;
  ledger_.fault = "the store has " + std::to_string(number) + ", acknowledged was " +
                  std::to_string(ledger_.acknowledged);
}

void LedgerKeeper::write() {
  const std::uint64_t number = ++ledger_.attempted;
  if (node().database().data().set(kKey, std::to_string(number))) ledger_.acknowledged = number;
}

}  // namespace spreadable::detail
