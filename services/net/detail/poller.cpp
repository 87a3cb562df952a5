#include "services/net/detail/poller.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <limits>
#include <system_error>

namespace spreadable::detail {
namespace {

int to_epoll_timeout(Duration timeout) {
  if (timeout < Duration::zero()) return -1;
  const auto millis = std::chrono::ceil<Millis>(timeout).count();
  return static_cast<int>(std::min<decltype(millis)>(millis, std::numeric_limits<int>::max()));
}

}  // namespace

OwnedFd::OwnedFd(int fd, const char* what) : fd_(fd) {
  if (fd < 0) throw std::system_error(errno, std::generic_category(), what);
}

OwnedFd::~OwnedFd() {
  ::close(fd_);
}

Poller::Poller()
    : epoll_(::epoll_create1(EPOLL_CLOEXEC), "no epoll set"),
      wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), "no eventfd") {
  watch(wake_.get(), EPOLLIN, /*is_known=*/false);
}

void Poller::watch(int fd, std::uint32_t events, bool is_known) {
  epoll_event event{};
  event.events = events;
  event.data.fd = fd;
  ::epoll_ctl(epoll_.get(), is_known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &event);
}

void Poller::forget(int fd) {
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
}

std::span<const epoll_event> Poller::wait(Duration timeout) {
  const int got = ::epoll_wait(epoll_.get(), events_.data(), kEventsMax, to_epoll_timeout(timeout));
  auto end = events_.begin() + std::max(got, 0);  // a signal counts as nothing happened
  const auto woken = std::find_if(events_.begin(), end,
                                  [&](const epoll_event& e) { return e.data.fd == wake_.get(); });
  if (woken != end) {
    std::uint64_t count = 0;
    (void)!::read(wake_.get(), &count, sizeof count);
    *woken = *--end;
  }
  return {events_.begin(), end};
}

void Poller::wake() {
  const std::uint64_t one = 1;
  (void)!::write(wake_.get(), &one, sizeof one);
}

}  // namespace spreadable::detail
