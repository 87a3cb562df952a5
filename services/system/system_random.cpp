#include "services/system/system_random.h"

#include <sys/random.h>

#include <cerrno>
#include <system_error>

namespace spreadable {
namespace {

constexpr std::uint64_t kGoldenGamma = 0x9e3779b97f4a7c15;

std::uint64_t system_seed() {
  std::uint64_t seed = 0;
  ssize_t got = 0;
  do {
    got = ::getrandom(&seed, sizeof seed, 0);
  } while (got < 0 && errno == EINTR);
  if (got != static_cast<ssize_t>(sizeof seed)) {
    throw std::system_error(errno, std::generic_category(), "no seed from the operating system");
  }
  return seed;
}

}  // namespace

std::uint64_t SeededRandom::next() {
  std::uint64_t z = state_.fetch_add(kGoldenGamma, std::memory_order_relaxed) + kGoldenGamma;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

SystemRandom::SystemRandom() : SeededRandom(system_seed()) {}

}  // namespace spreadable
