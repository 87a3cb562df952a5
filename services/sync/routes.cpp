// The routes under /api/node that belong to membership. Source: protocol sections 1.3 and 5.8.
#include <fmt/format.h>

#include "core/wire.h"
#include "services/sync/provider.h"
#include "services/sync/sync.h"

namespace spreadable {
namespace {

const Schema& summary_schema() {
  static const Schema answer =
      schema::object({{"address", schema::address()},
                      {"summary", schema::object({{"address", schema::address()}})}},
                     schema::Keys::strict);
  return answer;
}

constexpr std::size_t kClaimantsMax = 64;

Error invalid_target() {
  return {Errc::logical, "\"target\" field is invalid", std::string(wire::kInvalidTarget)};
}

/// The address in field `target`, the node that wants to join.
Result<Address> target_of(const CallContext& call) {
  if (!call.body.is_object()) return invalid_target();
  const auto target = call.body.find("target");
  if (target == call.body.end() || !target->is_string()) return invalid_target();
  Result<Address> address = Address::parse(target->get_ref<const std::string&>());
  if (!address) return invalid_target();
  return address;
}

}  // namespace

void Sync::declare_routes(Router& router) {
  const auto add = [&](const char* name, WorkClass work, ApiHandler handler) {
    router.add(Method::post, std::string(wire::kNodeRoute) + name, work, std::move(handler));
  };
  router.add_raw(Method::post, std::string(wire::kNodeRoute) + "structure", WorkClass::leaf,
                 [this](CallContext& call) { return on_structure(call); });
  add("get-interview-summary", WorkClass::leaf, [this](CallContext&) -> Result<Json> {
    return Json{{"summary", make_summary()}};
  });
  add("provide-registration", WorkClass::forward,
      [this](CallContext& call) { return on_provide_registration(call); });
  add("register", WorkClass::forward, [this](CallContext& call) { return on_register(call); });
  add("leave", WorkClass::leaf, [this](CallContext& call) { return on_leave(call); });
}

/// The text of the whole structure. A master is asked by all its slaves, so it writes it once.
std::string Sync::whole_structure(const PeerView& view) {
  if (!view.is_master()) return structure_text(view);
  const MutexLock lock(mutex_);
  if (!prepared_ || prepared_->revision != view.revision) {
    prepared_ = {view.revision, structure_text(view)};
  }
  return prepared_->text;
}

/// A master that nobody has told us of. What it says of itself is asked back before it is believed;
/// that this comes soon, and not at our next run, is bounded, whatever strangers claim.
void Sync::note_claim(const CallContext& call, const PeerView& view) {
  const Address& caller = call.client_address;
  if (!view.is_master() || call.header(wire::kListLength).empty() || view.find_master(caller)) {
    return;
  }
  const TimePoint now = node().clock().now();
  {
    const MutexLock lock(mutex_);
    if (memory_.claimants.size() >= kClaimantsMax) return;
    if (!memory_.claimants.insert(caller).second) return;
    if (now - memory_.claimed_at < options_.interval / 16) return;
    memory_.claimed_at = now;
  }
  wake();
}

HttpResponse Sync::on_structure(CallContext& call) {
  const auto view = node().peers().view();
  HttpResponse response;
  if (!call.is_native) {
    response.body = whole_structure(*view);
    return response;
  }
  if (!call.client_address.is_empty()) {
    note_claim(call, *view);
    const MutexLock lock(mutex_);
    const auto move = memory_.moves.find(call.client_address);
    if (move != memory_.moves.end() && move->second.until > node().clock().now()) {
      response.headers.add(wire::kMoveTo, move->second.to.text());
    }
  }
  if (call.header(wire::kStructurePart) == wire::kLinksPart) {
    response.headers.add(wire::kStructurePart, wire::kLinksPart);
    response.body = structure_text(*view, StructurePart::links);
    return response;
  }
  const std::string tag = fmt::format("\"{:x}-{:x}\"", incarnation_, view->revision);
  response.headers.add(wire::kTag, tag);
  if (call.header(wire::kIfNoneMatch) == tag) {
    response.status = 304;
  } else {
    response.body = whole_structure(*view);
  }
  return response;
}

Result<Json> Sync::on_provide_registration(CallContext& call) {
  const Result<Address> target = target_of(call);
  if (!target) return target.error();
  const Placement::Answer answer = Provider(*this).place(*target, call.is_native, call.deadline);
  Json results = Json::array();
  for (const Address& master : answer.masters) {
    // One candidate, fewer than the limit, says that this master has room.
    results.push_back({{"address", master.text()},
                       {"networkSize", answer.network_size},
                       {"candidates", Json::array({{{"address", master.text()}}})}});
  }
  return Json{{"results", std::move(results)},
              {"syncLifetime", std::chrono::duration_cast<Millis>(sync_lifetime()).count()},
              {"networkSize", answer.network_size}};
}

Result<Json> Sync::on_register(CallContext& call) {
  const Result<Address> target = target_of(call);
  if (!target) return target.error();
  if (*target == node().address()) return invalid_target();
  const Result<IpAddress> ip = node().resolver().resolve(target->host());
  const bool is_proven = call.is_signed && *target == call.client_address;
  if (!ip || (*ip != call.client_ip && !is_proven)) return invalid_target();

  const auto view = node().peers().view();
  if (view->has_slave(*target)) return Json{{"size", view->slaves.size()}};
  const Error is_full{Errc::logical, "this master's list is full", std::string(wire::kListFull)};
  if (view->slaves.size() >= options_.slaves_max) return is_full;
  if (!ip_quota_->has_room_for(*target, lists_of(*view))) return is_full;
  const auto interview =
      node().outbound().request({.to = *target,
                                 .path = std::string(wire::kNodeRoute) + "get-interview-summary",
                                 .schema = &summary_schema(),
                                 .has_budget = false},
                                call.deadline.at_most(step_deadline()));
  if (!interview) {
    return Error{Errc::logical, "Interviewee unavailable",
                 std::string(wire::kIntervieweeNotAvailable)};
  }
  if (Result<void> passed = check_summary(*target, interview->body["summary"]); !passed) {
    return passed.error();
  }
  const auto current = node().peers().view();  // others have registered meanwhile
  if (current->slaves.size() >= options_.slaves_max) return is_full;
  if (!ip_quota_->admit(*target, lists_of(*current))) return is_full;
  note_slave(*target);
  placement_->note_kept(*target, node().address());
  wake();
  return Json{{"size", node().peers().view()->slaves.size()}};
}

Result<Json> Sync::on_leave(CallContext& call) {
  const Address& peer = call.client_address;
  if (peer.is_empty()) return invalid_target();
  const bool is_stopping = call.body.is_object() && call.body.value("isStopping", Json()) == true;
  node().peers().remove_slave(peer);
  if (is_stopping) {
    if (node().peers().clear_backlink(peer)) wake();
    node().book().note_failure(peer, node().clock().now());  // about to go: nobody is sent there
  }
  return Json{{"success", true}};
}

}  // namespace spreadable
