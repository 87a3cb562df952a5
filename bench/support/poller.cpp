#include "bench/support/poller.h"

#include <algorithm>
#include <cerrno>
#include <system_error>

namespace spreadable::bench {

Poller::Poller() : epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
  if (!epoll_.is_open()) throw std::system_error(errno, std::generic_category(), "epoll_create1");
}

void Poller::watch(const Descriptor& socket, void* owner, bool with_output) {
  control(EPOLL_CTL_ADD, socket, owner, with_output);
}

void Poller::change(const Descriptor& socket, void* owner, bool with_output) {
  control(EPOLL_CTL_MOD, socket, owner, with_output);
}

void Poller::control(int operation, const Descriptor& socket, void* owner, bool with_output) {
  epoll_event event{};
  event.events = EPOLLIN | (with_output ? EPOLLOUT : 0U);
  event.data.ptr = owner;
  if (::epoll_ctl(epoll_.get(), operation, socket.get(), &event) != 0) {
    throw std::system_error(errno, std::generic_category(), "epoll_ctl");
  }
}

std::span<const Poller::Ready> Poller::wait(std::optional<std::chrono::nanoseconds> timeout) {
  timespec span{};
  if (timeout) {
    const auto left = std::max(*timeout, std::chrono::nanoseconds::zero());
    const auto seconds = std::chrono::floor<std::chrono::seconds>(left);
    span = {.tv_sec = seconds.count(), .tv_nsec = (left - seconds).count()};
  }
  const int count =
      ::epoll_pwait2(epoll_.get(), events_.data(), kEventsMax, timeout ? &span : nullptr, nullptr);
  if (count < 0 && errno != EINTR) {
    throw std::system_error(errno, std::generic_category(), "epoll_pwait2");
  }
  const auto ready = static_cast<std::size_t>(std::max(count, 0));
  for (std::size_t i = 0; i < ready; ++i) {
    ready_[i] = {.owner = events_[i].data.ptr, .is_writable = (events_[i].events & EPOLLOUT) != 0};
  }
  return std::span(ready_).first(ready);
}

}  // namespace spreadable::bench
