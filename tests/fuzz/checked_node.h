// tests/fuzz/checked_node.h: a node among strangers, and what holds for it whatever they say.
#pragma once

#include "services/default_services.h"
#include "tests/fuzz/fuzz.h"
#include "tests/support/local_network.h"

namespace spreadable::fuzz {

/// A network of LocalNetwork whose nodes have all services of real ones, and an action `count`.
inline LocalNetwork::Options real_nodes() {
  LocalNetwork::Options options;
  options.services = default_services(NodeOptions{}, nullptr);
  options.services.erase(options.services.begin());  // Sync, which LocalNetwork brings
  options.prepare = [](Node& node) {
    node.add_action("count")
        .local([](const Json& query, CallContext&) { return query.size(); })
        .merge(merges::sum);
  };
  return options;
}

/// What `node` believes of the network never contradicts itself.
inline void check_view(const Node& node) {
  const auto view = node.peers().view();
  SPREADABLE_ASSERT(!view->has_slave(view->self));
  SPREADABLE_ASSERT(!view->backlink || *view->backlink != view->self);
  SPREADABLE_ASSERT(std::is_sorted(
      view->masters.begin(), view->masters.end(),
      [](const MasterEntry& a, const MasterEntry& b) { return a.address <= b.address; }));
  const MasterEntry* const own = view->find_master(view->self);
  SPREADABLE_ASSERT((own != nullptr) == view->is_master());
  SPREADABLE_ASSERT(own == nullptr || own->size == view->slaves.size());
  SPREADABLE_ASSERT(view->slaves.size() <= Transport::kGroupMax);
}

/// An answer of our own making: readable, in words where it refuses, and never a failure of ours.
inline void check_answer(const HttpResponse& response) {
  SPREADABLE_ASSERT(response.status >= 200 && response.status < 600 && response.status != 500);
  const bool is_json = response.content_type.starts_with("application/json");
  if (response.body.empty() || !is_json) return;
  const Result<Json> body = parse_json(response.body);
  SPREADABLE_ASSERT(body.has_value());
  if (response.status >= 400) SPREADABLE_ASSERT(body->is_object() && body->contains("message"));
}

}  // namespace spreadable::fuzz
