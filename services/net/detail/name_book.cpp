#include "services/net/detail/name_book.h"

#include <utility>

namespace spreadable::detail {

std::optional<IpAddress> NameBook::find(const std::string& name, TimePoint now) const {
  const auto entry = entries_.find(name);
  if (entry == entries_.end() || now - entry->second.found_at >= lifetime_) return std::nullopt;
  return entry->second.ip;
}

bool NameBook::wait(Exchange& exchange) {
  Entry& entry = entries_[exchange.name];
  exchange.state = Exchange::State::naming;
  entry.waiting.push_back(&exchange);
  return !std::exchange(entry.is_asked, true);
}

void NameBook::leave(Exchange& exchange) {
  std::erase(entries_[exchange.name].waiting, &exchange);
}

std::vector<Exchange*> NameBook::arrive(const std::string& name, const Result<IpAddress>& found,
                                        TimePoint now) {
  if (entries_.size() > kNamesMax) {
    std::erase_if(entries_, [](const auto& entry) { return !entry.second.is_asked; });
  }
  Entry& entry = entries_[name];
  std::vector<Exchange*> waiting = std::move(entry.waiting);
  if (found) {
    entry = {.ip = *found, .found_at = now, .is_asked = false, .waiting = {}};
  } else {
    entries_.erase(name);  // failures are for the resolver to remember
  }
  return waiting;
}

}  // namespace spreadable::detail
