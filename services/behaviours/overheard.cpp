#include "services/behaviours/overheard.h"

#include <utility>

#include "core/traversal.h"
#include "core/wire.h"

namespace spreadable {
namespace {

/// The name of the action that a request to `path` is about; empty for other requests.
std::string_view action_in(std::string_view path) {
  for (const std::string_view route : {wire::kButlerRoute, wire::kSlaveRoute, wire::kClientRoute}) {
    if (path.starts_with(route)) return path.substr(route.size());
  }
  return {};
}

}  // namespace

void Overheard::listen_to(const NetworkAction& action) {
  if (action.is_auditable()) actions_.emplace(action.name(), &action);
}

void Overheard::note(const CallContext& call, const std::optional<Address>& master) {
  const auto known = actions_.find(action_in(call.request.path));
  if (known == actions_.end() || !call.body.is_object()) return;
  if (call.request.body.size() > kBodyBytesMax) return;
  const bool is_from_client = call.request.path.starts_with(wire::kClientRoute);
  if (!is_from_client && call.client_address == master) return;
  const MutexLock lock(mutex_);
  if (questions_.contains(known->first)) return;
  Question question{.action = known->second,
                    .query = query_of_stage(call.body),
                    .from = is_from_client ? Address() : call.client_address};
  question.query.erase("approvalInfo");
  // A coordinator gives its masters half of what it has itself.
  if (const auto budget = wire::budget_of(call.body)) {
    question.budget = is_from_client ? *budget / 2 : *budget;
  }
  questions_.emplace(known->first, std::move(question));
}

std::optional<Overheard::Question> Overheard::take(const Address& audited, Random& random) {
  const MutexLock lock(mutex_);
  std::vector<std::string> names;
  for (const auto& [name, question] : questions_) {
    if (question.from != audited) names.push_back(name);
  }
  if (names.empty()) return std::nullopt;
  const auto chosen = questions_.find(names[random.below(names.size())]);
  Question question = std::move(chosen->second);
  questions_.erase(chosen);
  return question;
}

}  // namespace spreadable
