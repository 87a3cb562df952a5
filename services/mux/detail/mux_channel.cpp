#include "services/mux/detail/mux_channel.h"

#include <utility>

namespace spreadable::detail {

std::shared_ptr<MuxChannel> MuxChannel::make(Setup setup) {
  EventLoop& loop = setup.loop;
  // The loop may hold an event for it, and its descriptor must not close meanwhile.
  const auto dispose = [&loop](MuxChannel* channel) {
    loop.post([&loop, channel] {
      channel->close();
      loop.dispose(std::unique_ptr<EventLoop::Source>(channel));
    });
  };
  return {new MuxChannel(std::move(setup)), dispose};
}

MuxChannel::MuxChannel(Setup setup)
    : FrameLink(setup.loop, std::move(setup.stream),
                {.payload_bytes_max = setup.payload_bytes_max, .idle_timeout = setup.idle_timeout}),
      peer_ip_(setup.peer_ip) {}

std::optional<std::uint32_t> MuxChannel::try_send(const Place& place, std::string_view head,
                                                  std::string_view body) {
  const std::optional<std::uint32_t> id = put(place);
  if (id && send(*id, head, body)) return id;
  // What has been put and is not there any more was broken off with the channel.
  if (id && !take(*id)) return id;
  return std::nullopt;
}

std::optional<std::uint32_t> MuxChannel::put(const Place& place) {
  const MutexLock lock(places_mutex_);
  if (is_over_ || places_.size() == kRequestsMax) return std::nullopt;
  places_.emplace(next_id_, place);
  return next_id_++;
}

bool MuxChannel::is_busy() const {
  const MutexLock lock(places_mutex_);
  return !places_.empty();
}

void MuxChannel::forget(std::uint32_t id) {
  bool is_silent = false;
  {
    const MutexLock lock(places_mutex_);
    if (places_.erase(id) == 0) return;
    is_silent = ++silent_ == kSilentMax;
  }
  if (is_silent) break_off();
}

std::optional<MuxChannel::Place> MuxChannel::take(std::uint32_t id) {
  const MutexLock lock(places_mutex_);
  silent_ = 0;
  auto node = places_.extract(id);
  if (node.empty()) return std::nullopt;
  return std::move(node.mapped());
}

void MuxChannel::on_frame(const Frame& frame) {
  if (const auto place = take(frame.id)) {
    place->group->answer(place->slot, std::string(frame.payload));
  }
}

void MuxChannel::on_closed() {
  std::unordered_map<std::uint32_t, Place> places;
  {
    const MutexLock lock(places_mutex_);
    is_over_ = true;
    places.swap(places_);
  }
  for (const auto& [id, place] : places) place.group->leave(place.slot, MuxGroup::Left::broken);
}

}  // namespace spreadable::detail
