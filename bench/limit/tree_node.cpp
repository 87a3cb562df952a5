#include "bench/limit/tree_node.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <stdexcept>
#include <utility>

namespace spreadable::bench {
namespace {

constexpr std::string_view kCountField = "\"count\":";
constexpr std::string_view kRequestBody = R"({"level":1,"timeout":2000,"timestamp":1700000000000})";

std::size_t count_in(std::string_view body) {
  const std::size_t at = body.find(kCountField);
  if (at == std::string_view::npos) throw std::runtime_error("a reply without a count");
  std::size_t count = 0;
  std::from_chars(body.data() + at + kCountField.size(), body.data() + body.size(), count);
  return count;
}

std::size_t side_of(std::size_t nodes) {
  const auto side = static_cast<std::size_t>(std::lround(std::sqrt(static_cast<double>(nodes))));
  if (nodes == 0 || side * side != nodes) throw std::runtime_error("not a square number of nodes");
  return side;
}

}  // namespace

/// One that somebody opened to this node, or that this node opened to a peer.
struct TreeNode::Connection {
  Stream stream;
  bool is_to_peer = false;
  std::size_t peer = 0;
  bool is_marked = false;
  bool waits_for_room = false;
  bool has_ended = false;
  std::deque<Question*> asked{};      ///< to a peer: in the order of requests
  std::deque<std::string> replies{};  ///< not sent yet, in the order of requests; empty: not ready
  std::uint64_t first_reply_number = 0;  ///< of replies.front()
};

/// A fan-out under way.
struct TreeNode::Question {
  Place place{};
  std::size_t left = 0;
  std::size_t count = 0;
};

TreeNode::TreeNode(Options options, Descriptor listener)
    : options_(std::move(options)),
      side_(side_of(options_.ports.size())),
      listener_(std::move(listener)),
      free_(options_.ports.size()) {
  poller_.watch(listener_, nullptr);
}

TreeNode::~TreeNode() = default;

void TreeNode::run() {
  for (;;) {
    for (const Poller::Ready& ready : poller_.wait()) {
      if (ready.owner == nullptr) {
        accept_all();
      } else {
        serve(*static_cast<Connection*>(ready.owner), ready.is_writable);
      }
    }
    flush_marked();
    ended_.clear();  // no event names them any more
  }
}

void TreeNode::accept_all() {
  for (;;) {
    Descriptor socket = accept_from(listener_);
    if (!socket.is_open()) return;
    auto connection = std::make_unique<Connection>(Connection{.stream = Stream(std::move(socket))});
    poller_.watch(connection->stream.socket(), connection.get());
    connections_.emplace(connection.get(), std::move(connection));
  }
}

void TreeNode::serve(Connection& connection, bool is_writable) {
  if (connection.has_ended) return;
  if (is_writable) mark(connection);
  if (connection.stream.receive()) {
    read_messages(connection);
  } else {
    end(connection);
  }
}

void TreeNode::read_messages(Connection& connection) {
  while (const auto message = first_message(connection.stream.input())) {
    if (connection.is_to_peer) {
      take_reply(connection, message->body);
    } else {
      take_request(connection, message->head);
    }
    connection.stream.consume(message->size());
  }
}

void TreeNode::take_request(Connection& connection, std::string_view head) {
  const Place place{.asker = &connection,
                    .number = connection.first_reply_number + connection.replies.size()};
  connection.replies.emplace_back();
  const std::string_view target = head.substr(head.find(' ') + 1);
  if (target.starts_with(kClientPath)) return ask_row(place, 0, kMasterPath);
  if (target.starts_with(kMasterPath)) {
    return ask_row(place, (options_.index + 1) % side_, kSlavePath);
  }
  answer(place, 1);
}

void TreeNode::take_reply(Connection& connection, std::string_view body) {
  if (connection.asked.empty()) throw std::runtime_error("a reply without a request");
  Question& question = *connection.asked.front();
  connection.asked.pop_front();
  if (!options_.is_pipelined) free_[connection.peer].push_back(&connection);
  question.count += count_in(body);
  if (--question.left > 0) return;
  answer(question.place, question.count);
  spare_questions_.push_back(&question);
}

/// Asks all nodes of a row of the square; `place` gets the sum.
void TreeNode::ask_row(Place place, std::size_t row, std::string_view path) {
  if (spare_questions_.empty()) {
    questions_.push_back(std::make_unique<Question>());
    spare_questions_.push_back(questions_.back().get());
  }
  Question& question = *spare_questions_.back();
  spare_questions_.pop_back();
  question = {.place = place, .left = side_, .count = 0};
  for (std::size_t i = 0; i < side_; ++i) ask(row * side_ + i, path, question);
}

void TreeNode::ask(std::size_t peer, std::string_view path, Question& question) {
  Connection& connection = connection_to(peer);
  connection.asked.push_back(&question);
  fmt::format_to(std::back_inserter(connection.stream.output()),
                 "POST {} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nContent-Type: application/json\r\n"
                 "Original-Address: 127.0.0.1:{}\r\nContent-Length: {}\r\n\r\n{}",
                 path, options_.ports[peer], options_.ports[options_.index], kRequestBody.size(),
                 kRequestBody);
  mark(connection);
}

void TreeNode::answer(Place place, std::size_t count) {
  Connection& connection = *place.asker;
  const std::string body = fmt::format(R"({{"address":"127.0.0.1:{}","count":{}}})",
                                       options_.ports[options_.index], count);
  std::string& reply = connection.replies[place.number - connection.first_reply_number];
  reply = fmt::format(
      "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
      "Date: Thu, 01 Jan 1970 00:00:00 GMT\r\nConnection: keep-alive\r\nContent-Length: {}\r\n\r\n"
      "{}",
      body.size(), body);
  while (!connection.replies.empty() && !connection.replies.front().empty()) {
    connection.stream.output() += connection.replies.front();
    connection.replies.pop_front();
    ++connection.first_reply_number;
  }
  if (connection.stream.has_output()) mark(connection);
}

/// A connection to `peer` that may carry one more request.
TreeNode::Connection& TreeNode::connection_to(std::size_t peer) {
  std::vector<Connection*>& free = free_[peer];
  if (free.empty()) {
    auto opened = std::make_unique<Connection>(Connection{
        .stream = Stream(connect_to(options_.ports[peer])), .is_to_peer = true, .peer = peer});
    poller_.watch(opened->stream.socket(), opened.get());
    free.push_back(opened.get());
    connections_.emplace(opened.get(), std::move(opened));
  }
  Connection& connection = *free.back();
  if (!options_.is_pipelined) free.pop_back();
  return connection;
}

void TreeNode::mark(Connection& connection) {
  if (std::exchange(connection.is_marked, true)) return;
  marked_.push_back(&connection);
}

void TreeNode::flush_marked() {
  for (Connection* connection : std::exchange(marked_, {})) {
    connection->is_marked = false;
    if (!connection->has_ended) flush(*connection);
  }
}

void TreeNode::flush(Connection& connection) {
  if (!connection.stream.flush()) return end(connection);
  const bool waits = connection.stream.has_output();
  if (waits == connection.waits_for_room) return;
  connection.waits_for_room = waits;
  poller_.change(connection.stream.socket(), &connection, waits);
}

/// Whoever leaves while something is under way spoils the measurement.
void TreeNode::end(Connection& connection) {
  if (!connection.asked.empty()) throw std::runtime_error("a peer left without an answer");
  if (!connection.replies.empty()) throw std::runtime_error("a client left before its answer");
  connection.has_ended = true;
  if (connection.is_to_peer) std::erase(free_[connection.peer], &connection);
  const auto entry = connections_.find(&connection);
  ended_.push_back(std::move(entry->second));
  connections_.erase(entry);
}

}  // namespace spreadable::bench
