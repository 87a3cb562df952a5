// How sync treats nodes that are not of ours: they speak the protocol and nothing more.
#include <doctest/doctest.h>

#include <list>

#include "core/wire.h"
#include "services/sync/sync.h"
#include "tests/support/local_network.h"

namespace spreadable {
namespace {

using std::chrono::seconds;

/// Answers as an upstream node with fixed lists does, and remembers who has registered with it.
class ForeignPeer final : public RequestHandler {
 public:
  Address address = *Address::parse("localhost:7500");
  std::vector<Address> slaves;
  std::vector<Address> masters;
  std::optional<Address> backlink;
  bool is_native = false;  ///< as one of our own
  std::vector<std::string> registered;

  WorkClass work_class(Method, std::string_view) const override { return WorkClass::leaf; }
  HttpResponse handle(HttpRequest request) override {
    HttpResponse response;
    if (is_native) response.headers.add(wire::kFeatures, wire::kOwnFeatures);
    if (request.path == "/api/node/structure") response.body = dump_json(structure());
    if (request.path == "/api/node/register") {
      registered.push_back(parse_json(request.body)->at("target"));
      response.body = R"({"size":1})";
    }
    if (request.path == "/api/node/get-interview-summary") {
      response.body = dump_json({{"summary", {{"address", address.text()}}}});
    }
    if (response.body.empty()) return error_response({Errc::not_found, "no route", {}});
    return response;
  }

 private:
  [[nodiscard]] Json structure() const {
    Json json{{"address", address.text()},
              {"backlink", nullptr},
              {"slaves", Json::array()},
              {"masters", Json::array()}};
    if (backlink) json["backlink"] = {{"address", backlink->text()}};
    for (const Address& slave : slaves) json["slaves"].push_back({{"address", slave.text()}});
    for (const Address& master : masters) {
      json["masters"].push_back({{"address", master.text()}, {"size", 1}});
    }
    return json;
  }
};

/// What node `index` of the network answers to `peer`.
Result<Json> ask(LocalNetwork& network, std::size_t index, const ForeignPeer& peer,
                 const char* path) {
  TransportRequest request{.to = LocalNetwork::address(index),
                           .method = Method::post,
                           .path = path,
                           .headers = {{wire::kOriginalAddress, peer.address.text()},
                                       {wire::kNodeVersion, "spreadable-0.3"},
                                       {wire::kNodeRoot, network.node(0).root()},
                                       {"content-type", "application/json"}},
                           .body = dump_json({{"target", peer.address.text()}})};
  const auto replies = network.outside().request_group(
      std::span(&request, 1), Deadline::after(network.clock(), seconds{1}));
  if (!replies.front()) return replies.front().error();
  if (replies.front()->status != 200) return Error{Errc::logical, replies.front()->body, {}};
  return parse_json(replies.front()->body);
}

Result<Json> register_at(LocalNetwork& network, std::size_t index, const ForeignPeer& peer) {
  return ask(network, index, peer, "/api/node/register");
}

Json provide_registration(LocalNetwork& network, std::size_t index, const ForeignPeer& peer) {
  const Result<Json> answer = ask(network, index, peer, "/api/node/provide-registration");
  REQUIRE_MESSAGE(answer, answer.error().message);
  return *answer;
}

/// The first node that has no slaves.
std::size_t a_leaf(LocalNetwork& network) {
  for (std::size_t i = 0; i < network.size(); ++i) {
    if (!network.node(i).peers().view()->is_master()) return i;
  }
  return 0;
}

}  // namespace

TEST_CASE("sync: foreign peer: a master that does not know us is joined by one of us") {
  ForeignPeer peer;
  const Address other = *Address::parse("localhost:7501");
  peer.slaves = {other};
  peer.backlink = other;
  peer.masters = {peer.address, other};
  LocalNetwork network;
  network.serve(peer.address, peer);
  network.start(6);
  REQUIRE(network.run_until([&] { return network.agrees_on(6); }, seconds{10}));
  for (std::size_t i = 0; i < 6; ++i) {
    network.node(i).book().mention(peer.address, network.clock().now());
  }
  CHECK(network.run_until([&] { return !peer.registered.empty(); }, 30 * network.interval()));
}

TEST_CASE("sync: foreign peer: a master that knows us is left alone") {
  ForeignPeer peer;
  peer.slaves = {*Address::parse("localhost:7501")};
  peer.backlink = *Address::parse("localhost:7501");
  peer.masters = {peer.address};
  for (std::size_t i = 0; i < 6; ++i) peer.masters.push_back(LocalNetwork::address(i));
  LocalNetwork network;
  network.serve(peer.address, peer);
  network.start(6);
  REQUIRE(network.run_until([&] { return network.agrees_on(6); }, seconds{10}));
  for (std::size_t i = 0; i < 6; ++i) {
    network.node(i).book().mention(peer.address, network.clock().now());
  }
  network.run_for(40 * network.interval());
  CHECK(peer.registered.empty());
}

TEST_CASE(
    "sync: foreign peer: a slave stays for some intervals even where it is one master too many") {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    INFO("seed ", seed);
    ForeignPeer peer;
    LocalNetwork network({.seed = seed});
    network.serve(peer.address, peer);
    network.start(9);
    REQUIRE(network.run_until([&] { return network.agrees_on(9); }, seconds{10}));
    network.run_for(10 * network.interval());
    const std::size_t leaf = a_leaf(network);
    REQUIRE(register_at(network, leaf, peer));
    peer.backlink = LocalNetwork::address(leaf);
    const TimePoint end = network.clock().now() + 2 * network.interval();
    while (network.clock().now() < end) {
      network.run_for(network.interval() / 10);
      REQUIRE(network.node(leaf).peers().view()->has_slave(peer.address));
    }
  }
}

