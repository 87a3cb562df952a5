// Whom a calm network accepts as a new master.
#include <doctest/doctest.h>

#include <algorithm>
#include <list>
#include <utility>

#include "core/wire.h"
#include "services/sync/sync.h"
#include "tests/support/local_network.h"

namespace spreadable {
namespace {

using std::chrono::seconds;

Address outside(std::size_t number) {
  return *Address::from_parts("localhost", static_cast<std::uint16_t>(7'500 + number));
}

/// A master of ours that tells whatever it is given.
class Claimant final : public RequestHandler {
 public:
  Claimant(Address address, Address slave)
      : address_(std::move(address)), slave_(std::move(slave)) {}

  std::vector<MasterEntry> masters;

  [[nodiscard]] const Address& address() const { return address_; }
  WorkClass work_class(Method, std::string_view) const override { return WorkClass::leaf; }
  HttpResponse handle(HttpRequest request) override {
    if (request.path != "/api/node/structure") return error_response({Errc::not_found, "none", {}});
    const Json slave{{"address", slave_.text()}};
    Json body{{"address", address_.text()},
              {"backlink", slave},
              {"slaves", Json::array({slave})},
              {"masters", Json::array()}};
    for (const MasterEntry& master : masters) {
      body["masters"].push_back({{"address", master.address.text()}, {"size", master.size}});
    }
    HttpResponse response{.body = dump_json(body)};
    response.headers.add(wire::kFeatures, wire::kOwnFeatures);
    return response;
  }

 private:
  const Address address_;
  const Address slave_;
};

/// Thirty nodes that have long been one network, and claimants beside it.
class Scene {
 public:
  Scene() {
    network_.start(30);
    REQUIRE(network_.run_until([&] { return network_.agrees_on(30); }, seconds{10}));
    network_.run_for(12 * network_.interval());
  }

  [[nodiscard]] MasterList masters() { return judge().peers().view()->masters; }
  Claimant& add_claimant() {
    const std::size_t number = 2 * claimants_.size();
    return add_claimant(outside(number), outside(number + 1));
  }
  Claimant& add_claimant(const Address& address, const Address& slave) {
    claimants_.emplace_back(address, slave);
    network_.serve(claimants_.back().address(), claimants_.back());
    return claimants_.back();
  }
  std::list<Claimant>& claimants() { return claimants_; }
  /// Whether a master has accepted all claimants after it has heard of them.
  bool accepts() {
    for (const Claimant& claimant : claimants_) {
      judge().book().mention(claimant.address(), network_.clock().now());
    }
    return network_.run_until([&] { return count_accepted() == claimants_.size(); },
                              6 * network_.interval());
  }
  [[nodiscard]] std::size_t count_accepted() {
    const auto view = judge().peers().view();
    return static_cast<std::size_t>(
        std::count_if(claimants_.begin(), claimants_.end(), [&](const Claimant& claimant) {
          return view->find_master(claimant.address()) != nullptr;
        }));
  }

 private:
  /// The first master of the network.
  Node& judge() {
    const Address master = network_.masters().front();
    return network_.node(static_cast<std::size_t>(master.port() - LocalNetwork::address(0).port()));
  }

  LocalNetwork network_;
  std::list<Claimant> claimants_;
};

}  // namespace

TEST_CASE("sync: claimants: who tells what all others tell becomes a master") {
  Scene scene;
  Claimant& claimant = scene.add_claimant();
  for (const MasterEntry& master : scene.masters()) claimant.masters.push_back(master);
  claimant.masters.push_back({claimant.address(), 1});
  CHECK(scene.accepts());
}

TEST_CASE("sync: claimants: a newcomer that knows hardly anybody yet becomes a master") {
  Scene scene;
  Claimant& claimant = scene.add_claimant();
  claimant.masters = {*scene.masters().begin(), {claimant.address(), 1}};
  CHECK(scene.accepts());
}

TEST_CASE("sync: claimants: newcomers of one neighbourhood have ten places between them") {
  Scene scene;
  const auto neighbour = [](int number) {
    return *Address::from_parts("9.9.2." + std::to_string(number), std::uint16_t{7'000});
  };
  for (int i = 0; i < 8; ++i) {
    Claimant& claimant = scene.add_claimant(neighbour(2 * i), neighbour(2 * i + 1));
    claimant.masters = {{claimant.address(), 1}};
  }
  CHECK_FALSE(scene.accepts());
  CHECK(scene.count_accepted() == 5);
}

TEST_CASE("sync: claimants: who tells of other sizes, or hides masters, becomes none") {
  for (const bool is_hiding : {false, true}) {
    INFO("hides masters: ", is_hiding);
    Scene scene;
    Claimant& claimant = scene.add_claimant();
    for (const MasterEntry& master : scene.masters()) {
      claimant.masters.push_back({master.address, is_hiding ? master.size : 20 * master.size});
    }
    if (is_hiding) claimant.masters.resize(2);
    claimant.masters.push_back({claimant.address(), 1});
    REQUIRE(claimant.masters.size() >= 3);
    CHECK_FALSE(scene.accepts());
  }
}

TEST_CASE("sync: claimants: who names masters that are not there becomes none") {
  Scene scene;
  Claimant& claimant = scene.add_claimant();
  for (const MasterEntry& master : scene.masters()) claimant.masters.push_back(master);
  for (std::size_t i = 0; i < 3; ++i) claimant.masters.push_back({outside(100 + i), 1});
  CHECK_FALSE(scene.accepts());
}

TEST_CASE("sync: claimants: another network whose masters are there is joined with ours") {
  Scene scene;
  for (int i = 0; i < 4; ++i) scene.add_claimant();
  for (Claimant& claimant : scene.claimants()) {
    for (const Claimant& other : scene.claimants()) {
      claimant.masters.push_back({other.address(), 1});
    }
  }
  CHECK(scene.accepts());
}

}  // namespace spreadable
