// core/peer_book.h: what a node knows of peers beyond their roles: whether they answer, what they
// can do, and whom to ask when everyone else is gone.
#pragma once

#include <cstddef>
#include <functional>
#include <list>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/address.h"
#include "core/clock.h"
#include "core/mutex.h"

namespace spreadable {

/// A bounded book of peers: those that have answered or called, most recently heard first, and a
/// few whom others named. Statistics and memory, never authority:
/// roles are in PeerTable. A network that was cut in two finds together again through addresses
/// that only the book still holds, and a node with dead initial addresses joins through them. So of
/// those that there is no place for any more the first few that have answered stay: anchors, which
/// are older than a cut that lasts for hours. Thread-safe.
class PeerBook {
 public:
  /// Of peers that have answered or called; whoever is silent for the longest is dropped first.
  /// Most of them audit us, or are audited by us, once: in a large network each time somebody else.
  static constexpr std::size_t kHeardMin = 256;
  static constexpr std::size_t kHeardMax = 4096;
  static constexpr std::size_t kAnchorsMax = 64;
  static constexpr std::size_t kNamedMax = 64;   ///< whom others named; the first named goes first
  static constexpr unsigned kCallsToJudge = 20;  ///< before a share of successes means something

  struct Entry {
    Address address;
    unsigned fails = 0;         ///< requests failed in a row
    unsigned calls = 0;         ///< requests of ours, up to kCallsToJudge
    float success = 1;          ///< their share that was answered, the latest counting most
    bool is_native = false;     ///< a node of ours, which understands what wire::kOwnFeatures names
    bool has_answered = false;  ///< we reached it ourselves at least once, or before a restart
    bool is_heard = false;      ///< it has answered or called
    bool is_anchor = false;     ///< heard, and longer ago than there is place for others
    TimePoint heard_at{};       ///< last answer or request; of others, when they were named
    TimePoint tried_at{};       ///< last failed request
  };

  /// Someone named `address`; it has not answered us yet.
  void mention(const Address& address, TimePoint now);
  /// `address` answered a request of ours, as a node of ours does or as others do.
  void note_success(const Address& address, TimePoint now, bool is_native);
  /// `address` sent us a request from the right ip, so it is there. That says nothing about how
  /// often it answers: its share of successes stays.
  void note_heard(const Address& address, TimePoint now, bool is_native);
  /// A request to `address` failed in a way that is its own fault.
  void note_failure(const Address& address, TimePoint now);
  void forget(const Address& address);
  /// Sets how many that were heard are kept beside the anchors, from kHeardMin to kHeardMax: whom
  /// this node asks regularly must be among them.
  void set_heard_max(std::size_t count);

  /// Whether it leaves more than half of our requests unanswered; never of those asked but a few
  /// times. Source: reliability S4.
  [[nodiscard]] bool is_unreliable(const Address& address) const;
  /// Whether its last request failed, or it is unreliable.
  [[nodiscard]] bool is_suspect(const Address& address) const;
  /// Failed requests in a row; 0 for strangers.
  [[nodiscard]] unsigned fails(const Address& address) const;
  [[nodiscard]] bool is_native(const Address& address) const;
  /// Whether it has answered a request of ours at least once.
  [[nodiscard]] bool has_answered(const Address& address) const;
  /// Whether it has answered, and not as a node of ours does.
  [[nodiscard]] bool is_foreign(const Address& address) const;
  /// All entries: those heard, the latest first, then those merely named, the latest first.
  [[nodiscard]] std::vector<Entry> entries() const;
  /// Shows entries in that order, in place, until `see` returns false. It must not use the book.
  void visit(const std::function<bool(const Entry&)>& see) const;

 private:
  using List = std::list<Entry>;
  static void note_call(Entry& entry, bool is_answered);
  [[nodiscard]] static bool is_unreliable(const Entry& entry);
  [[nodiscard]] List& list_of(const Entry& entry) SPREADABLE_REQUIRES(mutex_);
  void drop_last_of(List& list) SPREADABLE_REQUIRES(mutex_);
  void drop_surplus() SPREADABLE_REQUIRES(mutex_);
  /// The entry of `address`, made if need be, at the head of those heard.
  Entry& heard(const Address& address, TimePoint now) SPREADABLE_REQUIRES(mutex_);

  mutable Mutex mutex_;
  std::size_t heard_max_ SPREADABLE_GUARDED_BY(mutex_) = kHeardMin;
  List heard_ SPREADABLE_GUARDED_BY(mutex_);
  List anchors_ SPREADABLE_GUARDED_BY(mutex_);
  List named_ SPREADABLE_GUARDED_BY(mutex_);
  /// By the text of the address that stands in the entry.
  std::unordered_map<std::string_view, List::iterator> index_ SPREADABLE_GUARDED_BY(mutex_);
};

}  // namespace spreadable
