#include "bench/distance/late_masters.h"

#include <fmt/format.h>

#include <stdexcept>

#include "bench/support/actions.h"
#include "core/coverage.h"
#include "core/wire.h"

namespace spreadable::bench {
namespace {

std::string reply_text(const Json& body, std::size_t nodes) {
  const std::string text = dump_json(body);
  const Coverage coverage{.asked = nodes, .answered = nodes, .silent = {}};
  return fmt::format(
      "HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=utf-8\r\n{}: {}\r\n{}: {}\r\n"
      "Content-Length: {}\r\n\r\n{}",
      wire::kFeatures, wire::kOwnFeatures, wire::kCoverage, coverage.to_header(), text.size(),
      text);
}

/// One record of each slave of master `number`.
Json merged_records(std::size_t number, std::size_t slaves) {
  Json all = Json::array();
  for (std::size_t i = 0; i < slaves; ++i) {
    all.push_back(records_answer(fmt::format("10.0.{}.{}:4000", number, i), 1).front());
  }
  return all;
}

bool asks_for(std::string_view head, std::string_view action) {
  const std::string path = fmt::format(" {}{} ", wire::kButlerRoute, action);
  return head.substr(0, head.find("\r\n")).find(path) != std::string_view::npos;
}

}  // namespace

struct LateMasters::Master {
  Descriptor listener;
  std::string count_reply;
  std::string records_reply;
};

struct LateMasters::Connection {
  Stream stream;
  Master* master = nullptr;  ///< none: a listener, see `accepts_for`
  Master* accepts_for = nullptr;
  bool waits_for_room = false;
  bool has_ended = false;
};

LateMasters::LateMasters(Options options) : options_(options) {
  for (std::size_t i = 0; i < options_.masters; ++i) {
    Descriptor listener = listen_on();
    ports_.push_back(port_of(listener));
    const std::string address = fmt::format("127.0.0.1:{}", ports_.back());
    masters_.push_back(std::make_unique<Master>(
        Master{.listener = std::move(listener),
               .count_reply =
                   reply_text(count_answer(address, options_.list_length), options_.list_length),
               .records_reply =
                   reply_text(merged_records(i, options_.list_length), options_.list_length)}));
    auto door = std::make_shared<Connection>(
        Connection{.stream = Stream(Descriptor()), .accepts_for = masters_.back().get()});
    poller_.watch(masters_.back()->listener, door.get());
    connections_.emplace(door.get(), std::move(door));
  }
}

LateMasters::~LateMasters() = default;

void LateMasters::run() {
  for (;;) {
    std::optional<std::chrono::nanoseconds> timeout;
    if (!late_.empty()) timeout = late_.front().due - SteadyClock::now();
    for (const Poller::Ready& ready : poller_.wait(timeout)) {
      serve(*static_cast<Connection*>(ready.owner), ready.is_writable);
    }
    send_due();
    std::erase_if(connections_, [](const auto& item) { return item.second->has_ended; });
  }
}

void LateMasters::accept_all(Master& master) {
  for (;;) {
    Descriptor socket = accept_from(master.listener);
    if (!socket.is_open()) return;
    auto connection = std::make_shared<Connection>(
        Connection{.stream = Stream(std::move(socket)), .master = &master});
    poller_.watch(connection->stream.socket(), connection.get());
    connections_.emplace(connection.get(), std::move(connection));
  }
}

void LateMasters::serve(Connection& connection, bool is_writable) {
  if (connection.accepts_for) return accept_all(*connection.accepts_for);
  if (is_writable) send(connection);
  if (!connection.stream.receive()) {
    connection.stream = Stream(Descriptor());
    connection.has_ended = true;
    return;
  }
  while (const auto message = first_message(connection.stream.input())) {
    take_request(connection, *message);
    connection.stream.consume(message->size());
  }
}

void LateMasters::take_request(Connection& connection, const HttpMessage& message) {
  const Master& master = *connection.master;
  if (message.head.starts_with("GET /ping ")) {  // for frames, which these masters do not know
    connection.stream.output() += "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n";
    return send(connection);
  }
  const bool is_count = asks_for(message.head, kCountAction);
  if (!is_count && !asks_for(message.head, kRecordsAction)) {
    throw std::runtime_error("nobody asks a master so: " + std::string(message.head));
  }
  late_.push_back({.due = SteadyClock::now() + options_.delay,
                   .connection = connections_.at(&connection),
                   .reply = is_count ? &master.count_reply : &master.records_reply});
}

void LateMasters::send_due() {
  while (!late_.empty() && late_.front().due <= SteadyClock::now()) {
    Connection& connection = *late_.front().connection;
    if (!connection.has_ended) {
      connection.stream.output() += *late_.front().reply;
      send(connection);
    }
    late_.pop_front();
  }
}

void LateMasters::send(Connection& connection) {
  if (!connection.stream.flush()) return;  // the end is met when it is read
  const bool waits = connection.stream.has_output();
  if (waits == connection.waits_for_room) return;
  connection.waits_for_room = waits;
  poller_.change(connection.stream.socket(), &connection, waits);
}

}  // namespace spreadable::bench
