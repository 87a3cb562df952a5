// services/net/system_resolver.h: the machine's resolver, with a memory.
#pragma once

#include <cstddef>
#include <functional>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include "core/clock.h"
#include "core/mutex.h"
#include "core/resolver.h"

namespace spreadable {

/// Answers from a cache, and asks getaddrinfo for what is not there or too old. Names are handed to
/// us by strangers and the system's resolver may hang for many seconds, so:
/// - one look-up per name is under way at a time; others wait for it, or take the last good answer;
/// - a failure is remembered too, for a short while;
/// - while look-ups fail, the last good answer goes on being used for a day.
/// Source: protocol section 3.3; reliability S24.
class SystemResolver final : public Resolver {
 public:
  struct Options {
    Duration lifetime = std::chrono::minutes{10};  ///< an answer this old is looked up again
    Duration failure_lifetime = std::chrono::seconds{30};  ///< and so is a failure
    Duration last_good_lifetime =
        std::chrono::hours{24};      ///< how long a name outlives a dead resolver
    std::size_t names_max = 10'000;  ///< the oldest is dropped
  };
  /// The first address of a name. May block. Errc::not_found when there is none, Errc::unreachable
  /// when it could not be found out. Called from several threads; does not throw.
  using LookUp = std::function<Result<IpAddress>(const std::string& name)>;

  /// Longest name in the domain name system. Source: RFC 1035, section 2.3.4.
  static constexpr std::size_t kNameBytesMax = 253;

  /// `clock` must outlive the resolver.
  explicit SystemResolver(const Clock& clock);
  SystemResolver(const Clock& clock, Options options, LookUp look_up);

  [[nodiscard]] Result<IpAddress> resolve(std::string_view host) override;

 private:
  /// What is known of one name.
  struct Entry {
    std::optional<IpAddress> last_good;
    TimePoint found_at;                      ///< of last_good
    std::optional<Error> failure;            ///< of the latest look-up
    TimePoint asked_at;                      ///< when the latest look-up ended
    std::list<std::string>::iterator place;  ///< in by_age_
  };

  /// The answer when it needs no look-up. Without one, the look-up is the caller's to do and store.
  [[nodiscard]] std::optional<Result<IpAddress>> answer_or_claim(const std::string& name);
  /// Ends the claim and returns what the caller is to be told.
  [[nodiscard]] Result<IpAddress> store(const std::string& name, Result<IpAddress> found);

  [[nodiscard]] bool is_fresh(const Entry& entry) const;
  [[nodiscard]] bool has_last_good(const Entry& entry) const;
  [[nodiscard]] Result<IpAddress> answer(const Entry& entry) const;
  [[nodiscard]] Entry& touch(const std::string& name) SPREADABLE_REQUIRES(mutex_);

  const Clock& clock_;
  const Options options_;
  const LookUp look_up_;

  Mutex mutex_;
  Condition look_up_ended_;
  std::unordered_map<std::string, Entry> entries_ SPREADABLE_GUARDED_BY(mutex_);
  std::list<std::string> by_age_ SPREADABLE_GUARDED_BY(mutex_);  ///< oldest look-up first
  std::unordered_set<std::string> under_way_ SPREADABLE_GUARDED_BY(mutex_);
};

/// getaddrinfo's first answer for `name`, IPv4 or IPv6. Blocks. A LookUp.
[[nodiscard]] Result<IpAddress> system_look_up(const std::string& name);

/// The last IPv4 address of this machine's interfaces that is not internal: what a node calls
/// itself when nobody told it better. Nothing on a machine without a network. Source: protocol
/// section 3.3.
[[nodiscard]] std::optional<IpAddress> local_ip();

}  // namespace spreadable
