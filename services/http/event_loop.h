// services/http/event_loop.h: what watches all sockets of a process but those of libcurl.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/mutex.h"
#include "core/result.h"
#include "services/http/allowance.h"
#include "services/http/connection_table.h"

namespace spreadable {

namespace detail {
class LoopCrew;
}

/// Waits with epoll for the sockets of any number of HttpServers, and gathers whole requests, so
/// that a connection costs a thread only while a handler works for it. A stranger who sends slowly,
/// or nothing, or reads slowly, meets this loop alone, and its deadlines.
///
/// "The loop's thread" is the one that drives it: one at a time, and not always the same, since the
/// crew does quick jobs between the events, and lets another thread drive when one is not quick.
///
/// Outlives its servers. post() and the allowances are thread-safe; everything else is for the
/// loop's thread. Nothing that runs here may block, but for the jobs of the crew.
class EventLoop {
 public:
  struct Options {
    /// Connections of all servers together. Beyond it newcomers take the place of those of larger
    /// neighbourhoods (ConnectionTable); where none is larger they are refused, and while nobody
    /// has two, or only unlimited sources are there, they wait in the kernel's backlog. 0 stands
    /// for the soft limit of open files less `descriptor_reserve`, and half the limit where that is
    /// less than half.
    std::size_t connections_max = 0;
    /// Descriptors kept for the rest of the process: 512 outgoing connections (reliability L11),
    /// and listeners, storage, files and logs.
    std::size_t descriptor_reserve = 640;
    /// Bytes of unfinished requests and unsent responses, of all connections together; a request
    /// beyond that is answered with 503. The first 4 KiB of a connection are free, so that small
    /// requests get through however much slow senders hold.
    std::size_t buffered_bytes_max = std::size_t{64} << 20;
    /// Workers that may wait for the rest of large bodies at once; a large body more is answered
    /// with 503. Half the leaf threads of WorkerPool, so that slow senders can't take them all.
    std::size_t body_workers_max = 4;
  };

  /// A socket on the loop. Owned by its creator, which removes it from the loop before it dies.
  class Source {
   public:
    virtual ~Source() = default;
    /// `events` (EPOLLIN, …) have come for the descriptor.
    virtual void on_ready(std::uint32_t events) = 0;
    /// The time given to schedule() has come.
    virtual void on_due(TimePoint now) = 0;
    /// at_turn_end() was called for it. Disposes of no source.
    virtual void on_turn_end() {}

   private:
    friend class EventLoop;
    std::optional<std::multimap<TimePoint, Source*>::iterator> timer_;
  };

  /// Starts a thread. Throws std::system_error when epoll or the thread can't be had.
  explicit EventLoop(const Clock& clock);
  EventLoop(const Clock& clock, Options options);
  /// Requires: all servers on it have stopped.
  ~EventLoop();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  /// Runs `task` on the loop's thread, soon.
  void post(std::function<void()> task);
  /// Runs `task` on the loop's thread and waits for it. Not for the loop's thread itself.
  void run(const std::function<void()>& task);

  /// Whether the caller is one of several jobs that are done in this turn of the loop: what it has
  /// to write to a socket may go together with what the others have. Thread-safe.
  [[nodiscard]] bool has_more_jobs() const;
  /// Calls source.on_turn_end() on the loop's thread after the jobs of this turn; where they take
  /// longer than is quick, after the one that did, or once another thread drives. Thread-safe.
  void at_turn_end(Source& source);

  [[nodiscard]] const Clock& clock() const { return clock_; }
  [[nodiscard]] Allowance& connections() { return connections_; }
  [[nodiscard]] Allowance& buffered_bytes() { return buffered_bytes_; }
  [[nodiscard]] Allowance& body_workers() { return body_workers_; }

  // For sources, on the loop's thread.

  /// When it last woke, which is when what it does since has happened. Asking the clock each time
  /// would take longer than much of that.
  [[nodiscard]] TimePoint woken_at() const { return woken_at_; }
  /// Does jobs between events.
  [[nodiscard]] detail::LoopCrew& crew() { return *crew_; }
  /// The connections of limited sources, to all servers.
  [[nodiscard]] ConnectionTable& table() { return table_; }

  /// Watches `fd` for `events`. Closing the descriptor ends that.
  [[nodiscard]] Result<void> watch(int fd, std::uint32_t events, Source& source);
  void change(int fd, std::uint32_t events, Source& source);
  /// Calls source.on_due at `at`; replaces an earlier call of this.
  void schedule(Source& source, TimePoint at);
  /// As schedule, unless something earlier is scheduled.
  void schedule_no_later(Source& source, TimePoint at);
  void cancel(Source& source);
  /// Destroys `source` after the events under way, which may still name it.
  void dispose(std::unique_ptr<Source> source);
  /// Where sources read into; its contents last until the next read.
  [[nodiscard]] std::span<char> scratch() { return {scratch_.get(), kScratchBytes}; }

 private:
  /// A connection that sends faster than this is read in several steps.
  static constexpr std::size_t kScratchBytes = 65'536;

  [[nodiscard]] bool drive();
  void wake();
  [[nodiscard]] std::optional<int> wait_millis();
  void run_tasks();
  void run_timers();
  void end_turn();

  const Clock& clock_;
  const int epoll_;
  const int wake_;
  Allowance connections_;
  Allowance buffered_bytes_;
  Allowance body_workers_;

  // Of the loop's thread.
  ConnectionTable table_;
  TimePoint woken_at_;
  std::multimap<TimePoint, Source*> timers_;
  std::vector<std::unique_ptr<Source>> disposed_;
  const std::unique_ptr<char[]> scratch_;  ///< takes as much memory as reads have filled of it

  Mutex mutex_;
  std::vector<std::function<void()>> tasks_ SPREADABLE_GUARDED_BY(mutex_);
  std::vector<Source*> turn_ended_ SPREADABLE_GUARDED_BY(mutex_);  ///< to be told
  bool is_stopping_ SPREADABLE_GUARDED_BY(mutex_) = false;
  std::unique_ptr<detail::LoopCrew> crew_;  // last: it uses all the others
};

}  // namespace spreadable
