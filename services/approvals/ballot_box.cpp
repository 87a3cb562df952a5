#include "services/approvals/ballot_box.h"

#include <algorithm>
#include <utility>

namespace spreadable {

void BallotBox::put(Ballot ballot) {
  const MutexLock lock(mutex_);
  const auto known = std::find_if(ballots_.begin(), ballots_.end(), [&](const Ballot& other) {
    return other.key == ballot.key && other.client_ip == ballot.client_ip &&
           other.action == ballot.action;
  });
  if (known != ballots_.end()) {
    ballot.used_by = std::move(known->used_by);
    ballots_.erase(known);
  }
  const TimePoint now = clock_.now();
  ballots_.remove_if([&](const Ballot& other) { return other.expires_at <= now; });
  make_room(ballot.client_ip);
  ballot.expires_at = now + ballot.lifetime;
  ballots_.push_back(std::move(ballot));
}

void BallotBox::make_room(const IpAddress& ip) {
  const auto is_of_ip = [&](const Ballot& ballot) { return ballot.client_ip == ip; };
  const auto count = std::count_if(ballots_.begin(), ballots_.end(), is_of_ip);
  if (static_cast<std::size_t>(count) >= limits_.per_ip_max) {
    ballots_.erase(std::find_if(ballots_.begin(), ballots_.end(), is_of_ip));
  }
  if (ballots_.size() >= limits_.ballots_max) ballots_.pop_front();
}

std::size_t BallotBox::visit_if(const std::function<bool(const Ballot&)>& matches,
                                const std::function<void(Ballot&)>& visit) {
  const MutexLock lock(mutex_);
  const TimePoint now = clock_.now();
  std::size_t count = 0;
  for (Ballot& ballot : ballots_) {
    if (ballot.expires_at <= now || !matches(ballot)) continue;
    ballot.expires_at = now + ballot.lifetime;
    visit(ballot);
    ++count;
  }
  return count;
}

std::size_t BallotBox::visit(const std::string& action, const std::string& key,
                             const std::function<void(Ballot&)>& visit) {
  return visit_if(
      [&](const Ballot& ballot) { return ballot.key == key && ballot.action == action; }, visit);
}

std::size_t BallotBox::visit(const std::string& key, const IpAddress& ip,
                             const std::function<void(Ballot&)>& visit) {
  return visit_if([&](const Ballot& ballot) { return ballot.key == key && ballot.client_ip == ip; },
                  visit);
}

std::size_t BallotBox::size() const {
  const MutexLock lock(mutex_);
  return ballots_.size();
}

}  // namespace spreadable
