// core/service.h: the replaceable parts that a node is made of.
#pragma once

#include <string>
#include <utility>

#include "core/json.h"
#include "core/result.h"

namespace spreadable {

class Node;
class Router;

/// A part of a node: sync, a behaviour, an approval, a store of documents. Derived to add one or to
/// change one; the node owns it and calls the hooks below, each once, from the thread that starts
/// or stops the node.
class Service {
 public:
  /// `name` is unique among the services of a node.
  explicit Service(std::string name) : name_(std::move(name)) {}
  virtual ~Service() = default;
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;

  [[nodiscard]] const std::string& name() const { return name_; }

  /// Adds actions to its node, by Node::add_action. By default none.
  virtual void declare_actions() {}
  /// Declares routes and middleware; the node does not serve yet. By default none.
  virtual void declare_routes(Router& router) { static_cast<void>(router); }
  /// The node serves from now on: load state, start tasks. An error ends the start of the node.
  [[nodiscard]] virtual Result<void> init() { return {}; }
  /// The node is about to stop: end tasks, say goodbye, save state. Called only after init.
  virtual void deinit() {}
  /// Deletes everything that the service has stored. The node is stopped.
  virtual void destroy() {}
  /// Adds its figures to the answer of /status.
  virtual void describe(Json& status) const { static_cast<void>(status); }

 protected:
  /// The owner. Requires: the service has been added to a node.
  [[nodiscard]] Node& node() const;

 private:
  friend class ServiceRegistry;

  const std::string name_;
  Node* node_ = nullptr;
};

}  // namespace spreadable
