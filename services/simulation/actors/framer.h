// services/simulation/actors/framer.h: a node that wants others to be blamed.
#pragma once

#include <memory>

#include "core/scheduler.h"
#include "services/simulation/actors/actor.h"

namespace spreadable {

/// Accuses honest nodes: asked directly by anybody but its master, it answers what its master never
/// heard, so that the master seems to have left it out, and names somebody else as its master. And
/// it forges: every few seconds it sends requests in the name of others that would do them harm if
/// they were believed, such as leaving a list, registering, or coming with a wrong password.
class Framer final : public Actor {
 public:
  static constexpr Duration kPause = std::chrono::seconds{4};  ///< between forgeries
  static constexpr std::size_t kVictims = 3;                   ///< at a time

  ~Framer() override;

 protected:
  void falsify(const HttpRequest& asked, Json& body) override;
  void on_turned() override;
  void on_relented() override;

 private:
  void forge();
  [[nodiscard]] TransportRequest forgery(const Address& to, const Address& victim);

  std::unique_ptr<Scheduler::Task> task_;
};

}  // namespace spreadable
