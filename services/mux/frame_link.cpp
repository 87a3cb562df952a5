#include "services/mux/frame_link.h"

#include <sys/epoll.h>

#include <algorithm>
#include <utility>

namespace spreadable {
namespace {

// Edge-triggered both ways, so that nothing has to be changed while the connection lasts.
constexpr std::uint32_t kEvents = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
/// Memory that an idle connection keeps for the next frames.
constexpr std::size_t kKeptBytes = 16'384;
/// What is larger gains nothing by waiting for more.
constexpr std::size_t kJoinedBytes = 16'384;
constexpr std::size_t kFreeBytes = 4'096;  // as for other connections: not counted

void clear(std::string& text) {
  text.clear();
  if (text.capacity() > kKeptBytes) std::string().swap(text);
}

}  // namespace

FrameLink::FrameLink(EventLoop& loop, std::unique_ptr<detail::ByteStream> stream,
                     const Limits& limits)
    : loop_(loop),
      limits_(limits),
      stream_(std::move(stream)),
      reader_(limits.payload_bytes_max),
      received_at_(loop.clock().now()) {}

void FrameLink::start(bool is_watched) {
  if (is_watched) {
    loop_.change(stream_->descriptor(), kEvents, *this);
  } else if (!loop_.watch(stream_->descriptor(), kEvents, *this)) {
    close();
    return;
  }
  loop_.schedule(*this, due());
  receive();
}

bool FrameLink::send(std::uint32_t id, std::string_view head, std::string_view body) {
  const MutexLock lock(mutex_);
  if (is_closed_) return false;
  append_frame(output_, id, head, body);
  flush_soon();
  return true;
}

bool FrameLink::send_raw(std::string_view bytes) {
  const MutexLock lock(mutex_);
  if (is_closed_) return false;
  output_ += bytes;
  flush_soon();
  return true;
}

/// Jobs of one turn often have something for the same peers: that takes one write then.
void FrameLink::flush_soon() {
  if (output_.size() > kJoinedBytes) return flush();
  if (is_deferred_) return;
  if (!loop_.has_more_jobs()) return flush();
  is_deferred_ = true;
  loop_.at_turn_end(*this);
}

void FrameLink::on_turn_end() {
  const MutexLock lock(mutex_);
  is_deferred_ = false;
  if (!is_closed_) flush();
}

/// Writes what is gathered, unless somebody does already, or the socket has no room.
void FrameLink::flush() {
  if (is_writing_ || is_blocked_) {
    if (is_blocked_) charge_output();
    return;
  }
  is_writing_ = true;
  while (write_some()) {
  }
  is_writing_ = false;
}

/// One write; the mutex is free meanwhile, so that others can add to the next one. False when there
/// is nothing more to write, or no room for it.
bool FrameLink::write_some() {
  if (sent_ == sending_.size()) {
    clear(sending_);
    sent_ = 0;
    std::swap(sending_, output_);
  }
  if (is_closed_ || sending_.empty()) return false;
  has_room_come_ = false;
  const std::string_view rest = std::string_view(sending_).substr(sent_);
  mutex_.unlock();
  const detail::ByteStream::Step step = stream_->write(rest);
  mutex_.lock();
  sent_ += step.bytes;
  if (step.wait == detail::ByteStream::Wait::closed) {
    stream_->break_off();
    return false;
  }
  if (step.wait == detail::ByteStream::Wait::none || has_room_come_) return true;
  is_blocked_ = true;
  blocked_at_ = loop_.clock().now();
  charge_output();
  return false;
}

/// Accounts for what the socket has no room for; where there is too much of it, the loop will meet
/// the end of the stream, and close.
void FrameLink::charge_output() {
  const std::size_t unsent = sending_.size() - sent_ + output_.size();
  if (unsent > limits_.unsent_bytes_max || !try_charge(output_charge_, unsent)) {
    stream_->break_off();
  }
}

bool FrameLink::try_charge(std::size_t& charged, std::size_t held) const {
  const std::size_t due = held > kFreeBytes ? held - kFreeBytes : 0;
  Allowance& allowance = loop_.buffered_bytes();
  if (due > charged && !allowance.try_take(due - charged)) return false;
  if (due < charged) allowance.give_back(charged - due);
  charged = due;
  return true;
}

void FrameLink::break_off() {
  stream_->break_off();
}

void FrameLink::on_ready(std::uint32_t events) {
  {
    const MutexLock lock(mutex_);
    if (is_closed_) return;
    // What ends here may have come in one event with the last bytes.
    if (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) has_ended_ = true;
    if (events & EPOLLOUT) {
      has_room_come_ = true;
      if (std::exchange(is_blocked_, false)) {
        flush();
        if (!is_blocked_) (void)try_charge(output_charge_, 0);
      }
    }
  }
  receive();
}

void FrameLink::receive() {
  const std::span<char> scratch = loop_.scratch();
  for (;;) {
    const detail::ByteStream::Step step = stream_->read(scratch);
    if (step.bytes > 0 && !take_in({scratch.data(), step.bytes})) return close();
    if (step.wait == detail::ByteStream::Wait::closed) return close();
    if (step.wait != detail::ByteStream::Wait::none && !has_ended_) break;
  }
  loop_.schedule_no_later(*this, due());
}

bool FrameLink::take_in(std::string_view bytes) {
  received_at_ = loop_.woken_at();
  bool is_another = reader_.pending() == 0;
  const bool is_read = reader_.feed(bytes, [&](const Frame& frame) {
    is_another = true;
    on_frame(frame);
  });
  if (is_another) frame_begun_at_ = received_at_;
  on_frames_end();
  return is_read && try_charge(input_charge_, reader_.buffered());
}

TimePoint FrameLink::due() {
  const auto by = [&](TimePoint begun, std::size_t bytes) {
    return begun + limits_.grace + std::chrono::seconds{bytes / limits_.rate_min};
  };
  TimePoint due = received_at_ + limits_.idle_timeout;
  if (reader_.pending() > 0) due = std::min(due, by(frame_begun_at_, reader_.pending()));
  const MutexLock lock(mutex_);
  if (is_blocked_) due = std::min(due, by(blocked_at_, sent_));
  return due;
}

void FrameLink::on_due(TimePoint now) {
  if (is_closed()) return;
  if (now >= due()) {
    const bool is_idle = reader_.pending() == 0 && now >= received_at_ + limits_.idle_timeout;
    if (!is_idle || !is_busy()) return close();
    received_at_ = now;
  }
  loop_.schedule(*this, due());
}

void FrameLink::close() {
  {
    const MutexLock lock(mutex_);
    if (is_closed_.exchange(true)) return;
    output_.clear();
    (void)try_charge(output_charge_, 0);
  }
  stream_->break_off();
  loop_.cancel(*this);
  (void)try_charge(input_charge_, 0);
  on_closed();
}

}  // namespace spreadable
