// core/introduction.h: how nodes of a closed network make sure of each other before one of them
// shows its credentials.
#pragma once

#include <array>
#include <cstddef>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/address.h"
#include "core/clock.h"
#include "core/mutex.h"

namespace spreadable {

/// Proves to another node that this one knows the network's credentials, and has the other prove
/// the same, without either showing them.
///
/// Addresses are learnt from others, and what answers at one today need not be the node that was
/// there yesterday. So the asker sends a question that only somebody who knows the credentials can
/// make, and the asked one, having checked that, an answer of which the same is true. Both name the
/// two nodes and a random number: neither can be used at another node or for another question. A
/// stranger who sends a question of its own gets no answer. One who is asked gets a text to test
/// guesses of the password against, so each guess is made to cost kRounds hashes.
/// Thread-safe. Source: reliability S17; RFC 2104; RFC 8018, section 5.2.
class Introduction {
 public:
  static constexpr int kRounds = 100'000;  ///< of key derivation, once per node: about 100 ms

  struct Options {
    Address self;
    std::string username;
    std::string password;
  };
  /// A question to one node. Its text travels in the header wire::kIntroduction of a ping.
  struct Question {
    Address to;
    std::string text;
  };

  explicit Introduction(Options options);

  /// A new question. The first call of this or answer() takes the time of the key derivation.
  [[nodiscard]] Question ask(const Address& to) const;
  /// The answer to a question of `asker`, who says so itself; nothing when it does not know the
  /// credentials, or means another node than this.
  [[nodiscard]] std::optional<std::string> answer(std::string_view asker,
                                                  std::string_view question) const;
  /// Whether `answer` comes from a node of that address that knows the credentials.
  [[nodiscard]] bool is_right(const Question& question, std::string_view answer) const;

 private:
  [[nodiscard]] std::string mark(std::string_view role, std::string_view nonce,
                                 const Address& asker, const Address& asked) const;
  [[nodiscard]] const std::array<unsigned char, 32>& key() const;

  const Options options_;
  mutable std::once_flag key_made_;
  mutable std::array<unsigned char, 32> key_{};
};

/// The addresses that may be shown the credentials: those that the owner has named, for good, and
/// those that have proved that they know them, for a while: an address may get another owner.
/// Thread-safe.
class Acquaintances {
 public:
  static constexpr std::size_t kEntriesMax = 16'384;  ///< who proved it longest ago is forgotten

  Acquaintances(std::vector<Address> named, Duration lifetime)
      : named_(std::move(named)), lifetime_(lifetime) {}

  void add(const Address& address, TimePoint now);
  [[nodiscard]] bool has(const Address& address, TimePoint now) const;

 private:
  const std::vector<Address> named_;
  const Duration lifetime_;
  mutable Mutex mutex_;
  std::unordered_map<Address, TimePoint> proved_at_ SPREADABLE_GUARDED_BY(mutex_);
};

}  // namespace spreadable
