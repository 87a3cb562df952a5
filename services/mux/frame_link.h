// services/mux/frame_link.h: a connection that carries frames.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "core/mutex.h"
#include "services/http/detail/byte_stream.h"
#include "services/http/event_loop.h"
#include "services/mux/frame.h"

namespace spreadable {

/// Either end of a connection with frames. Any thread sends; what several threads send at the same
/// time goes to the socket together, and none of them waits for it. The loop's thread receives, and
/// sends what the socket had no room for.
///
/// Lives on the loop: whoever owns it gives it to EventLoop::dispose once it is closed.
class FrameLink : public EventLoop::Source {
 public:
  struct Limits {
    std::size_t payload_bytes_max = 0;
    /// Beyond it, or when the loop's buffered_bytes are used up, the connection is closed: the
    /// other side does not read what it has asked for.
    std::size_t unsent_bytes_max = std::size_t{16} << 20;
    /// A frame that has begun, and what waits to be sent, has this long, and a second more for each
    /// `rate_min` bytes that have passed.
    Millis grace = std::chrono::seconds{5};
    std::size_t rate_min = 1'024;
    Millis idle_timeout = std::chrono::seconds{60};
  };

  /// `stream` is a bare socket: it is read and written at the same time.
  FrameLink(EventLoop& loop, std::unique_ptr<detail::ByteStream> stream, const Limits& limits);
  ~FrameLink() override = default;

  /// Sends a frame of `head` and `body`. False when the connection is closed. Thread-safe, never
  /// blocks.
  bool send(std::uint32_t id, std::string_view head, std::string_view body = {});
  /// As send, but for the bytes as they are.
  bool send_raw(std::string_view bytes);
  /// Ends the connection soon; on_closed follows on the loop. Thread-safe.
  void break_off();
  [[nodiscard]] bool is_closed() const { return is_closed_; }

  // On the loop's thread.

  /// Watches the socket, and reads what is there. `is_watched`: the loop has the descriptor
  /// already, for another source.
  void start(bool is_watched);
  /// Closes at once and calls on_closed, the first time.
  void close();

  void on_ready(std::uint32_t events) override;
  void on_due(TimePoint now) override;
  void on_turn_end() override;

 protected:
  /// A frame has come.
  virtual void on_frame(const Frame& frame) = 0;
  /// The frames that came together have all been given.
  virtual void on_frames_end() {}
  /// No more frames come or go. May end with the link being disposed of.
  virtual void on_closed() = 0;
  /// Whether something is under way, so that silence is no reason to close.
  [[nodiscard]] virtual bool is_busy() const = 0;

  [[nodiscard]] EventLoop& loop() const { return loop_; }
  /// When bytes last came. On the loop's thread.
  [[nodiscard]] TimePoint received_at() const { return received_at_; }

 private:
  void receive();
  [[nodiscard]] bool take_in(std::string_view bytes);
  void flush_soon() SPREADABLE_REQUIRES(mutex_);
  void flush() SPREADABLE_REQUIRES(mutex_);
  [[nodiscard]] bool write_some() SPREADABLE_REQUIRES(mutex_);
  void charge_output() SPREADABLE_REQUIRES(mutex_);
  [[nodiscard]] bool try_charge(std::size_t& charged, std::size_t held) const;
  [[nodiscard]] TimePoint due();

  EventLoop& loop_;
  const Limits limits_;
  const std::unique_ptr<detail::ByteStream> stream_;

  // Of the loop's thread.
  FrameReader reader_;
  TimePoint received_at_;         ///< when bytes last came
  TimePoint frame_begun_at_{};    ///< of the frame that is not complete
  bool has_ended_ = false;        ///< the other side sends nothing more
  std::size_t input_charge_ = 0;  ///< taken of the loop's buffered_bytes

  std::atomic<bool> is_closed_{false};  ///< changes under the mutex

  mutable Mutex mutex_;
  std::string output_ SPREADABLE_GUARDED_BY(mutex_);        ///< gathered for the next write
  std::string sending_ SPREADABLE_GUARDED_BY(mutex_);       ///< of whoever writes
  std::size_t sent_ SPREADABLE_GUARDED_BY(mutex_) = 0;      ///< bytes of sending_
  bool is_deferred_ SPREADABLE_GUARDED_BY(mutex_) = false;  ///< flushed when the turn ends
  bool is_writing_ SPREADABLE_GUARDED_BY(mutex_) = false;
  bool is_blocked_ SPREADABLE_GUARDED_BY(mutex_) = false;     ///< until the socket has room
  bool has_room_come_ SPREADABLE_GUARDED_BY(mutex_) = false;  ///< while somebody was writing
  TimePoint blocked_at_ SPREADABLE_GUARDED_BY(mutex_){};
  std::size_t output_charge_ SPREADABLE_GUARDED_BY(mutex_) = 0;
};

}  // namespace spreadable
