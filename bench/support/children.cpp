#include "bench/support/children.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <exception>
#include <system_error>

namespace spreadable::bench {
namespace {

sigset_t awaited() {
  sigset_t set;
  ::sigemptyset(&set);
  for (const int number : {SIGTERM, SIGINT, SIGCHLD}) ::sigaddset(&set, number);
  return set;
}

/// What the child does instead of returning.
[[noreturn]] void live(pid_t parent, const std::function<void()>& work) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(1);  // it ended before the line above
  const sigset_t set = awaited();
  ::sigprocmask(SIG_UNBLOCK, &set, nullptr);
  try {
    work();
    ::_exit(0);
  } catch (const std::exception& exception) {
    std::fprintf(stderr, "child process %d: %s\n", ::getpid(), exception.what());
  }
  ::_exit(1);
}

}  // namespace

Children::Children() {
  const sigset_t set = awaited();
  ::sigprocmask(SIG_BLOCK, &set, nullptr);
}

Children::~Children() {
  for (const pid_t id : ids_) ::kill(id, SIGKILL);
  for (const pid_t id : ids_) {
    while (::waitpid(id, nullptr, 0) < 0 && errno == EINTR) {
    }
  }
}

void Children::add(const std::function<void()>& work) {
  const pid_t parent = ::getpid();
  const pid_t id = ::fork();
  if (id < 0) throw std::system_error(errno, std::generic_category(), "fork");
  if (id == 0) live(parent, work);
  ids_.push_back(id);
}

bool Children::wait_for_end() const {
  const sigset_t set = awaited();
  int number = 0;
  while (::sigwait(&set, &number) != 0) {
  }
  return number != SIGCHLD;
}

}  // namespace spreadable::bench