TEST_CASE("sync: foreign peer: a master is not sent to its own slaves") {
  ForeignPeer peer;
  LocalNetwork network;
  network.serve(peer.address, peer);
  network.start(4);
  REQUIRE(network.run_until([&] { return network.agrees_on(4); }, seconds{10}));
  // It keeps all masters of ours, as those know.
  peer.slaves = network.masters();
  peer.backlink = LocalNetwork::address(0);
  peer.masters = {peer.address};
  for (const Address& master : network.masters()) peer.masters.push_back(master);
  for (std::size_t i = 0; i < 4; ++i) {
    network.node(i).book().mention(peer.address, network.clock().now());
  }
  network.run_for(3 * network.interval());
  const std::vector<Address> masters = network.masters();
  for (std::size_t i = 0; i < 4; ++i) {
    if (!network.node(i).peers().view()->is_master()) continue;
    const Json answer = provide_registration(network, i, peer);
    REQUIRE_FALSE(answer["results"].empty());
    for (const Json& entry : answer["results"]) {
      INFO(dump_json(entry));
      const auto named = Address::parse(entry["address"].get<std::string>());
      CHECK(std::find(peer.slaves.begin(), peer.slaves.end(), *named) == peer.slaves.end());
    }
  }
}

TEST_CASE("sync: foreign peer: a slave provides whom the joiner does not have in its own list") {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    INFO("seed ", seed);
    ForeignPeer peer;
    LocalNetwork network({.seed = seed});
    network.serve(peer.address, peer);
    network.start(9);
    REQUIRE(network.run_until([&] { return network.agrees_on(9); }, seconds{10}));
    network.run_for(10 * network.interval());
    const std::size_t leaf = a_leaf(network);
    // It keeps all masters and all that the provider learns from its own master.
    const auto near =
        network.node(leaf).known_lists().find(*network.node(leaf).peers().view()->backlink);
    REQUIRE(near);
    peer.slaves = network.masters();
    for (const Address& sibling : *near) {
      if (std::find(peer.slaves.begin(), peer.slaves.end(), sibling) == peer.slaves.end()) {
        peer.slaves.push_back(sibling);
      }
    }
    REQUIRE(peer.slaves.size() < 9);
    const Json answer = provide_registration(network, leaf, peer);
    REQUIRE(answer["results"].size() == 1);
    const auto named = Address::parse(answer["results"][0]["address"].get<std::string>());
    CHECK(std::find(peer.slaves.begin(), peer.slaves.end(), *named) == peer.slaves.end());
  }
}

