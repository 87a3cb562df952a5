#include "core/network_action.h"

#include <algorithm>
#include <iterator>
#include <limits>
#include <utility>

#include "core/assert.h"

namespace spreadable {
namespace {

bool is_action_name(const std::string& name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

bool is_int64(const Json& value) {
  return value.is_number_integer() &&
         !(value.is_number_unsigned() &&
           value.get<std::uint64_t>() > std::numeric_limits<std::int64_t>::max());
}

/// Adds two JSON numbers, which come from the wire, without turning whole ones into fractions
/// unless their sum is too large to be one.
Json add(const Json& a, const Json& b) {
  std::int64_t sum = 0;
  const bool is_whole = is_int64(a) && is_int64(b) &&
                        !__builtin_add_overflow(a.get<std::int64_t>(), b.get<std::int64_t>(), &sum);
  if (is_whole) return sum;
  return a.get<double>() + b.get<double>();
}

}  // namespace

NetworkAction::NetworkAction(std::string name) : name_(std::move(name)) {
  SPREADABLE_ASSERT(is_action_name(name_));
}

Result<void> NetworkAction::check(const Json&) const {
  return {};
}

Json NetworkAction::merge(const std::vector<Reply>& replies, const Json& query) const {
  return merges::concatenate(replies, query);
}

Json NetworkAction::merge_away(std::vector<Reply>& replies, const Json& query) const {
  return merge(replies, query);
}

Json NetworkAction::merge_slaves(std::vector<Reply>& replies, const Json& query,
                                 CallContext&) const {
  return merge_away(replies, query);
}

Json NetworkAction::merge_masters(std::vector<Reply>& replies, const Json& query,
                                  CallContext&) const {
  return merge_away(replies, query);
}

const Schema* NetworkAction::answer_schema(Answerer, const Json&) const {
  return nullptr;
}

std::optional<bool> NetworkAction::leaves_room(const Json&, const Reply&, const Json&) const {
  return std::nullopt;
}

FunctionAction& FunctionAction::check(Check check) {
  check_ = std::move(check);
  return *this;
}

FunctionAction& FunctionAction::local(Local local) {
  local_ = std::move(local);
  return *this;
}

FunctionAction& FunctionAction::merge(Merge merge) {
  merge_ = std::move(merge);
  return *this;
}

FunctionAction& FunctionAction::audit(Audit audit) {
  audit_ = std::move(audit);
  return *this;
}

FunctionAction& FunctionAction::signed_answers() {
  has_signed_answers_ = true;
  return *this;
}

FunctionAction& FunctionAction::internal() {
  is_for_clients_ = false;
  return *this;
}

FunctionAction& FunctionAction::needs_approval(std::string name) {
  approval_ = std::move(name);
  return *this;
}

Result<void> FunctionAction::check(const Json& query) const {
  return check_ ? check_(query) : NetworkAction::check(query);
}

Json FunctionAction::local(const Json& query, CallContext& call) {
  SPREADABLE_ASSERT(local_);  // an action without local() answers nothing
  return local_(query, call);
}

Json FunctionAction::merge(const std::vector<Reply>& replies, const Json& query) const {
  return merge_ ? merge_(replies, query) : NetworkAction::merge(replies, query);
}

Json FunctionAction::merge_away(std::vector<Reply>& replies, const Json& query) const {
  using Function = Json (*)(const std::vector<Reply>&, const Json&);
  const Function* const function = merge_.target<Function>();
  const bool concatenates = !merge_ || (function && *function == &merges::concatenate);
  return concatenates ? merges::concatenate_away(replies) : merge_(replies, query);
}

std::optional<bool> FunctionAction::leaves_room(const Json& merged, const Reply& reply,
                                                const Json& query) const {
  return audit_ ? audit_(merged, reply, query) : NetworkAction::leaves_room(merged, reply, query);
}

namespace merges {

Json sum(const std::vector<Reply>& replies, const Json&) {
  Json total = 0;
  for (const Reply& reply : replies) {
    if (reply.value.is_number()) total = add(total, reply.value);
  }
  return total;
}

Json sum_by_key(const std::vector<Reply>& replies, const Json&) {
  Json totals = Json::object();
  for (const Reply& reply : replies) {
    if (!reply.value.is_object()) continue;
    for (const auto& [key, value] : reply.value.items()) {
      if (!value.is_number()) continue;
      Json& total = totals[key];
      total = total.is_null() ? value : add(total, value);
    }
  }
  return totals;
}

Json concatenate(const std::vector<Reply>& replies, const Json&) {
  Json all = Json::array();
  for (const Reply& reply : replies) {
    if (reply.value.is_array()) {
      all.insert(all.end(), reply.value.begin(), reply.value.end());
    } else {
      all.push_back(reply.value);
    }
  }
  return all;
}

Json concatenate_away(std::vector<Reply>& replies) {
  Json all = Json::array();
  for (Reply& reply : replies) {
    if (reply.value.is_array()) {
      auto& to = all.get_ref<Json::array_t&>();
      auto& from = reply.value.get_ref<Json::array_t&>();
      to.insert(to.end(), std::move_iterator(from.begin()), std::move_iterator(from.end()));
      reply.value = nullptr;
    } else {
      all.push_back(std::move(reply.value));
    }
  }
  return all;
}

}  // namespace merges

namespace audits {

std::optional<bool> contains(const Json& merged, const Reply& reply, const Json&) {
  if (reply.value.is_array() && reply.value.empty()) return std::nullopt;
  if (!merged.is_array()) return false;
  if (!reply.value.is_array()) {
    return std::find(merged.begin(), merged.end(), reply.value) != merged.end();
  }
  // What a reply holds usually stands together in the merged answer, so each search begins where
  // the last one ended.
  auto from = merged.begin();
  return std::all_of(reply.value.begin(), reply.value.end(), [&](const Json& value) {
    auto found = std::find(from, merged.end(), value);
    if (found == merged.end()) {
      found = std::find(merged.begin(), from, value);
      if (found == from) return false;
    }
    from = found;
    return true;
  });
}

}  // namespace audits
}  // namespace spreadable
