#include "tests/support/process.h"

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "core/assert.h"

namespace spreadable {
namespace {

using SteadyTime = std::chrono::steady_clock::time_point;

/// The child's ends of its three streams and this process's ends of two of them.
struct Streams {
  int input = -1;
  int output = -1;
  int errors = -1;
  int own_output = -1;
};

/// `texts` as execve takes them; valid as long as they are.
std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> result;
  for (std::string& text : texts) result.push_back(text.data());
  result.push_back(nullptr);
  return result;
}

std::vector<std::string> environment_of(const Process::Options& options) {
  std::vector<std::string> variables;
  for (char** item = environ; *item != nullptr; ++item) {
    if (!std::string_view(*item).starts_with("SPREADABLE_")) variables.emplace_back(*item);
  }
  for (const auto& [name, value] : options.environment) variables.push_back(name + "=" + value);
  return variables;
}

/// A pipe that holds `text` and then ends.
int filled_pipe(std::string_view text) {
  std::array<int, 2> ends{};
  SPREADABLE_ASSERT(::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) == 0);
  SPREADABLE_ASSERT(::write(ends[1], text.data(), text.size()) ==
                    static_cast<ssize_t>(text.size()));
  ::close(ends[1]);
  ::fcntl(ends[0], F_SETFL, 0);
  return ends[0];
}

Streams make_streams(const Process::Options& options) {
  Streams streams{.input = filled_pipe(options.input),
                  .errors = ::memfd_create("errors", MFD_CLOEXEC)};
  if (options.terminal) {
    winsize size{};
    size.ws_row = options.terminal->rows;
    size.ws_col = options.terminal->columns;
    const int failed = ::openpty(&streams.own_output, &streams.output, nullptr, nullptr, &size);
    SPREADABLE_ASSERT(failed == 0);
    for (const int file : {streams.own_output, streams.output}) {
      ::fcntl(file, F_SETFD, FD_CLOEXEC);
    }
  } else {
    std::array<int, 2> ends{};
    SPREADABLE_ASSERT(::pipe2(ends.data(), O_CLOEXEC) == 0);
    streams.own_output = ends[0];
    streams.output = ends[1];
  }
  return streams;
}

/// What the child does before it becomes the program. Only calls that are safe after fork.
[[noreturn]] void become(const Streams& streams, const char* folder, char* const* arguments,
                         char* const* environment) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  const bool is_ready =
      (*folder == '\0' || ::chdir(folder) == 0) && ::dup2(streams.input, STDIN_FILENO) >= 0 &&
      ::dup2(streams.output, STDOUT_FILENO) >= 0 && ::dup2(streams.errors, STDERR_FILENO) >= 0;
  if (is_ready) ::execve(arguments[0], arguments, environment);
  ::_exit(127);
}

/// Whether `file` becomes readable (or ends) before `until`.
bool wait_readable(int file, SteadyTime until) {
  for (;;) {
    const auto left = std::chrono::ceil<Millis>(until - std::chrono::steady_clock::now());
    pollfd entry{.fd = file, .events = POLLIN, .revents = 0};
    const int ready = ::poll(&entry, 1, static_cast<int>(std::max<Millis::rep>(left.count(), 0)));
    if (ready > 0) return true;
    if (ready == 0) return false;
  }
}

void close_all(std::initializer_list<int> files) {
  for (const int file : files) {
    if (file >= 0) ::close(file);
  }
}

}  // namespace

Process::Process(Options options) {
  const Streams streams = make_streams(options);
  std::vector<std::string> arguments = std::move(options.arguments);
  arguments.insert(arguments.begin(), options.program);
  std::vector<std::string> environment = environment_of(options);
  const std::vector<char*> argument_list = pointers(arguments);
  const std::vector<char*> environment_list = pointers(environment);
  id_ = ::fork();
  if (id_ == 0) {
    become(streams, options.folder.c_str(), argument_list.data(), environment_list.data());
  }
  SPREADABLE_ASSERT(id_ > 0);
  process_ = static_cast<int>(::syscall(SYS_pidfd_open, id_, 0));
  SPREADABLE_ASSERT(process_ >= 0);
  output_ = streams.own_output;
  errors_ = streams.errors;
  close_all({streams.input, streams.output});
}