TEST_CASE("sync: foreign peer: one that has nowhere else to go is kept") {
  ForeignPeer peer;
  LocalNetwork network;
  network.serve(peer.address, peer);
  network.start(9);
  REQUIRE(network.run_until([&] { return network.agrees_on(9); }, seconds{10}));
  network.run_for(10 * network.interval());
  const std::size_t leaf = a_leaf(network);
  // All other masters are in its own list, and it does not register with its own slaves.
  peer.slaves = network.masters();
  REQUIRE(register_at(network, leaf, peer));
  peer.backlink = LocalNetwork::address(leaf);
  peer.masters = {peer.address, LocalNetwork::address(leaf)};
  network.run_for(20 * network.interval());
  CHECK(network.node(leaf).peers().view()->has_slave(peer.address));
}

TEST_CASE("sync: foreign peer: a busy one is not taken for dead") {
  ForeignPeer peer;
  LocalNetwork network;
  network.serve(peer.address, peer);
  network.start(4);
  REQUIRE(network.run_until([&] { return network.agrees_on(4); }, seconds{10}));
  REQUIRE(register_at(network, 1, peer));
  peer.backlink = LocalNetwork::address(1);
  const auto is_listed = [&] { return network.node(1).peers().view()->has_slave(peer.address); };
  const auto port_offset =
      static_cast<std::size_t>(peer.address.port() - LocalNetwork::address(0).port());
  network.hang(port_offset);
  network.run_for(3 * network.interval());
  CHECK(is_listed());
  CHECK(network.run_until([&] { return !is_listed(); }, 20 * network.interval()));
}

TEST_CASE("sync: isolation: a slave whose master all others have banned finds back by itself") {
  ForeignPeer peer;
  std::optional<Address> believer;  // the one that has not banned the peer
  LocalNetwork::Options options;
  options.prepare = [&](Node& node) {
    node.add_screen({.check = [&](const Address& address, const IpAddress*) -> Result<void> {
                       if (!believer || address != peer.address || node.address() == *believer) {
                         return {};
                       }
                       return Error{Errc::denied, "banned", {}};
                     },
                     .needs_ip = [] { return false; }});
  };
  LocalNetwork network(options);
  network.start(12);
  REQUIRE(network.run_until([&] { return network.agrees_on(12); }, seconds{10}));
  network.run_for(10 * network.interval());
  const std::size_t leaf = a_leaf(network);
  believer = LocalNetwork::address(leaf);
  network.serve(peer.address, peer);
  peer.slaves = {*believer};
  peer.masters = {peer.address};
  network.node(leaf).peers().set_backlink(peer.address);
  network.run_for(5 * network.interval());
  REQUIRE(network.node(leaf).peers().view()->backlink == peer.address);
  CHECK(network.run_until([&] { return network.agrees_on(12); }, 60 * network.interval()));
}

TEST_CASE("sync: neighbourhoods: a list takes two slaves from one of the internet's") {
  LocalNetwork network;
  network.start(1);
  REQUIRE(network.run_until([&] { return !network.node(0).root().empty(); }, seconds{5}));
  struct Row {
    const char* ip;
    bool is_taken;
  };
  std::list<ForeignPeer> peers;
  for (const Row& row :
       {Row{"8.8.8.1", true}, Row{"8.8.8.2", true}, Row{"8.8.8.3", false}, Row{"8.8.9.3", true},
        Row{"10.0.0.1", true}, Row{"10.0.0.2", true}, Row{"10.0.0.3", true}}) {
    INFO(row.ip);
    peers.emplace_back().address = *Address::from_parts(row.ip, 7000);
    const ForeignPeer& peer = peers.back();
    network.serve(peer.address, peers.back());
    const HttpResponse response = network.respond(
        LocalNetwork::address(0), {.method = Method::post,
                                   .path = "/api/node/register",
                                   .query = {},
                                   .headers = {{wire::kOriginalAddress, peer.address.text()},
                                               {wire::kNodeRoot, network.node(0).root()},
                                               {"content-type", "application/json"}},
                                   .body = dump_json({{"target", peer.address.text()}}),
                                   .remote_ip = *IpAddress::parse(row.ip)});
    CHECK(network.node(0).peers().view()->has_slave(peer.address) == row.is_taken);
    CHECK(response.status == (row.is_taken ? 200 : 422));
  }
}

