// core/conduct.h: what peers do, told to whoever keeps score.
#pragma once

#include <functional>
#include <string_view>
#include <utility>
#include <vector>

#include "core/address.h"

namespace spreadable {

/// How a peer behaved in one respect, once. Only conduct that is proven to be the peer's own is
/// told: by a call we made, or by a request from the ip that the peer's host resolves to.
struct Conduct {
  std::string_view kind;  ///< one of the names below, or one of your own
  Address peer;
  bool is_good = true;
  double share = 1;          ///< how bad, above 0 and up to 1: the share of checks that failed
  bool is_provable = false;  ///< there is no innocent explanation
};

/// The kinds of conduct that the core and its services tell. Source: protocol section 6.
namespace conduct {
inline constexpr std::string_view kRequestDelays = "requestDelays";
inline constexpr std::string_view kAuthentication = "authentication";
inline constexpr std::string_view kRegistration = "registration";
inline constexpr std::string_view kResponseSchema = "responseSchema";
inline constexpr std::string_view kSlaveMasters = "slaveMasters";
inline constexpr std::string_view kSlaveBacklink = "slaveBacklink";
inline constexpr std::string_view kBacklinkMasters = "backlinkMasters";
inline constexpr std::string_view kBacklinkSlaves = "backlinkSlaves";
inline constexpr std::string_view kBacklinkNetworkSize = "backlinkNetworkSize";
/// What a peer tells of the masters, as another master sees them; not of the protocol.
inline constexpr std::string_view kMasterLists = "masterLists";
}  // namespace conduct

/// Hands conduct on. Observers are added before the node starts; after that tell() is thread-safe.
/// They run on the thread that tells, must be quick and take no lock that is held while telling.
class Conducts {
 public:
  using Observer = std::function<void(const Conduct&)>;

  void observe(Observer observer) { observers_.push_back(std::move(observer)); }
  void tell(const Conduct& conduct) const {
    for (const Observer& observer : observers_) observer(conduct);
  }

 private:
  std::vector<Observer> observers_;
};

}  // namespace spreadable
