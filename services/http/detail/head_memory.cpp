#include "services/http/detail/head_memory.h"

#include <algorithm>
#include <functional>
#include <utility>

namespace spreadable::detail {

Result<RequestHead> HeadMemory::read(std::string_view text, std::size_t fields_max) {
  for (const Known& known : known_) {
    if (known.text == text && known.head.headers.size() <= fields_max) return known.head;
  }
  Result<RequestHead> head = parse_request_head(text, fields_max);
  if (head && text.size() <= kBytesMax && has_come_before(text)) keep(text, *head);
  return head;
}

void HeadMemory::keep(std::string_view text, const RequestHead& head) {
  if (known_.size() < kHeads) {
    known_.push_back({std::string(text), head});
    return;
  }
  known_[next_known_] = {std::string(text), head};
  next_known_ = (next_known_ + 1) % kHeads;
}

/// Takes it for one that has come, if not.
bool HeadMemory::has_come_before(std::string_view text) {
  const std::size_t hash = std::hash<std::string_view>()(text);
  const auto seen = std::find(seen_.begin(), seen_.end(), hash);
  if (seen != seen_.end()) {
    *seen = 0;
    return true;
  }
  seen_[next_seen_] = hash;
  next_seen_ = (next_seen_ + 1) % kHeads;
  return false;
}

}  // namespace spreadable::detail
