// services/simulation/actors/actor.h: somebody who sits in a node of a simulation and misbehaves.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "core/http.h"
#include "core/json.h"
#include "core/node.h"
#include "core/server.h"
#include "core/transport.h"

namespace spreadable {

/// Stands between one node and its network. Until turn() the node is like any other; from then on
/// the actor answers in its place: not at all, by what the node would have said, or by that with
/// something changed. What such a node sends by itself is what an honest one sends, unless the
/// actor sends more. So any node can be hostile, also one of a subclass of yours: the kinds in this
/// folder know routes of the protocol only, and derive your own from this class.
///
/// Given to a simulation by Simulation::Options::make_actor; made anew at each start of the node
/// and gone before it. For one thread.
class Actor {
 public:
  Actor() = default;
  virtual ~Actor() = default;
  Actor(const Actor&) = delete;
  Actor& operator=(const Actor&) = delete;

  /// From now on it misbehaves. One that turns long after its start is a sleeper. Does nothing when
  /// it has turned already. Requires: the node has been made.
  void turn();
  /// From now on the node is honest again.
  void relent();
  [[nodiscard]] bool is_hostile() const { return is_hostile_; }

  /// Who has this node as a node: set by the simulation before it starts.
  void enter(Node& node, std::shared_ptr<Transport> transport);
  /// The server that the node gets, which asks this actor. Both outlive it.
  [[nodiscard]] std::unique_ptr<Server> put_before(std::unique_ptr<Server> server);

 protected:
  /// Answers a request while hostile; may block. By default what the node answers, with every JSON
  /// body of a success passed through falsify().
  [[nodiscard]] virtual HttpResponse answer(HttpRequest request);
  /// Changes what the node has answered to `asked`. By default nothing.
  virtual void falsify(const HttpRequest& asked, Json& body);
  /// It begins to misbehave; tasks start here. By default nothing.
  virtual void on_turned() {}
  /// Tasks end here, before relent() and before the node ends.
  virtual void on_relented() {}

  /// What the node itself answers.
  [[nodiscard]] HttpResponse honest(HttpRequest request);
  /// No answer, not even a broken connection: whoever has asked waits until his time is up.
  [[nodiscard]] static HttpResponse silence();
  [[nodiscard]] Node& node() const { return *node_; }
  /// The bare network, past everything that the node sets and checks: for forgeries.
  [[nodiscard]] Transport& transport() const { return *transport_; }

 private:
  class Mask;

  Node* node_ = nullptr;
  std::shared_ptr<Transport> transport_;
  RequestHandler* router_ = nullptr;  ///< of the node, while it serves
  bool is_hostile_ = false;
  std::uint64_t falsehoods_ = 0;  ///< told so far
};

/// Routes by which lists and answers pass, for actors that change them.
[[nodiscard]] bool is_structure(const HttpRequest& request);
[[nodiscard]] bool is_provide_registration(const HttpRequest& request);
/// A coordinator asks a master, or whoever stands in for it.
[[nodiscard]] bool is_master_stage(const HttpRequest& request);
/// A master, or an audit, asks a slave.
[[nodiscard]] bool is_slave_stage(const HttpRequest& request);

}  // namespace spreadable
