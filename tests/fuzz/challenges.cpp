// Numbers used once. The input changes a true challenge; each of its bytes is the next count that
// the sender uses, as a step forward or back.
#include "services/identity/challenges.h"

#include <set>

#include "tests/fuzz/fuzz.h"

namespace spreadable {
namespace {

const Address kSender = *Address::parse("sender.example:1");
const TimePoint kNow{std::chrono::hours{24}};

/// What Challenges promises, said as simply as can be.
class Model {
 public:
  bool use(std::uint64_t count) {
    highest_ = std::max(highest_, count);
    if (highest_ - count >= Challenges::kWindow) return false;
    return seen_.insert(count).second;
  }

 private:
  std::uint64_t highest_ = 0;
  std::set<std::uint64_t> seen_;
};

std::uint64_t next(std::uint64_t count, std::uint8_t byte) {
  if (byte == 0xff) return count + Challenges::kWindow - 1;
  if (byte == 0xfe) return count + (std::uint64_t{1} << 60);
  if (byte == 0xfd) return count - (Challenges::kWindow - 1);
  return count + byte - 64;
}

void check_uses(Challenges& challenges, const std::string& challenge, std::string_view bytes) {
  Model model;
  std::uint64_t count = 0;
  while (!bytes.empty()) {
    count = next(count, fuzz::cut_byte(bytes));
    SPREADABLE_ASSERT(challenges.use(kSender, challenge, count) == model.use(count));
  }
}

}  // namespace

void fuzz::run(std::string_view input) {
  static Challenges maker;
  static const std::string challenge = maker.make(kSender, kNow);
  SPREADABLE_ASSERT(maker.is_valid(kSender, challenge, kNow));
  SPREADABLE_ASSERT(!maker.is_valid(kSender, challenge, kNow + Challenges::kLifetime + Millis{1}));
  // libFuzzer watches comparisons, and may learn the challenge from the one below.
  SPREADABLE_ASSERT(maker.is_valid(kSender, input, kNow) == (input == challenge));
  std::string other = challenge;
  for (std::size_t i = 0; i < std::min(other.size(), input.size()); ++i) {
    other[i] = static_cast<char>(other[i] ^ input[i]);
  }
  SPREADABLE_ASSERT(maker.is_valid(kSender, other, kNow) == (other == challenge));

  Challenges fresh = maker;
  check_uses(fresh, challenge, input);
  SPREADABLE_ASSERT(fresh.senders() <= 1);
}

}  // namespace spreadable
