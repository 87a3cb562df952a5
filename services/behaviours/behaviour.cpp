#include "services/behaviours/behaviour.h"

#include <utility>

#include "core/assert.h"
#include "services/behaviours/audits.h"

namespace spreadable {

Behaviour::Behaviour(std::string kind, Options options)
    : Service("behaviour/" + kind), kind_(std::move(kind)), options_(options) {
  SPREADABLE_ASSERT(!kind_.empty());
  SPREADABLE_ASSERT(options_.suspicion_max > 0);
}

std::vector<std::unique_ptr<Behaviour>> default_behaviours() {
  using std::chrono::minutes;
  std::vector<std::unique_ptr<Behaviour>> all;
  const auto add = [&](std::string_view kind, Behaviour::Options options) {
    all.push_back(std::make_unique<Behaviour>(std::string(kind), options));
  };
  add(conduct::kRequestDelays, {.suspicion_max = 200, .ban_lifetime = minutes{20}});
  add(conduct::kAuthentication, {.suspicion_max = 10, .ban_lifetime = minutes{15}});
  add(conduct::kRegistration, {.suspicion_max = 10, .ban_lifetime = minutes{10}});
  for (const std::string_view kind :
       {conduct::kResponseSchema, conduct::kSlaveMasters, conduct::kSlaveBacklink,
        conduct::kBacklinkMasters, conduct::kBacklinkSlaves, conduct::kBacklinkNetworkSize}) {
    add(kind, {.is_exponential = true});
  }
  // Told in a network that has been calm for long only, so the turns need not last as well.
  add(conduct::kMasterLists, {.is_exponential = true,
                              .ban_lifetime = std::chrono::hours{24},
                              .ban_delay = Duration::zero()});
  // Each bad turn stands on the word of many witnesses, heard over several intervals, so it need
  // not last as well. Three of them, net of the good ones. The word of peers is no proof, so the
  // ban is for a day.
  add(kMasterAnswers,
      {.suspicion_max = 2, .ban_lifetime = std::chrono::hours{24}, .ban_delay = Duration::zero()});
  return all;
}

}  // namespace spreadable
