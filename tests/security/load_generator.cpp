#include "tests/security/load_generator.h"

#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "core/assert.h"

namespace spreadable::sectest {
namespace {

constexpr std::size_t kLinesMax = 8'000;
constexpr std::chrono::seconds kLastAnswers{10};

}  // namespace

void Outcome::add(std::string_view response, double millis) {
  const int status = status_of(response);
  if (status == 200) {
    accepted.add(millis);
    partial += response.find("\"complete\":true") == std::string_view::npos ? 1 : 0;
  } else if (status == 503) {
    ++refused;
  } else {
    ++failed;
  }
}

Generator::Generator(Options options)
    : options_(std::move(options)), epoll_(epoll_create1(EPOLL_CLOEXEC)) {
  SPREADABLE_ASSERT(epoll_ >= 0);
}

Generator::~Generator() {
  for (const auto& [fd, line] : lines_) close(fd);
  close(epoll_);
}

Generator::Phases Generator::run(Millis first, Millis lasting) {
  Phases phases;
  run_phase(first, phases.first);
  run_phase(lasting, phases.lasting);
  const Instant end = std::chrono::steady_clock::now() + kLastAnswers;
  while (busy() > 0 && std::chrono::steady_clock::now() < end) wait(end);
  phases.lasting.failed += busy();
  return phases;
}

void Generator::run_phase(Millis span, Outcome& outcome) {
  const Instant begin = std::chrono::steady_clock::now();
  const std::chrono::duration<double> step(1 / options_.per_second);
  for (std::size_t i = 0;; ++i) {
    const Instant due =
        begin + std::chrono::duration_cast<Instant::duration>(step * static_cast<double>(i));
    if (due - begin >= span) break;
    do {
      wait(due);
    } while (std::chrono::steady_clock::now() < due);
    offer(due, outcome);
  }
  outcome.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

std::size_t Generator::busy() const {
  return static_cast<std::size_t>(std::count_if(
      lines_.begin(), lines_.end(), [](const auto& line) { return line.second.is_busy; }));
}

void Generator::offer(Instant due, Outcome& outcome) {
  ++outcome.offered;
  auto line = std::find_if(lines_.begin(), lines_.end(),
                           [](const auto& one) { return !one.second.is_busy; });
  if (line == lines_.end()) {
    const int fd = lines_.size() < kLinesMax ? connect_from(options_.home, options_.port) : -1;
    pollfd entry{fd, POLLOUT, 0};
    if (fd < 0 || poll(&entry, 1, 1'000) != 1) {
      ++outcome.failed;
      return;
    }
    epoll_event event{.events = EPOLLIN, .data = {.fd = fd}};
    epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event);
    line = lines_.emplace(fd, Line{}).first;
  }
  line->second.is_busy = true;
  line->second.outcome = &outcome;
  line->second.due = due;
  (void)send(line->first, options_.request.data(), options_.request.size(), MSG_NOSIGNAL);
}

/// Takes in what comes, until `until` or until something has come.
void Generator::wait(Instant until) {
  const auto left = std::chrono::ceil<Millis>(until - std::chrono::steady_clock::now());
  std::array<epoll_event, 256> events;
  const int count = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()),
                               static_cast<int>(std::max<std::int64_t>(left.count() - 1, 0)));
  for (int i = 0; i < count; ++i) on_input(events[static_cast<std::size_t>(i)].data.fd);
}

void Generator::on_input(int fd) {
  Line& line = lines_.at(fd);
  std::array<char, 16'384> buffer;
  const ssize_t count = recv(fd, buffer.data(), buffer.size(), 0);
  if (count <= 0) {
    if (line.is_busy) ++line.outcome->failed;
    lines_.erase(fd);
    close(fd);
    return;
  }
  line.input.append(buffer.data(), static_cast<std::size_t>(count));
  if (response_bytes(line.input) == 0) return;
  line.outcome->add(line.input, millis_since(line.due));
  line.input.clear();
  line.is_busy = false;
}

}  // namespace spreadable::sectest
