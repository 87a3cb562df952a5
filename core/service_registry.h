// core/service_registry.h: the services of one node, by type and by name.
#pragma once

#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "core/service.h"

namespace spreadable {

using ServiceFactory = std::function<std::unique_ptr<Service>()>;

/// Owns services and runs their hooks in the order they were added, deinit in reverse.
/// Filled before the node starts; read only after that, and then thread-safe.
class ServiceRegistry {
 public:
  explicit ServiceRegistry(Node& node) : node_(node) {}

  /// Takes `service`; one of the same name is replaced, which is how a user swaps a default for its
  /// own.
  Service& add(std::unique_ptr<Service> service);

  /// The service of that name, or nullptr.
  [[nodiscard]] Service* find(std::string_view name) const;
  /// The first service of type T, or nullptr.
  template <class T>
  [[nodiscard]] T* find() const {
    for (const auto& service : services_) {
      if (auto* found = dynamic_cast<T*>(service.get())) return found;
    }
    return nullptr;
  }

  /// Calls `visit` with each service of type T, in the order added.
  template <class T, class Visit>
  void for_each(Visit visit) const {
    for (const auto& service : services_) {
      if (auto* found = dynamic_cast<T*>(service.get())) visit(*found);
    }
  }

  void declare_actions();
  void declare_routes(Router& router);
  /// Ends what has begun when one fails, and tells which.
  [[nodiscard]] Result<void> init();
  void deinit();
  void destroy();
  void describe(Json& status) const;

 private:
  Node& node_;
  std::vector<std::unique_ptr<Service>> services_;
  std::size_t running_ = 0;  ///< how many of services_ are initialised
};

}  // namespace spreadable
