// A bare handler of cpp-httplib: what one would write who wants nothing but an answer.
//
//   bench_httplib --threads N
//
// Answers GET /ping with as many bytes as a node does. Prints one JSON line with its port, and
// ends with SIGTERM. Exit codes: 1 failed, 2 wrong usage.
#include <fmt/format.h>
#include <httplib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <limits>

namespace {

int serve(std::size_t threads) {
  httplib::Server server;
  int listener = -1;
  server.new_task_queue = [&] {
    return new httplib::ThreadPool(threads);
  };  // the library's to delete
  server.set_keep_alive_max_count(std::numeric_limits<std::size_t>::max());
  server.set_tcp_nodelay(true);
  server.set_socket_options([&](int socket) { listener = socket; });
  server.Get("/ping", [](const httplib::Request&, httplib::Response& response) {
    response.set_content(R"({"address":"127.0.0.1:10000","version":"spreadable-0.3"})",
                         "application/json; charset=utf-8");
  });
  const int port = server.bind_to_any_port("127.0.0.1");
  // The library's own backlog is 5, which would drop most of the connections of one burst.
  if (port < 0 || ::listen(listener, SOMAXCONN) != 0) {
    fmt::print(stderr, "bench_httplib: no port can be bound\n");
    return 1;
  }
  fmt::print("{{\"ports\":[{}],\"pids\":[{}]}}\n", port, ::getpid());
  std::fflush(stdout);
  return server.listen_after_bind() ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("A bare HTTP handler");
  std::size_t threads = 64;
  app.add_option("--threads", threads, "One for each connection at once")
      ->check(CLI::Range(1, 1'000));
  CLI11_PARSE(app, argc, argv);
  return serve(threads);
}
