#include "core/client.h"

#include <doctest/doctest.h>

#include "core/wire.h"
#include "services/system/system_random.h"
#include "tests/support/local_network.h"
#include "tests/support/manual_clock.h"

namespace spreadable {
namespace {

using std::chrono::seconds;

/// Four nodes with action `who`, which tells who coordinated, and a client.
struct Site {
  LocalNetwork network{{.prepare = [](Node& node) {
    node.add_action("who").local([&node](const Json&, CallContext&) -> Json {
      return Json::array({node.address().text()});
    });
  }}};

  Site() {
    network.start(4);
    REQUIRE(network.run_until([&] { return network.agrees_on(4); }, seconds{10}));
  }
  std::unique_ptr<Client> client(Client::Options options, Scheduler* scheduler = nullptr) {
    return std::make_unique<Client>(
        std::move(options),
        Client::Parts{network.outside(), network.clock(), network.random(), scheduler});
  }
};

const Address kNobody = *Address::parse("localhost:7999");

}  // namespace

TEST_CASE("client: init: takes an address that answers, names those that do not") {
  Site site;
  const auto lucky = site.client({.address = {kNobody, LocalNetwork::address(2)}});
  REQUIRE(lucky->init());
  CHECK(lucky->worker() == LocalNetwork::address(2));
  const auto lost = site.client({.address = {kNobody}});
  const Result<void> failed = lost->init();
  REQUIRE_FALSE(failed);
  CHECK(failed.error().message == "none of the given nodes answers: localhost:7999");
}

TEST_CASE("client: init: what is wrong with the machine itself is told as it is") {
  struct BrokenTransport final : Transport {
    std::vector<Result<TransportReply>> request_group(std::span<const TransportRequest> requests,
                                                      Deadline,
                                                      const std::function<void()>&) override {
      return {requests.size(), Error{Errc::io, "no library", {}}};
    }
  };
  BrokenTransport transport;
  ManualClock clock;
  SeededRandom random(1);
  Client client({.address = {kNobody, LocalNetwork::address(0)}}, {transport, clock, random});
  const Result<void> failed = client.init();
  REQUIRE_FALSE(failed);
  CHECK(failed.error() == Error{Errc::io, "no library", {}});
}

TEST_CASE("client: worker: changes to a node that the network names") {
  Site site;
  const auto client = site.client({.address = {LocalNetwork::address(0)}});
  REQUIRE(client->init());
  std::set<Address> workers;
  for (int i = 0; i < 40; ++i) {
    REQUIRE(client->change_worker());
    workers.insert(client->worker());
  }
  CHECK(workers.size() == 4);
}

TEST_CASE("client: worker: stays where the network has nobody else to offer") {
  Site site;
  const auto client = site.client({.address = {LocalNetwork::address(0)}});
  REQUIRE(client->init());
  site.network.kill(0);
  CHECK_FALSE(client->change_worker());
  CHECK(client->worker() == LocalNetwork::address(0));
}

TEST_CASE("client: worker: changes by itself at its interval") {
  Site site;
  FakeScheduler scheduler(site.network.clock());
  const auto client =
      site.client({.address = {LocalNetwork::address(0)}, .task = {seconds{30}}}, &scheduler);
  REQUIRE(client->init());
  const std::uint64_t before = site.network.requests();
  scheduler.run_for(seconds{29});
  CHECK(site.network.requests() == before);
  scheduler.run_for(seconds{2});
  CHECK(site.network.requests() > before);
}

TEST_CASE("client: group: results come in order, who is gone costs its own slot") {
  Site site;
  const auto client = site.client({.address = {LocalNetwork::address(0)}});
  REQUIRE(client->init());
  const std::vector<Client::GroupItem> items{{LocalNetwork::address(1), "who"},
                                             {kNobody, "who"},
                                             {LocalNetwork::address(2), "no-such-route"}};
  const auto answers = client->request_group(items);
  REQUIRE(answers.size() == 3);
  REQUIRE(answers[0]);
  CHECK((*answers[0])["value"].size() == 4);
  CHECK(answers[1].error().code == Errc::unreachable);
  CHECK(answers[2].error().code == Errc::not_found);
}

TEST_CASE("client: failover: a lost worker is replaced for the next call, posts are not repeated") {
  Site site;
  const auto client =
      site.client({.address = {LocalNetwork::address(1), LocalNetwork::address(2)}});
  REQUIRE(client->init());
  const Address first = client->worker();
  site.network.kill(static_cast<std::size_t>(first.port() - LocalNetwork::address(0).port()));
  CHECK(client->request("get-available-node", Json::object()).error().code == Errc::unreachable);
  CHECK(client->worker() != first);
  CHECK(client->request("get-available-node", Json::object()));
}

TEST_CASE("client: failover: a get goes to another node at once") {
  Site site;
  const auto client =
      site.client({.address = {LocalNetwork::address(1), LocalNetwork::address(2)}});
  REQUIRE(client->init());
  site.network.kill(
      static_cast<std::size_t>(client->worker().port() - LocalNetwork::address(0).port()));
  CHECK(client->get("/status"));
}

TEST_CASE("client: approval info: one without answer is not sent, the question stays at home") {
  Site site;
  const auto client = site.client({.address = {LocalNetwork::address(0)}});
  REQUIRE(client->init());
  const std::uint64_t before = site.network.requests();
  const auto refused =
      client->request("who", Json::object(), {.approval_info = {{"question", "q"}}});
  CHECK(refused.error().code == Errc::invalid_argument);
  CHECK(site.network.requests() == before);
  CHECK(client->traverse("who", Json::object(), {.approval_info = {{"answer", "a"}}}));
}

TEST_CASE("client: approval question: an unknown approval is the network's own error") {
  Site site;
  const auto client = site.client({.address = {LocalNetwork::address(0)}});
  REQUIRE(client->init());
  const auto question = client->get_approval_question("captcha");
  REQUIRE_FALSE(question);
  CHECK(question.error().code == Errc::not_found);  // these nodes hold no votes at all
}

}  // namespace spreadable
