#include "services/simulation/actors/actor.h"

#include <utility>

#include "core/assert.h"
#include "core/wire.h"
#include "services/simulation/virtual_network.h"

namespace spreadable {

/// The server of a node with an actor: passes requests to the actor while it misbehaves.
class Actor::Mask final : public Server, public RequestHandler {
 public:
  Mask(Actor& actor, std::unique_ptr<Server> server) : actor_(actor), server_(std::move(server)) {}

  Result<void> start(const Listen& listen, RequestHandler& handler) override {
    actor_.router_ = &handler;
    router_ = &handler;
    return server_->start(listen, *this);
  }
  std::uint16_t port() const override { return server_->port(); }
  void stop(Deadline deadline) override { server_->stop(deadline); }

  WorkClass work_class(Method method, std::string_view path) const override {
    return router_->work_class(method, path);
  }
  HttpResponse handle(HttpRequest request) override {
    return actor_.is_hostile() ? actor_.answer(std::move(request))
                               : router_->handle(std::move(request));
  }

 private:
  Actor& actor_;
  RequestHandler* router_ = nullptr;
  const std::unique_ptr<Server> server_;
};

void Actor::turn() {
  SPREADABLE_ASSERT(node_);
  if (std::exchange(is_hostile_, true)) return;
  on_turned();
}

void Actor::relent() {
  if (!std::exchange(is_hostile_, false)) return;
  on_relented();
}

void Actor::enter(Node& node, std::shared_ptr<Transport> transport) {
  node_ = &node;
  transport_ = std::move(transport);
}

std::unique_ptr<Server> Actor::put_before(std::unique_ptr<Server> server) {
  return std::make_unique<Mask>(*this, std::move(server));
}

HttpResponse Actor::answer(HttpRequest request) {
  constexpr int kOk = 200;
  const HttpRequest asked = request;
  // Under the tag of the truth nobody would fetch the falsehood, and each asker has its own.
  request.headers.set(wire::kIfNoneMatch, "");
  HttpResponse response = honest(std::move(request));
  if (response.status != kOk) return response;
  Result<Json> body = parse_json(response.body);
  if (!body) return response;  // a page
  falsify(asked, *body);
  response.body = dump_json(*body);
  response.headers.set(wire::kTag, "\"" + std::to_string(++falsehoods_) + "\"");
  return response;
}

void Actor::falsify(const HttpRequest&, Json&) {}

HttpResponse Actor::honest(HttpRequest request) {
  SPREADABLE_ASSERT(router_);
  return router_->handle(std::move(request));
}

HttpResponse Actor::silence() {
  return {.status = VirtualNetwork::kNoAnswer};
}

bool is_structure(const HttpRequest& request) {
  return request.path == std::string(wire::kNodeRoute) + "structure";
}

bool is_provide_registration(const HttpRequest& request) {
  return request.path == std::string(wire::kNodeRoute) + "provide-registration";
}

bool is_master_stage(const HttpRequest& request) {
  return request.path.starts_with(wire::kButlerRoute) ||
         request.path.starts_with(wire::kStandInRoute);
}

bool is_slave_stage(const HttpRequest& request) {
  return request.path.starts_with(wire::kSlaveRoute);
}

}  // namespace spreadable
