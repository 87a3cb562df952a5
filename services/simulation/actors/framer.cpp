#include "services/simulation/actors/framer.h"

#include <string>
#include <utility>
#include <vector>

#include "core/wire.h"

namespace spreadable {
namespace {

constexpr Duration kBudget = std::chrono::seconds{2};

/// Everybody whom a node knows.
std::vector<Address> acquaintances(Node& node) {
  std::vector<Address> known = node.peers().view()->slaves;
  for (const MasterEntry& master : node.peers().view()->masters) known.push_back(master.address);
  for (const PeerBook::Entry& entry : node.book().entries()) known.push_back(entry.address);
  std::erase(known, node.address());
  return known;
}

}  // namespace

Framer::~Framer() = default;

void Framer::falsify(const HttpRequest& asked, Json& body) {
  if (!is_slave_stage(asked)) return;
  const auto asker = asked.headers.find(wire::kOriginalAddress);
  const auto master = node().peers().view()->backlink;
  if (asker && master && *asker == master->text()) return;
  // Never the same twice, so it is in no answer that the master can have given.
  const auto number = static_cast<std::int64_t>(node().random().below(1'000'000'000));
  if (body.is_array() && !body.empty() && body[0].is_object() && body[0].contains("backlink")) {
    const auto known = acquaintances(node());
    if (!known.empty()) body[0]["backlink"] = known[node().random().below(known.size())].text();
  } else if (body.is_array()) {
    body = Json::array({number});
  } else if (body.is_number()) {
    body = number;
  }
}

void Framer::on_turned() {
  task_ = node().scheduler().start("forgeries of " + node().address().text(), kPause,
                                   [this]() -> Duration {
                                     forge();
                                     return kPause;
                                   });
}

void Framer::on_relented() {
  task_.reset();
}

void Framer::forge() {
  const std::vector<Address> known = acquaintances(node());
  if (known.size() < 2) return;
  std::vector<TransportRequest> requests;
  for (std::size_t i = 0; i < kVictims; ++i) {
    const Address& to = known[node().random().below(known.size())];
    const Address& victim = known[node().random().below(known.size())];
    if (to != victim) requests.push_back(forgery(to, victim));
  }
  static_cast<void>(transport().request_group(requests, Deadline::after(node().clock(), kBudget)));
}

TransportRequest Framer::forgery(const Address& to, const Address& victim) {
  TransportRequest request{.to = to,
                           .headers = {{wire::kOriginalAddress, victim.text()},
                                       {wire::kNodeVersion, wire::kVersion},
                                       {wire::kNodeRoot, node().root()},
                                       {wire::kFeatures, wire::kOwnFeatures}}};
  const std::string routes(wire::kNodeRoute);
  switch (node().random().below(4)) {
    case 0:
      request.path = routes + "leave";
      request.body = dump_json(Json{{"isStopping", true}});
      break;
    case 1:
      request.path = routes + "register";
      request.body = dump_json(Json{{"target", victim.text()}});
      break;
    case 2:
      request.path = routes + "structure";
      request.headers.add("Authorization", "Basic d3Jvbmc6d3Jvbmc=");
      break;
    default:
      request.path = "/status";
      request.method = Method::get;
      request.headers.add(wire::kForwardedFor, victim.host());
      break;
  }
  return request;
}

}  // namespace spreadable
