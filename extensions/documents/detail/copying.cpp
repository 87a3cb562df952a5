#include "extensions/documents/detail/copying.h"

#include <algorithm>
#include <utility>

#include "core/schema.h"
#include "core/wire.h"
#include "extensions/documents/network_wire.h"
#include "extensions/documents/wire.h"

namespace spreadable::documents::detail {
namespace {

constexpr std::size_t kOwnerBytes = 32;

const Schema& stored_schema() {
  static const Schema whole = schema::object(
      {{"document", schema::object({})}, {"address", schema::address()}}, schema::Keys::strict);
  return whole;
}

/// A placing under way.
struct Round {
  std::vector<Address> asked;
  std::vector<PeerRequest> requests;
  bool has_chain = false;  ///< the last one asked hands on to the rest
};

/// As many candidates as acknowledgements are missing. The rest goes to the last of them, unless
/// somebody has it already; then the next ones come from the end of the rest, which that somebody
/// reaches last.
Round next_round(const Context& context, const Copy& copy, std::deque<Address>& candidates,
                 std::size_t count, bool has_chain) {
  Round round;
  while (round.asked.size() < count && !candidates.empty()) {
    round.asked.push_back(has_chain ? candidates.back() : candidates.front());
    has_chain ? candidates.pop_back() : candidates.pop_front();
  }
  round.has_chain = !has_chain && !candidates.empty();
  for (std::size_t i = 0; i < round.asked.size(); ++i) {
    const bool hands_on = round.has_chain && i + 1 == round.asked.size();
    round.requests.push_back(
        copy_request(context, round.asked[i], copy,
                     hands_on ? std::vector<Address>(candidates.begin(), candidates.end())
                              : std::vector<Address>()));
  }
  return round;
}

}  // namespace

std::string CopyState::to_header() const {
  return dump_json(
      {{"time", time}, {"createdAt", to_epoch_millis(created_at)}, {"owner", to_hex(owner)}});
}

std::optional<CopyState> CopyState::from_header(std::string_view text) {
  static const Schema whole =
      schema::object({{"time", schema::integer({.min = 0})},
                      {"createdAt", schema::integer({.min = 0})},
                      {"owner", schema::string({.bytes_max = 2 * kOwnerBytes})}});
  const auto json = parse_json(text);
  if (!json || !whole.check(*json)) return std::nullopt;
  auto owner = from_hex((*json)["owner"].get_ref<const std::string&>());
  if (!owner || (!owner->empty() && owner->size() != kOwnerBytes)) return std::nullopt;
  return CopyState{(*json)["time"].get<std::int64_t>(),
                   WallTime(Millis((*json)["createdAt"].get<std::int64_t>())), std::move(*owner)};
}

PeerRequest copy_request(const Context& context, const Address& to, const Copy& copy,
                         const std::vector<Address>& duplicates) {
  Json names = Json::array();
  for (const Address& address : duplicates) names.push_back(address.text());
  PeerRequest request{
      .to = to,
      .path = std::string(spreadable::wire::kNodeRoute) + std::string(wire::kAddDocument),
      .body = {{"info", copy.info}, {"document", copy.document}, {"duplicates", std::move(names)}},
      .schema = &stored_schema(),
      .has_budget = false,
      .work = WorkClass::leaf};
  if (copy.state && !context.node.book().is_foreign(to)) {
    request.headers.add(wire::kCopyState, copy.state->to_header());
  }
  return request;
}

CopyOutcome outcome_of(const Result<PeerReply>& reply) {
  if (reply) return CopyOutcome::stored;
  if (reply.error().wire_code == wire::kDuplicateExists) return CopyOutcome::stored;
  return reply.error().wire_code.empty() ? CopyOutcome::failed : CopyOutcome::refused;
}

Placing place(const Context& context, const Copy& copy, std::deque<Address> candidates,
              std::size_t needed, Deadline deadline) {
  Placing placing;
  bool has_chain = false;
  const Clock& clock = context.node.clock();
  while (placing.copies < needed && !candidates.empty() && !deadline.has_passed(clock)) {
    const Round round = next_round(context, copy, candidates, needed - placing.copies, has_chain);
    const auto replies = context.node.outbound().request_group(
        round.requests, deadline.at_most(Deadline::after(clock, context.addition_node_timeout)));
    for (std::size_t i = 0; i < replies.size(); ++i) {
      const CopyOutcome outcome = outcome_of(replies[i]);
      if (outcome == CopyOutcome::stored) {
        ++placing.copies;
        if (!placing.document && replies[i]) placing.document = replies[i]->body["document"];
        has_chain = has_chain || (round.has_chain && i + 1 == replies.size());
      } else if (outcome == CopyOutcome::refused && !placing.refusal) {
        placing.refusal = replies[i].error();
      }
    }
  }
  return placing;
}

}  // namespace spreadable::documents::detail
