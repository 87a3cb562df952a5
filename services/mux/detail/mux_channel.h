// services/mux/detail/mux_channel.h: the connection to one peer that all requests to it share.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "core/ip.h"
#include "core/mutex.h"
#include "services/mux/detail/mux_group.h"
#include "services/mux/frame_link.h"

namespace spreadable::detail {

/// The near end of a connection with frames. Owned by the loop's thread and by callers together,
/// so it is made by make(), whose deleter leaves the last step to the loop.
class MuxChannel final : public FrameLink {
 public:
  /// Requests under way; beyond it a request goes its own way. What MuxConnection takes.
  static constexpr std::size_t kRequestsMax = 256;
  /// Requests in a row that were given up without any answer, after which the channel is closed.
  static constexpr std::size_t kSilentMax = 16;

  struct Setup {
    EventLoop& loop;
    std::unique_ptr<ByteStream> stream;
    IpAddress peer_ip;
    std::size_t payload_bytes_max;
    Millis idle_timeout;
  };
  [[nodiscard]] static std::shared_ptr<MuxChannel> make(Setup setup);

  /// Where a request and its answer belong.
  struct Place {
    std::shared_ptr<MuxGroup> group;
    std::size_t slot = 0;
  };
  /// Sends a request whose answer goes to `place`, which has begun, and gives its number; nothing
  /// when it cannot. Thread-safe, never blocks.
  [[nodiscard]] std::optional<std::uint32_t> try_send(const Place& place, std::string_view head,
                                                      std::string_view body);
  /// The caller waits no longer for number `id`. Thread-safe.
  void forget(std::uint32_t id);

  [[nodiscard]] const IpAddress& peer_ip() const { return peer_ip_; }
  /// Whether requests are under way. Thread-safe.
  [[nodiscard]] bool is_busy() const override;

 protected:
  void on_frame(const Frame& frame) override;
  void on_closed() override;

 private:
  explicit MuxChannel(Setup setup);

  [[nodiscard]] std::optional<std::uint32_t> put(const Place& place);
  [[nodiscard]] std::optional<Place> take(std::uint32_t id);

  const IpAddress peer_ip_;

  mutable Mutex places_mutex_;
  std::unordered_map<std::uint32_t, Place> places_ SPREADABLE_GUARDED_BY(places_mutex_);
  std::uint32_t next_id_ SPREADABLE_GUARDED_BY(places_mutex_) = 0;
  std::size_t silent_ SPREADABLE_GUARDED_BY(places_mutex_) = 0;
  bool is_over_ SPREADABLE_GUARDED_BY(places_mutex_) = false;
};

}  // namespace spreadable::detail
