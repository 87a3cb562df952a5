// core/answer_memory.h: what the answers of traversals under way may hold in a process.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <utility>

#include "core/clock.h"
#include "core/mutex.h"
#include "core/result.h"
#include "core/waits.h"

namespace spreadable {

class ExpectedMemory;

/// Lets traversals begin as memory allows. A stage that gathers answers takes what it is expected
/// to need (ExpectedMemory) before it asks anybody, and waits while others hold too much. What it
/// turns out to need is told with Hold::resize, which never waits: those that come later do. So the
/// limit may be passed by as much as answers under way are larger than they were lately.
///
/// Whoever needs more than there will ever be is let in alone, since nobody would be answered
/// otherwise. Those with little (kSmallShare) are counted and never wait. All others are let in by
/// the order of their arrival, masters' stages before coordinators': a coordinator waits for
/// masters and these wait for none of them, so of each kind one is always let in, and a quarter of
/// the memory is left to masters.
///
/// One for all nodes of a process; each brings its own limit. Thread-safe: small ones take no lock.
/// Source: design.md, law 7.
class AnswerMemory : public std::enable_shared_from_this<AnswerMemory> {
 public:
  /// Who gathers: a coordinator the answers of masters, or a master those of its slaves.
  enum class Stage : std::uint8_t { coordinator, master };
  /// At most this part of the limit is little.
  static constexpr std::uint64_t kSmallShare = 1024;
  /// This part of the limit coordinators leave to masters.
  static constexpr std::uint64_t kMasterShare = 4;

  struct Claim {
    Stage stage = Stage::coordinator;
    std::uint64_t bytes = 0;
    std::uint64_t bytes_max = 0;  ///< what all together may hold when it is let in
    /// Tells `bytes` anew for one that has waited, since others have shown meanwhile what they
    /// take. Outlives the wait.
    const ExpectedMemory* expected = nullptr;
  };

  /// What one stage holds, until the end of its life. For one thread at a time.
  class Hold {
   public:
    Hold(Hold&& other) noexcept = default;
    Hold& operator=(Hold&& other) = delete;
    ~Hold();

    /// Holds so much from now on. Never waits.
    void resize(std::uint64_t bytes);
    [[nodiscard]] std::uint64_t bytes() const { return claim_.bytes; }
    /// Whether others wait for it.
    [[nodiscard]] bool is_large() const { return AnswerMemory::is_large(claim_); }

   private:
    friend class AnswerMemory;
    Hold(std::shared_ptr<AnswerMemory> memory, Claim claim)
        : memory_(std::move(memory)), claim_(claim) {}

    std::shared_ptr<AnswerMemory> memory_;  ///< an answer may be sent when its node is gone
    Claim claim_;
  };

  explicit AnswerMemory(std::unique_ptr<Waits> waits) : waits_(std::move(waits)) {}
  AnswerMemory(const AnswerMemory&) = delete;
  AnswerMemory& operator=(const AnswerMemory&) = delete;

  /// Takes what is claimed, and blocks until there is so much. Errc::overloaded, with a message
  /// that names the option, when there is not before `deadline`. Requires: a shared_ptr owns this
  /// object.
  [[nodiscard]] Result<Hold> take(Claim claim, Deadline deadline);

  /// Bytes that are held now.
  [[nodiscard]] std::uint64_t held() const { return held_; }
  /// How many wait now.
  [[nodiscard]] std::size_t waiting() const { return waiting_count_; }

 private:
  struct Waiting {
    Claim& claim;  ///< of the caller of take(), which is there as long as this is
    std::shared_ptr<Wait> wait;
  };
  using Queue = std::list<Waiting>;

  [[nodiscard]] static bool is_large(const Claim& claim) {
    return claim.bytes > claim.bytes_max / kSmallShare;
  }
  [[nodiscard]] static std::size_t index(const Claim& claim) {
    return static_cast<std::size_t>(claim.stage);
  }
  [[nodiscard]] bool has_room(const Claim& claim) const SPREADABLE_REQUIRES(mutex_);
  void let_in(const Claim& claim) SPREADABLE_REQUIRES(mutex_);
  [[nodiscard]] std::shared_ptr<Wait> try_let_in(Claim& claim);
  [[nodiscard]] bool leave(const Claim& claim, const Wait& wait);
  void replace(const Claim& before, const Claim& after);
  void let_in_waiting();

  const std::unique_ptr<Waits> waits_;
  std::atomic<std::uint64_t> held_{0};
  std::atomic<std::size_t> waiting_count_{0};
  mutable Mutex mutex_;
  std::array<Queue, 2> queues_ SPREADABLE_GUARDED_BY(mutex_);         ///< by stage
  std::array<std::size_t, 2> large_ SPREADABLE_GUARDED_BY(mutex_){};  ///< that are held, by stage
};

/// What a traversal of some action is going to need, guessed by what the last ones took: the most
/// of them, of which an eighth is forgotten with each one that took less. Thread-safe.
class ExpectedMemory {
 public:
  /// Of a first one nothing is known. So a coordinator begins no second one before it has ended, as
  /// half of `bytes_max` says. To a master, whose answers are a small part of all, it is a
  /// sixteenth, so that somebody silent in its list holds up few.
  [[nodiscard]] std::uint64_t bytes(AnswerMemory::Stage stage, std::uint64_t bytes_max) const;
  /// One has taken so much.
  void note(std::uint64_t bytes);

 private:
  static constexpr std::uint64_t kUnknownShare = 2;
  static constexpr std::uint64_t kUnknownMasterShare = 16;
  static constexpr std::uint64_t kForgottenShare = 8;
  std::atomic<std::uint64_t> bytes_{0};  ///< 0: none yet
};

}  // namespace spreadable
