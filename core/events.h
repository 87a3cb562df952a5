// core/events.h: for those who only want to watch.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <utility>

#include "core/address.h"
#include "core/mutex.h"

namespace spreadable {

enum class Event {
  started,        ///< the node serves; nothing is known of the network yet
  registered,     ///< has a master; `peer` is it
  unregistered,   ///< lost its master; `peer` was it
  became_master,  ///< the first slave has registered; `peer` is it
  ceased_master,  ///< the last slave has gone
  slave_added,    ///< `peer` registered here
  slave_removed,  ///< `peer` is no longer registered here
  size_changed,   ///< the network size as seen from here; `size` is the new one
  sync_finished,  ///< one sync run is over
  peer_banned,    ///< `peer` is refused from now on, for its conduct
  stopped,        ///< the node has ended
};

struct EventInfo {
  Event event = Event::started;
  Address peer;
  std::size_t size = 0;
};

/// Calls whoever asked for an event. Thread-safe. Listeners run on the thread where the event
/// happened, with no lock held, and must be quick: they must not block or call back into stop().
class Events {
 public:
  using Listener = std::function<void(const EventInfo&)>;

  void on(Event event, Listener listener) {
    const MutexLock lock(mutex_);
    listeners_.emplace(event, std::make_shared<const Listener>(std::move(listener)));
  }

  void emit(const EventInfo& info) const {
    // Shared, so that a listener may be called while another thread adds one.
    std::vector<std::shared_ptr<const Listener>> called;
    {
      const MutexLock lock(mutex_);
      const auto [first, last] = listeners_.equal_range(info.event);
      for (auto it = first; it != last; ++it) called.push_back(it->second);
    }
    for (const auto& listener : called) (*listener)(info);
  }

 private:
  mutable Mutex mutex_;
  std::multimap<Event, std::shared_ptr<const Listener>> listeners_ SPREADABLE_GUARDED_BY(mutex_);
};

}  // namespace spreadable
