#include "services/sync/structure_cache.h"

#include <doctest/doctest.h>

#include "core/wire.h"
#include "tests/support/local_network.h"

namespace spreadable {
namespace {

Address at(std::size_t port) {
  return *Address::from_parts("localhost", static_cast<std::uint16_t>(port));
}

StructureCache::Entry entry_of(const Address& address) {
  Structure structure;
  structure.address = address;
  return std::make_shared<const Structure>(std::move(structure));
}

/// A structure request of node 1 to node 0.
HttpRequest question(LocalNetwork& network, Headers extra) {
  HttpRequest request{.method = Method::post,
                      .path = "/api/node/structure",
                      .query = {},
                      .headers = std::move(extra),
                      .body = {},
                      .remote_ip = IpAddress::loopback()};
  request.headers.add(wire::kOriginalAddress, network.address(1).text());
  request.headers.add(wire::kNodeVersion, wire::kVersion);
  request.headers.add(wire::kNodeRoot, network.address(0).text());
  return request;
}

const std::string kFeatures(wire::kFeatures);
const std::string kIfNoneMatch(wire::kIfNoneMatch);

}  // namespace

TEST_CASE(
    "structure cache: entries: are those of one peer and tag, for as long as somebody has them") {
  StructureCache cache;
  auto kept = entry_of(at(1));
  cache.note(at(1), "a", kept);
  CHECK(cache.find(at(1), "a") == kept);
  CHECK(cache.find(at(1), "b") == nullptr);
  CHECK(cache.find(at(2), "a") == nullptr);
  cache.note(at(1), "b", kept);
  CHECK(cache.find(at(1), "a") == nullptr);
  kept.reset();
  CHECK(cache.find(at(1), "b") == nullptr);
}

TEST_CASE("structure cache: size: peers whose lists nobody has any more are forgotten") {
  StructureCache cache;
  const auto kept = entry_of(at(1));
  cache.note(at(1), "a", kept);
  for (std::size_t i = 2; i < 10'000; ++i) cache.note(at(i), "a", entry_of(at(i)));
  CHECK(cache.size() <= 64);
  CHECK(cache.find(at(1), "a") == kept);
}

TEST_CASE("structure: tags: a node of ours is not sent again what it has, another always is") {
  LocalNetwork network;
  network.start(4);
  REQUIRE(network.run_until([&] { return network.agrees_on(4); }, std::chrono::seconds{30}));
  const Address peer = network.address(0);
  const HttpResponse whole = network.respond(peer, question(network, {{kFeatures, "x"}}));
  REQUIRE(whole.status == 200);
  const auto tag = whole.headers.find(wire::kTag);
  REQUIRE(tag);
  const Headers known{{kFeatures, "x"}, {kIfNoneMatch, *tag}};
  const HttpResponse again = network.respond(peer, question(network, known));
  CHECK(again.status == 304);
  CHECK(again.body.empty());

  const HttpResponse foreign = network.respond(peer, question(network, {{kIfNoneMatch, *tag}}));
  CHECK(foreign.status == 200);
  CHECK(foreign.body == whole.body);
  CHECK_FALSE(foreign.headers.find(wire::kTag));

  network.kill(3);
  REQUIRE(network.run_until([&] { return network.agrees_on(3); }, std::chrono::seconds{60}));
  CHECK(network.respond(peer, question(network, known)).status == 200);
}

TEST_CASE("structure: tags: those of before a restart mean nothing after it") {
  LocalNetwork network;
  network.start(2);
  REQUIRE(network.run_until([&] { return network.agrees_on(2); }, std::chrono::seconds{30}));
  const auto ask = [&](const std::string& tag) {
    return network.respond(network.address(0),
                           question(network, {{kFeatures, "x"}, {kIfNoneMatch, tag}}));
  };
  const std::string before(*ask("").headers.find(wire::kTag));
  CHECK(ask(before).status == 304);
  network.kill(0);
  network.restart(0);
  REQUIRE(network.run_until([&] { return network.agrees_on(2); }, std::chrono::seconds{60}));
  CHECK(ask(before).status == 200);
}

}  // namespace spreadable
