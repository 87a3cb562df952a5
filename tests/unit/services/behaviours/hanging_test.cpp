// What nodes that never answer can do to a network.
#include <doctest/doctest.h>

#include "tests/unit/services/behaviours/watched_network.h"

namespace spreadable {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

}  // namespace

TEST_CASE("hanging nodes: a fifth of all: traversals go round them, and they are out in 240 s") {
  for (const std::uint64_t seed : {1U, 2U}) {
    INFO("seed ", seed);
    HostileNetwork field(audited_network(seed));
    field.form(50);
    while (field.hostile().size() < 10) {
      field.hang(LocalNetwork::address(field.network().random().below(50)));
    }
    double sum = 0;
    constexpr int kIntervals = 15;
    for (int i = 0; i < kIntervals; ++i) {
      sum += field.completeness();
      field.network().run_for(field.interval());
    }
    CHECK(sum / kIntervals >= 0.99);
    CHECK(field.slowest() <= seconds{4} + milliseconds{500});
    CHECK(field.removed() == 1);
    CHECK(field.completeness() == 1);
    CHECK(field.false_bans() == 0);
  }
}

TEST_CASE("hanging nodes: masters that hang in the middle of a traversal are stood in for") {
  HostileNetwork field(audited_network(3));
  field.form(50);
  for (const Address& master : field.fifth_of_masters()) field.hang(master);
  CHECK(field.completeness() >= 0.99);
  CHECK(field.slowest() <= seconds{4} + milliseconds{500});
}

}  // namespace spreadable
