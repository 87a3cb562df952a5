#include "killed_writer.h"

#include <doctest/doctest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>

namespace spreadable {

std::vector<std::uint32_t> write_and_kill(std::size_t count,
                                          const std::function<int(int acknowledgements)>& write) {
  std::array<int, 2> pipe{};
  REQUIRE(::pipe(pipe.data()) == 0);
  const pid_t writer = ::fork();
  if (writer == 0) {
    ::close(pipe[0]);
    ::_exit(write(pipe[1]));
  }
  REQUIRE(writer > 0);
  ::close(pipe[1]);
  std::vector<std::uint32_t> done;
  std::uint32_t number = 0;
  while (done.size() < count && ::read(pipe[0], &number, sizeof number) == sizeof number) {
    done.push_back(number);
  }
  REQUIRE(::kill(writer, SIGKILL) == 0);
  // What it managed to tell before the signal counts as well.
  while (::read(pipe[0], &number, sizeof number) == sizeof number) done.push_back(number);
  ::close(pipe[0]);
  int status = 0;
  REQUIRE(::waitpid(writer, &status, 0) == writer);
  REQUIRE(WIFSIGNALED(status));
  return done;
}

}  // namespace spreadable
