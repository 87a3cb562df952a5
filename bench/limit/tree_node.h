// bench/limit/tree_node.h: one node of the fastest tree that HTTP/1.1 allows.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "bench/support/poller.h"
#include "bench/support/sockets.h"

namespace spreadable::bench {

/// A node that does nothing but ask and answer: fixed heads, no JSON, no checks, no timeouts, one
/// epoll loop. It sets the limit that a real node's traversal is measured against.
///
/// Of N nodes the first M = √N are masters; the slaves of master m are those of row m + 1 of the
/// square, so that hardly anyone asks itself and each node is asked once. As in a network of ours a
/// traversal is one request of the client, M to masters and N to slaves, also to oneself.
///
/// Plain, a connection carries one request at a time, and as many are kept as were ever needed.
/// Pipelined, one connection to each peer carries all requests, and what is ready at the same time
/// leaves in one write; answers come in the order of the requests. For one thread.
class TreeNode {
 public:
  struct Options {
    std::vector<std::uint16_t> ports;  ///< of all nodes; their number is a square
    std::size_t index = 0;             ///< which of them this one is
    bool is_pipelined = false;
  };

  static constexpr std::string_view kClientPath = "/client/count";
  static constexpr std::string_view kMasterPath = "/api/butler/count";
  static constexpr std::string_view kSlavePath = "/api/slave/count";

  /// `listener` listens on the port of this node.
  TreeNode(Options options, Descriptor listener);
  ~TreeNode();

  /// Serves until the process ends.
  [[noreturn]] void run();

 private:
  struct Connection;
  struct Question;
  /// Where an answer goes: a place in the order of a connection's requests.
  struct Place {
    Connection* asker;
    std::uint64_t number;
  };

  void accept_all();
  void serve(Connection& connection, bool is_writable);
  void read_messages(Connection& connection);
  void take_request(Connection& connection, std::string_view head);
  void take_reply(Connection& connection, std::string_view body);
  void ask_row(Place place, std::size_t row, std::string_view path);
  void ask(std::size_t peer, std::string_view path, Question& question);
  void answer(Place place, std::size_t count);
  [[nodiscard]] Connection& connection_to(std::size_t peer);
  void mark(Connection& connection);
  void flush_marked();
  void flush(Connection& connection);
  void end(Connection& connection);

  const Options options_;
  const std::size_t side_;  ///< √N
  const Descriptor listener_;
  Poller poller_;
  std::unordered_map<Connection*, std::unique_ptr<Connection>> connections_;
  std::vector<std::vector<Connection*>> free_;  ///< by peer; pipelined: the one there is
  std::vector<std::unique_ptr<Question>> questions_;
  std::vector<Question*> spare_questions_;
  std::vector<Connection*> marked_;  ///< have something to send
  std::vector<std::unique_ptr<Connection>> ended_;
};

}  // namespace spreadable::bench
