#include "core/answer_memory.h"

#include <algorithm>
#include <vector>

#include "core/assert.h"

namespace spreadable {
namespace {

Error no_memory() {
  return {Errc::overloaded,
          "answers of other traversals hold the memory that this one needs, which option "
          "\"request.traversalMemory\" of this node limits; try later",
          {}};
}

}  // namespace

AnswerMemory::Hold::~Hold() {
  if (memory_) resize(0);
}

void AnswerMemory::Hold::resize(std::uint64_t bytes) {
  SPREADABLE_ASSERT(memory_);
  const Claim before = claim_;
  claim_.bytes = bytes;
  if (bytes != before.bytes) memory_->replace(before, claim_);
}

Result<AnswerMemory::Hold> AnswerMemory::take(Claim claim, Deadline deadline) {
  if (!is_large(claim)) {
    held_ += claim.bytes;
  } else if (const auto wait = try_let_in(claim)) {
    if (!wait->until(deadline) && leave(claim, *wait)) return no_memory();
  }
  return Hold(shared_from_this(), claim);
}

bool AnswerMemory::has_room(const Claim& claim) const {
  if (large_[index(claim)] == 0 || !is_large(claim)) return true;
  if (claim.stage == Stage::master) return held_ + claim.bytes <= claim.bytes_max;
  const bool is_wanted_by_masters = !queues_[static_cast<std::size_t>(Stage::master)].empty();
  const std::uint64_t bytes_max = claim.bytes_max - claim.bytes_max / kMasterShare;
  return !is_wanted_by_masters && held_ + claim.bytes <= bytes_max;
}

void AnswerMemory::let_in(const Claim& claim) {
  held_ += claim.bytes;
  if (is_large(claim)) ++large_[index(claim)];
}

/// The wait of one that has to; nothing when it is in.
std::shared_ptr<Wait> AnswerMemory::try_let_in(Claim& claim) {
  const MutexLock lock(mutex_);
  Queue& queue = queues_[index(claim)];
  // Before the look at what is held: whoever gives back some looks for somebody waiting after it.
  ++waiting_count_;
  if (queue.empty() && has_room(claim)) {
    --waiting_count_;
    let_in(claim);
    return nullptr;
  }
  queue.push_back({claim, waits_->make()});
  return queue.back().wait;
}

/// False when it has been let in meanwhile.
bool AnswerMemory::leave(const Claim& claim, const Wait& wait) {
  {
    const MutexLock lock(mutex_);
    Queue& queue = queues_[index(claim)];
    const auto place = std::find_if(queue.begin(), queue.end(),
                                    [&](const Waiting& item) { return item.wait.get() == &wait; });
    if (place == queue.end()) return false;
    queue.erase(place);
    --waiting_count_;
  }
  let_in_waiting();  // those behind it may need less
  return true;
}

/// A hold changes, or ends with no bytes.
void AnswerMemory::replace(const Claim& before, const Claim& after) {
  held_ += after.bytes - before.bytes;  // modulo 2^64
  if (is_large(before) != is_large(after)) {
    const MutexLock lock(mutex_);
    std::size_t& count = large_[index(after)];
    is_large(after) ? ++count : --count;
  }
  if (waiting_count_ > 0 && after.bytes < before.bytes) let_in_waiting();
}

void AnswerMemory::let_in_waiting() {
  std::vector<std::shared_ptr<Wait>> ended;
  {
    const MutexLock lock(mutex_);
    for (const Stage stage : {Stage::master, Stage::coordinator}) {
      Queue& queue = queues_[static_cast<std::size_t>(stage)];
      while (!queue.empty()) {
        Claim& claim = queue.front().claim;
        if (claim.expected) claim.bytes = claim.expected->bytes(stage, claim.bytes_max);
        if (!has_room(claim)) break;
        let_in(claim);
        ended.push_back(std::move(queue.front().wait));
        queue.pop_front();
        --waiting_count_;
      }
    }
  }
  for (const auto& wait : ended) wait->end();
}

std::uint64_t ExpectedMemory::bytes(AnswerMemory::Stage stage, std::uint64_t bytes_max) const {
  const std::uint64_t bytes = bytes_.load(std::memory_order_relaxed);
  if (bytes > 0) return bytes;
  const bool is_master = stage == AnswerMemory::Stage::master;
  return bytes_max / (is_master ? kUnknownMasterShare : kUnknownShare);
}

void ExpectedMemory::note(std::uint64_t bytes) {
  const std::uint64_t before = bytes_.load(std::memory_order_relaxed);
  const std::uint64_t after =
      std::max({bytes, before - before / kForgottenShare, std::uint64_t{1}});
  // Two notes at the same time may lose one of them, which the next one makes good.
  if (after != before) bytes_.store(after, std::memory_order_relaxed);
}

}  // namespace spreadable
