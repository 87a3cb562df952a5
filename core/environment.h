// core/environment.h: everything a node is given from outside.
#pragma once

#include <filesystem>  // structure-ok: paths as values; core touches no file
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/answer_memory.h"
#include "core/clock.h"
#include "core/logger.h"
#include "core/random.h"
#include "core/resolver.h"
#include "core/scheduler.h"
#include "core/secret.h"
#include "core/server.h"
#include "core/service_registry.h"
#include "core/static_page.h"
#include "core/stores.h"
#include "core/topology.h"
#include "core/transport.h"

namespace spreadable {

/// The ports of one node and the services it starts with. Runtime::environment (services/runtime.h)
/// makes the real one; a simulation makes its own. Pointers are shared where the nodes of a process
/// use one thing together: threads, sockets, clocks.
struct Environment {
  std::shared_ptr<const Clock> clock;
  std::shared_ptr<Random> random;
  std::shared_ptr<SecretSource> secrets = std::make_shared<SystemSecrets>();
  std::shared_ptr<Transport> transport;
  std::shared_ptr<Scheduler> scheduler;
  std::shared_ptr<Resolver> resolver;
  std::shared_ptr<AnswerMemory> memory;  ///< of the process
  std::shared_ptr<Logger> logger;
  std::unique_ptr<Server> server;
  std::unique_ptr<Database> database;
  std::shared_ptr<const Topology> topology = std::make_shared<const SquareRoot>();
  /// The hostname of a node whose options name none; empty when there is none to be found.
  std::string default_hostname;
  /// How idle this machine is, 0 to 1; empty counts as idle.
  std::function<double()> availability;
  /// The kind's name on the wire, where that is not the kind itself.
  std::string codename;
  /// Where this node keeps its state; empty: nowhere. Nobody else uses the folder.
  std::filesystem::path storage_folder;
  /// Served to everyone who may see pages.
  std::vector<StaticPage> pages;
  /// Made by Node::prepare_services, in this order.
  std::vector<ServiceFactory> services;
};

}  // namespace spreadable