TEST_CASE("sync: neighbourhoods: all lists together take eight from one of the internet's") {
  LocalNetwork network;
  std::list<ForeignPeer> masters;
  network.start(2);
  REQUIRE(network.run_until([&] { return network.agrees_on(2); }, seconds{10}));
  const std::size_t asked = network.node(0).peers().view()->is_master() ? 0 : 1;
  Node& node = network.node(asked);
  // Four other masters with two of them each.
  KnownLists::Lists lists;
  std::vector<MasterEntry> entries;
  for (std::uint8_t i = 0; i < 4; ++i) {
    const Address master = *Address::from_parts("8.9." + std::to_string(i) + ".1", 7000);
    std::vector<Address> slaves;
    for (std::uint8_t k = 1; k <= 2; ++k) {
      slaves.push_back(
          *Address::from_parts("8.8.8." + std::to_string(10 * i + k), std::uint16_t{7000}));
    }
    entries.push_back({master, slaves.size()});
    lists.emplace(master, std::make_shared<const std::vector<Address>>(std::move(slaves)));
  }
  node.known_lists().update(lists, node.clock().now());
  node.peers().set_masters(entries);
  for (const auto& [ip, is_taken] : {std::pair("8.8.8.99", false), std::pair("8.8.9.99", true)}) {
    ForeignPeer& peer = masters.emplace_back();
    peer.address = *Address::from_parts(ip, 7000);
    network.serve(peer.address, peer);
    const HttpResponse response =
        network.respond(node.address(), {.method = Method::post,
                                         .path = "/api/node/register",
                                         .query = {},
                                         .headers = {{wire::kOriginalAddress, peer.address.text()},
                                                     {wire::kNodeRoot, node.root()},
                                                     {"content-type", "application/json"}},
                                         .body = dump_json({{"target", peer.address.text()}}),
                                         .remote_ip = *IpAddress::parse(ip)});
    CHECK(response.status == (is_taken ? 200 : 422));
  }
}

TEST_CASE("sync: neighbourhoods: who has eleven of one is no master, if it knows of the rule") {
  struct Row {
    std::uint8_t slaves;
    bool is_native;
    bool is_master;
  };
  for (const Row& row : {Row{10, true, true}, Row{11, true, false}, Row{11, false, true}}) {
    INFO(int{row.slaves}, " slaves, native: ", row.is_native);
    ForeignPeer peer;
    peer.is_native = row.is_native;
    peer.masters = {peer.address};
    for (std::uint8_t i = 1; i <= row.slaves; ++i) {
      peer.slaves.push_back(*Address::from_parts("8.8.8." + std::to_string(i), 7000));
    }
    LocalNetwork network;
    network.serve(peer.address, peer);
    network.start(4);
    REQUIRE(network.run_until([&] { return network.agrees_on(4); }, seconds{10}));
    const Address master = network.masters().front();
    Node& node = network.node(master.port() - LocalNetwork::address(0).port());
    node.book().mention(peer.address, network.clock().now());
    network.run_for(5 * network.interval());
    const MasterEntry* entry = node.peers().view()->find_master(peer.address);
    CHECK((entry != nullptr) == row.is_master);
    CHECK((node.known_lists().find(peer.address) != nullptr) == row.is_master);
  }
}

TEST_CASE("sync: structures: a peer that names itself as its own slave or master is not believed") {
  for (const bool is_slave : {true, false}) {
    INFO("as its slave: ", is_slave);
    ForeignPeer peer;
    LocalNetwork network;
    network.start(3);
    network.serve(peer.address, peer);
    REQUIRE(network.run_until([&] { return network.agrees_on(3); }, seconds{10}));
    REQUIRE(register_at(network, 0, peer));
    const auto is_listed = [&] { return network.node(0).peers().view()->has_slave(peer.address); };
    REQUIRE(is_listed());
    if (is_slave) {
      peer.backlink = LocalNetwork::address(0);
      peer.slaves = {peer.address};
    } else {
      peer.backlink = peer.address;
    }
    network.run_for(5 * network.interval());
    CHECK_FALSE(is_listed());
    CHECK_FALSE(network.node(0).peers().view()->find_master(peer.address));
  }
}

}  // namespace spreadable
