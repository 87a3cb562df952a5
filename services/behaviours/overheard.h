// services/behaviours/overheard.h: questions that were asked for their own sake.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/call_context.h"
#include "core/mutex.h"
#include "core/network_action.h"
#include "core/random.h"

namespace spreadable {

/// Keeps one question of each auditable action that has lately come through this node as
/// coordinator, master or slave, to ask it again as an audit. A master that wants to be honest to
/// auditors only would have to know a real question from its repetition. Thread-safe.
class Overheard {
 public:
  /// Longer bodies are not kept.
  static constexpr std::size_t kBodyBytesMax = 16 << 10;

  struct Question {
    const NetworkAction* action = nullptr;
    Json query;
    std::optional<Duration> budget{};  ///< the time its sender gave
    Address from;                      ///< the node that asked; empty for a client
  };

  /// Whose questions to keep, of those that are auditable; they outlive this object. Called before
  /// the node serves.
  void listen_to(const NetworkAction& action);

  /// Takes note of a request if it is such a question. `master` is this node's own: it could mark
  /// the questions that it hands on.
  void note(const CallContext& call, const std::optional<Address>& master);

  /// A random one of those that `audited` has not asked itself, and forgets it, so that the next
  /// one is another. Nothing when there is none.
  [[nodiscard]] std::optional<Question> take(const Address& audited, Random& random);

 private:
  std::map<std::string, const NetworkAction*, std::less<>> actions_;  ///< by name
  Mutex mutex_;
  std::map<std::string, Question, std::less<>> questions_ SPREADABLE_GUARDED_BY(mutex_);
};

}  // namespace spreadable