Process::Process(Process&& other) noexcept
    : id_(std::exchange(other.id_, -1)),
      process_(std::exchange(other.process_, -1)),
      output_(std::exchange(other.output_, -1)),
      errors_(std::exchange(other.errors_, -1)),
      pending_(std::move(other.pending_)),
      exit_code_(other.exit_code_) {}

Process::~Process() {
  if (id_ > 0 && !exit_code_) {
    signal(SIGKILL);
    ::waitpid(id_, nullptr, 0);
  }
  close_all({process_, output_, errors_});
}

bool Process::read_more(SteadyTime until) {
  if (!wait_readable(output_, until)) return false;
  std::array<char, 4096> bytes{};
  // A terminal whose other side has ended gives an error instead of an end.
  const ssize_t count = ::read(output_, bytes.data(), bytes.size());
  if (count <= 0) return false;
  pending_.append(bytes.data(), static_cast<std::size_t>(count));
  return true;
}

std::optional<std::string> Process::read_line(Millis patience) {
  const auto until = std::chrono::steady_clock::now() + patience;
  for (;;) {
    if (const std::size_t end = pending_.find('\n'); end != std::string::npos) {
      std::string line = pending_.substr(0, end);
      pending_.erase(0, end + 1);
      if (line.ends_with('\r')) line.pop_back();
      return line;
    }
    if (!read_more(until)) return std::nullopt;
  }
}

std::optional<std::string> Process::read_until(std::string_view text, Millis patience) {
  const auto until = std::chrono::steady_clock::now() + patience;
  for (;;) {
    const auto left = std::chrono::ceil<Millis>(until - std::chrono::steady_clock::now());
    auto line = read_line(left);
    if (!line || line->find(text) != std::string::npos) return line;
  }
}

std::string Process::read_all(Millis patience) {
  const auto until = std::chrono::steady_clock::now() + patience;
  while (read_more(until)) {
  }
  return std::exchange(pending_, {});
}

void Process::signal(int number) const {
  if (!exit_code_) ::syscall(SYS_pidfd_send_signal, process_, number, nullptr, 0);
}

void Process::freeze() const {
  signal(SIGSTOP);
  // Threads go on for a moment, until the first of them has seen the signal.
  siginfo_t info{};
  SPREADABLE_ASSERT(exit_code_ || ::waitid(P_PID, static_cast<id_t>(id_), &info,
                                           WSTOPPED | WEXITED | WNOWAIT) == 0);
}

std::optional<int> Process::wait(Millis patience) {
  if (exit_code_) return exit_code_;
  if (!wait_readable(process_, std::chrono::steady_clock::now() + patience)) return std::nullopt;
  int status = 0;
  if (::waitpid(id_, &status, 0) != id_) return std::nullopt;
  exit_code_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return exit_code_;
}

std::string Process::errors() const {
  std::string text;
  std::array<char, 4096> bytes{};
  ssize_t count = 0;
  while ((count = ::pread(errors_, bytes.data(), bytes.size(), static_cast<off_t>(text.size()))) >
         0) {
    text.append(bytes.data(), static_cast<std::size_t>(count));
  }
  return text;
}

Finished run_process(Process::Options options, Millis patience) {
  const auto until = std::chrono::steady_clock::now() + patience;
  Process process(std::move(options));
  Finished finished;
  finished.output = process.read_all(patience);
  const auto left = std::chrono::ceil<Millis>(until - std::chrono::steady_clock::now());
  finished.exit_code = process.wait(std::max(left, Millis{0})).value_or(-1);
  finished.errors = process.errors();
  return finished;
}

}  // namespace spreadable
