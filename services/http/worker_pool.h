// services/http/worker_pool.h: the threads that run request handlers.
#pragma once

#include <array>
#include <cstddef>
#include <functional>
#include <list>
#include <optional>
#include <thread>
#include <vector>

#include "core/clock.h"
#include "core/mutex.h"
#include "core/server.h"
#include "services/http/fair_queue.h"

namespace spreadable {

/// Runs the jobs of all nodes of a process on a bounded number of threads, started when needed and
/// ended when idle.
///
/// A client job waits for forward jobs of other nodes, and a forward job for leaf jobs; with many
/// nodes in one process those wait in this very pool. If the waiting ones took all threads,
/// everybody would wait for ever. So each class has its own number of threads, and the pool has as
/// many as all classes together: however many jobs of other classes block, a class always finds its
/// own threads. Whoever is free takes leaf before forward before client. For the proof to hold a
/// leaf job waits for no other job, and a forward job for leaf jobs only. Source: design.md, law 7.
///
/// Within a class the sources of jobs take turns, so that one who sends many waits for himself. In
/// a full queue the newest job of whoever has most makes room for one of somebody who has less. A
/// queue that does not empty only makes everyone wait, for work that is done no sooner; so it is
/// kept short then, and who comes too much is told at once. Source: reliability L12 and L13.
///
/// Threads have the system's stack size: only touched pages take memory, and handlers are users'
/// code. Thread-safe.
class WorkerPool {
 public:
  struct ClassLimits {
    std::size_t threads;  ///< jobs of the class running at once, > 0
    std::size_t queue;    ///< jobs of the class waiting at once; more are refused
    /// The same, once the queue has not been empty for `standing_after`.
    std::size_t standing_queue = static_cast<std::size_t>(-1);
  };
  /// The defaults suit a hundred nodes in one process on two cores: 48 threads when all are busy.
  struct Options {
    /// Short work and disk access. Eight keep two cores and a disk busy, and leave as many again
    /// when four wait for large bodies (EventLoop::Options::body_workers_max). The queue takes what
    /// one group of requests can bring (Transport::kGroupMax).
    ClassLimits leaf{8, 4'096};
    /// Waiting work: one traversal among a hundred nodes has ten of them at once, so two traversals
    /// run abreast and the rest wait their turn, each for one round trip of leaf work.
    ClassLimits forward{24, 1'024};
    /// Traversals under way at once; more would only wait for forward work. A burst may fill the
    /// queue; for a lasting overload there is as much room as keeps the threads busy, so that who
    /// is let in is done in two or three times the time that one takes alone.
    ClassLimits client{16, 256, 24};
    /// A thread without work for so long ends. Long enough to outlive the pauses of a busy node.
    Millis idle_timeout = std::chrono::seconds{10};
    /// Long enough for a burst to arrive; what has a place by then keeps it.
    Millis standing_after{300};
  };
  /// A reading of the pool, by WorkClass.
  struct Load {
    std::size_t threads = 0;
    std::array<std::size_t, 3> running{};
    std::array<std::size_t, 3> waiting{};
  };
  using Task = std::function<void()>;  ///< must not throw
  struct Job {
    Task run;
    /// Called instead, by whoever submits, when the job has lost its place in the queue.
    Task drop{};
    IpAddress source{};  ///< who takes turns with others
  };

  WorkerPool();
  explicit WorkerPool(Options options);
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  /// Queues `job`. False when the queue of its class is full and nobody has more in it than its
  /// source, when no thread can be started, or after stop(); then neither of its tasks is called.
  /// Never blocks.
  [[nodiscard]] bool try_submit(WorkClass work, Job job);

  /// Whether the caller may do a job of the class itself, without a thread of the pool, since it
  /// would not have to wait for its turn. It counts as one of the pool's until finish().
  [[nodiscard]] bool try_begin(WorkClass work);
  void finish(WorkClass work);

  /// Refuses new jobs, lets queued and running ones finish, and ends all threads. May be called
  /// twice; not from a job.
  void stop();

  [[nodiscard]] Load load() const;

 private:
  static constexpr std::size_t kClasses = 3;
  struct Worker {
    std::jthread thread;
    Condition wake;
    bool is_called = false;  ///< taken off idle_ to look for a job
  };
  struct Next {
    std::size_t work;
    Job job;
  };
  struct Line {
    FairQueue<Job> jobs;
    std::chrono::steady_clock::time_point since{};  ///< when it was last empty
  };

  void work(std::list<Worker>::iterator self);
  [[nodiscard]] std::optional<Next> take(Worker& self, std::optional<std::size_t> finished);
  [[nodiscard]] bool enqueue(std::size_t work, Job job, std::optional<Job>& displaced)
      SPREADABLE_REQUIRES(mutex_);
  [[nodiscard]] std::size_t room(std::size_t work) SPREADABLE_REQUIRES(mutex_);
  [[nodiscard]] bool wait_for_call(Worker& self) SPREADABLE_REQUIRES(mutex_);
  [[nodiscard]] std::optional<std::size_t> next_class() const SPREADABLE_REQUIRES(mutex_);
  [[nodiscard]] bool call_worker() SPREADABLE_REQUIRES(mutex_);
  [[nodiscard]] bool start_worker() SPREADABLE_REQUIRES(mutex_);

  const std::array<ClassLimits, kClasses> limits_;
  const Millis idle_timeout_;
  const Millis standing_after_;

  mutable Mutex mutex_;
  Condition all_ended_;
  std::array<Line, kClasses> lines_ SPREADABLE_GUARDED_BY(mutex_);
  std::array<std::size_t, kClasses> running_ SPREADABLE_GUARDED_BY(mutex_){};
  std::size_t elsewhere_ SPREADABLE_GUARDED_BY(mutex_) = 0;  ///< of these, without our threads
  std::list<Worker> workers_ SPREADABLE_GUARDED_BY(mutex_);
  std::list<Worker> ended_ SPREADABLE_GUARDED_BY(mutex_);  ///< threads to be joined
  std::vector<Worker*> idle_
      SPREADABLE_GUARDED_BY(mutex_);                       ///< the last to idle is the first called
  bool is_calling_ SPREADABLE_GUARDED_BY(mutex_) = false;  ///< a called worker has not looked yet
  bool is_stopping_ SPREADABLE_GUARDED_BY(mutex_) = false;
};

}  // namespace spreadable
