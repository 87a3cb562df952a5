#include "tests/security/load_crowd.h"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <utility>

#include "core/assert.h"

namespace spreadable::sectest {
namespace {

// Limits of a node. Source: NodeOptions::Sources.
constexpr std::size_t kPerIp = 64;
constexpr std::size_t kPerGroup = 256;
constexpr std::size_t kGroupsPerRow = 200;

constexpr Millis kTick{10};
constexpr std::size_t kTicksPerDrip = 100;     // a byte each second
constexpr std::size_t kConnectsPerTick = 100;  // ten thousand a second
constexpr std::string_view kSlowHead = "GET /ping HTTP/1.1\r\nHost: x\r\nX: ";
constexpr std::string_view kSlowBody =
    "POST /client/network-map HTTP/1.1\r\nHost: x\r\nContent-Length: 400000\r\n\r\n";

/// The i-th of those who fill one neighbourhood after the other.
Home home_of(std::size_t index) {
  const std::size_t group = index / kPerGroup;
  return {static_cast<std::uint8_t>(1 + group / kGroupsPerRow),
          static_cast<std::uint8_t>(1 + group % kGroupsPerRow),
          static_cast<std::uint8_t>(1 + index % kPerGroup / kPerIp)};
}

}  // namespace

Crowd::Crowd(const Options& options) : port_(options.port), epoll_(epoll_create1(EPOLL_CLOEXEC)) {
  SPREADABLE_ASSERT(epoll_ >= 0);
  members_.resize(options.idle + options.slow);
  for (std::size_t i = 0; i < members_.size(); ++i) {
    const bool is_idle = i < options.idle;
    members_[i].kind = is_idle ? Kind::idle : i % 2 == 0 ? Kind::slow_head : Kind::slow_body;
    members_[i].home = home_of(i);
  }
  for (std::size_t i = 0; i < members_.size(); ++i) missing_.push_back(i);
  thread_ = std::jthread([this](const std::stop_token& stop) { work(stop); });
}

Crowd::~Crowd() {
  thread_.request_stop();
  thread_.join();
  for (const Member& member : members_) {
    if (member.fd >= 0) close(member.fd);
  }
  close(epoll_);
}

Crowd::Figures Crowd::figures() const {
  return {open_, attempts_, cut_, std::max(longest_cut_.load(), longest_alive_.load())};
}

void Crowd::work(const std::stop_token& stop) {
  std::array<epoll_event, 512> events;
  Instant tick = std::chrono::steady_clock::now();
  while (!stop.stop_requested()) {
    const auto left = std::chrono::ceil<Millis>(tick - std::chrono::steady_clock::now());
    const int count = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()),
                                 static_cast<int>(std::max<std::int64_t>(left.count(), 0)));
    for (int i = 0; i < count; ++i) {
      const epoll_event& event = events[static_cast<std::size_t>(i)];
      on_event(event.data.u64, event.events);
    }
    const Instant now = std::chrono::steady_clock::now();
    if (now < tick) continue;
    tick = now + kTick;
    connect_some(now);
    drip_some();
    note_lives(now);
  }
}

void Crowd::connect_some(Instant now) {
  const std::size_t count = std::min(kConnectsPerTick, missing_.size());
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t index = missing_.front();
    missing_.pop_front();
    members_[index].since = now;
    open(index);
  }
}

void Crowd::open(std::size_t index) {
  Member& member = members_[index];
  ++attempts_;
  member.fd = connect_from(member.home, port_);
  member.is_connected = false;
  if (member.fd < 0) {
    missing_.push_back(index);
    return;
  }
  ++open_;
  epoll_event event{.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data = {.u64 = index}};
  epoll_ctl(epoll_, EPOLL_CTL_ADD, member.fd, &event);
}

void Crowd::on_event(std::size_t index, std::uint32_t events) {
  Member& member = members_[index];
  if (member.fd < 0) return;
  if (events & (EPOLLERR | EPOLLHUP)) {
    lose(member);
    missing_.push_back(index);
    return;
  }
  if ((events & EPOLLOUT) && !member.is_connected) {
    member.is_connected = true;
    member.since = std::chrono::steady_clock::now();
    const std::string_view first = member.kind == Kind::idle        ? kPing
                                   : member.kind == Kind::slow_head ? kSlowHead
                                                                    : kSlowBody;
    (void)send(member.fd, first.data(), first.size(), MSG_NOSIGNAL);
  }
  std::array<char, 4'096> buffer;
  while (recv(member.fd, buffer.data(), buffer.size(), 0) > 0) {
  }
}

/// Sends the next byte of a part of the slow ones. They go on after an answer and after the other
/// side's good-bye, until it resets the connection.
void Crowd::drip_some() {
  for (std::size_t i = 0; i < members_.size() / kTicksPerDrip + 1; ++i) {
    const Member& member = members_[next_drip_];
    next_drip_ = (next_drip_ + 1) % members_.size();
    if (member.kind == Kind::idle || !member.is_connected) continue;
    (void)send(member.fd, "a", 1, MSG_NOSIGNAL);
  }
}

void Crowd::lose(Member& member) {
  close(member.fd);
  member.fd = -1;
  --open_;
  const bool was_connected = std::exchange(member.is_connected, false);
  if (member.kind == Kind::idle || !was_connected) return;
  const double life = millis_since(member.since) / 1'000;
  if (life < 1) return;  // turned away at the door
  ++cut_;
  longest_cut_ = std::max(longest_cut_.load(), life);
}

void Crowd::note_lives(Instant now) {
  Instant earliest = now;
  for (const Member& member : members_) {
    if (member.kind != Kind::idle && member.is_connected)
      earliest = std::min(earliest, member.since);
  }
  longest_alive_ = std::chrono::duration<double>(now - earliest).count();
}

}  // namespace spreadable::sectest
