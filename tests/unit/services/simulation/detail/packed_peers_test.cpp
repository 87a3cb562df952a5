#include "services/simulation/detail/packed_peers.h"

#include <doctest/doctest.h>

#include <chrono>
#include <string>
#include <vector>

namespace spreadable::detail {
namespace {

using namespace std::chrono_literals;

Address address(const std::string& text) {
  return *Address::parse(text);
}

}  // namespace

TEST_CASE("simulation: packed peers: every field comes back as it was, in order") {
  const WallTime begun{1'700'000'000s};
  const std::vector<PeerRecord> peers{
      {.address = address("10.0.0.1:80"), .is_master = true, .seen_at = begun},
      {.address = address("10.0.0.2:80"), .is_slave = true, .seen_at = begun},
      {.address = address("[2001:0db8:0000:0000:0000:0000:0000:0001]:65535"),
       .is_backlink = true,
       .seen_at = begun + 1ms},
      {.address = address("node.example.com:1"),
       .is_master = true,
       .is_slave = true,
       .is_backlink = true},
      {.address = address("10.0.0.3:80"), .seen_at = begun - 1h},
      {.address = Address()}};
  CHECK(PackedPeers(peers).unpack() == peers);
}

TEST_CASE("simulation: packed peers: an empty list stays empty") {
  CHECK(PackedPeers({}).unpack().empty());
}

TEST_CASE("simulation: packed peers: a host may be as long as names get") {
  std::string host;
  while (host.size() < 248) host += "abc.";
  const std::vector<PeerRecord> peers{{.address = address(host + "org:80")}};
  CHECK(PackedPeers(peers).unpack() == peers);
}

}  // namespace spreadable::detail
