// services/simulation/detail/virtual_exchange.h: a request and its answer on their way. Private to
// services/simulation.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "core/http.h"
#include "core/transport.h"
#include "services/simulation/virtual_time.h"

namespace spreadable::detail {

/// Requests that one fiber waits for together; lives on its stack.
struct VirtualExchangeGroup {
  VirtualTime::Waiter waiter;
  std::vector<std::optional<Result<TransportReply>>> slots;
  std::vector<std::uint64_t> exchanges{};  ///< those under way, as handles
  std::size_t open = 0;                    ///< slots that are not settled

  void settle(std::size_t slot, Result<TransportReply> result) {
    slots[slot] = std::move(result);
    if (--open == 0) waiter.notify();
  }
};

/// What is on its way at the moment.
enum class VirtualExchangePhase : std::uint8_t { request, turn, answering, reply, refusal };

struct VirtualExchange {
  VirtualExchangeGroup* group = nullptr;  ///< null when nobody waits for the answer any more
  std::size_t slot = 0;
  MachineId from = kNoMachine;
  MachineId to = kNoMachine;
  std::uint16_t port = 0;
  VirtualExchangePhase phase = VirtualExchangePhase::request;
  bool is_connecting = false;  ///< there was no open connection
  unsigned attempts = 0;       ///< of the present message, that were lost in a cut
  HttpRequest request{};
  TransportReply reply{};
  std::size_t reply_bytes_max = 0;
  std::uint32_t generation = 0;
};

/// Exchanges under way. Their places are used again; a handle is good for one use of a place.
/// References stay good until release().
class VirtualExchangeTable {
 public:
  struct Made {
    std::uint64_t handle;
    VirtualExchange& exchange;
  };

  [[nodiscard]] Made make() {
    if (free_.empty()) {
      free_.push_back(static_cast<std::uint32_t>(places_.size()));
      places_.emplace_back();
    }
    const std::uint32_t place = free_.back();
    free_.pop_back();
    return {std::uint64_t{places_[place].generation} << 32 | place, places_[place]};
  }
  /// The exchange, or nullptr when it is over.
  [[nodiscard]] VirtualExchange* find(std::uint64_t handle) {
    VirtualExchange& exchange = places_[static_cast<std::uint32_t>(handle)];
    return exchange.generation == handle >> 32 ? &exchange : nullptr;
  }
  void release(std::uint64_t handle) {
    VirtualExchange& exchange = places_[static_cast<std::uint32_t>(handle)];
    const std::uint32_t generation = exchange.generation + 1;
    exchange = VirtualExchange{};
    exchange.generation = generation;
    free_.push_back(static_cast<std::uint32_t>(handle));
  }
  /// Calls `visit` with each place, in use or not, in a fixed order.
  template <class Visit>
  void for_each(Visit visit) {
    for (std::size_t i = 0; i < places_.size(); ++i) visit(places_[i]);
  }

 private:
  std::deque<VirtualExchange> places_;
  std::vector<std::uint32_t> free_;
};

}  // namespace spreadable::detail
