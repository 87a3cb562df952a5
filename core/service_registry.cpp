#include "core/service_registry.h"

#include <algorithm>
#include <utility>

#include "core/assert.h"

namespace spreadable {

Node& Service::node() const {
  SPREADABLE_ASSERT(node_);
  return *node_;
}

Service& ServiceRegistry::add(std::unique_ptr<Service> service) {
  SPREADABLE_ASSERT(service && running_ == 0);
  service->node_ = &node_;
  const auto same = std::find_if(services_.begin(), services_.end(), [&](const auto& other) {
    return other->name() == service->name();
  });
  if (same != services_.end()) {
    *same = std::move(service);
    return **same;
  }
  services_.push_back(std::move(service));
  return *services_.back();
}

Service* ServiceRegistry::find(std::string_view name) const {
  for (const auto& service : services_) {
    if (service->name() == name) return service.get();
  }
  return nullptr;
}

void ServiceRegistry::declare_actions() {
  for (const auto& service : services_) service->declare_actions();
}

void ServiceRegistry::declare_routes(Router& router) {
  for (const auto& service : services_) service->declare_routes(router);
}

Result<void> ServiceRegistry::init() {
  for (; running_ < services_.size(); ++running_) {
    Result<void> done = services_[running_]->init();
    if (!done) {
      Error error = done.error();
      error.message = "service \"" + services_[running_]->name() + "\": " + error.message;
      deinit();
      return error;
    }
  }
  return {};
}

void ServiceRegistry::deinit() {
  while (running_ > 0) services_[--running_]->deinit();
}

void ServiceRegistry::destroy() {
  SPREADABLE_ASSERT(running_ == 0);
  for (const auto& service : services_) service->destroy();
}

void ServiceRegistry::describe(Json& status) const {
  for (const auto& service : services_) service->describe(status);
}

}  // namespace spreadable
