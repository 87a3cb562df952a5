// tests/integration/process_network.h: nodes as processes, to be killed, stopped and started again.
#pragma once

#include <csignal>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/address.h"
#include "core/client.h"
#include "services/runtime.h"
#include "tests/support/process.h"
#include "tests/support/temp_dir.h"

namespace spreadable {

/// Nodes run by the command line, seen only through their client routes. Each has a storage folder
/// of its own, which outlives its process. For one thread, but for address() and client_of().
class ProcessNetwork {
 public:
  static constexpr Millis kInterval{500};  ///< of their sync

  struct Options {
    std::size_t count = 0;
    std::vector<std::string> flags{};     ///< of `spreadable start`, beside the usual ones
    std::string version{wire::kVersion};  ///< of the protocol that they speak
  };

  /// Starts them all at once. They are killed at the end of the scope.
  explicit ProcessNetwork(Options options);
  explicit ProcessNetwork(std::size_t count) : ProcessNetwork(Options{.count = count}) {}

  /// Node 0 is the one that the others begin with.
  void start(std::size_t i) { start_through(i, address(0)); }
  void start_through(std::size_t i, const Address& initial);
  /// Returns once it is gone. What the others have printed until then is thrown away, so that none
  /// of them ever waits for a reader.
  void kill(std::size_t i);
  void freeze(std::size_t i) { processes_[i]->freeze(); }
  void thaw(std::size_t i) { processes_[i]->signal(SIGCONT); }

  [[nodiscard]] Address address(std::size_t i) const;
  /// Of its process, while that runs.
  [[nodiscard]] pid_t id(std::size_t i) const { return processes_[i]->id(); }
  [[nodiscard]] std::vector<std::size_t> running() const;
  /// Options and parts of a client of node `i` alone.
  [[nodiscard]] Client::Options client_options(std::size_t i) const;
  [[nodiscard]] Client::Parts client_parts() { return parts_; }
  [[nodiscard]] Client client_of(std::size_t i) { return Client(client_options(i), parts_); }

  /// Whether every running node is registered and sees as many nodes as there are.
  [[nodiscard]] bool agrees();
  /// Whether a traversal from every running node reaches all of them, each once.
  [[nodiscard]] bool is_complete();
  /// Each node's master, as the first node hears it.
  [[nodiscard]] std::map<Address, Address> masters_of_all();

  /// Asks again and again until `condition` holds; each question takes a round trip.
  [[nodiscard]] static bool wait_until(const std::function<bool()>& condition, Duration limit);
  [[nodiscard]] bool settles_within(int intervals);
  /// Settles, and then stays as it is for two intervals: nobody is being moved any more.
  [[nodiscard]] bool calms_within(int intervals);
  /// What each node says about itself, and has written to its log.
  void tell();

 private:
  const Options options_;
  TempDir folder_;
  const std::uint16_t base_;
  Runtime runtime_;
  const Client::Parts parts_;
  std::deque<std::unique_ptr<Process>> processes_;
};

}  // namespace spreadable
