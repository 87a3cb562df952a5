#include "services/simulation/virtual_network.h"

#include <doctest/doctest.h>

#include <deque>
#include <string>

namespace spreadable {
namespace {

using namespace std::chrono_literals;

constexpr Duration kOneWay = 25ms;
constexpr Duration kRoundTrip = 50ms;

/// Answers with what it was asked, after a while.
class Echo final : public RequestHandler {
 public:
  Echo(VirtualTime& time, MachineId machine) : time_(time), machine_(machine) {}
  WorkClass work_class(Method, std::string_view) const override { return WorkClass::leaf; }
  HttpResponse handle(HttpRequest request) override {
    ++requests;
    if (pause > Duration::zero()) time_.sleep(machine_, pause);
    HttpResponse response{.body = request.path + "?" + request.query + " " + request.body};
    response.headers.add("from", request.remote_ip.text());
    return response;
  }
  int requests = 0;
  Duration pause{};

 private:
  VirtualTime& time_;
  const MachineId machine_;
};

/// Three machines with a server each, on a network without chance.
class World {
 public:
  explicit World(NetworkConditions conditions = {.pair_spread = 0, .jitter = 0}) {
    network.set_conditions(conditions);
    for (std::uint16_t i = 0; i < 3; ++i) {
      const MachineId machine = time.add_machine();
      clocks.emplace_back(time, std::chrono::hours{i});
      network.attach(machine, *IpAddress::parse("10.0.0." + std::to_string(machine)), 80,
                     clocks.back());
      network.add_name("m" + std::to_string(machine) + ".nodes.test", machine);
      echoes.emplace_back(time, machine);
      servers.push_back(network.make_server(machine));
      REQUIRE(servers.back()->start({.port = 80}, echoes.back()));
    }
  }
  ~World() {
    for (const auto& server : servers) server->stop(Deadline(time.now()));
  }

  static TransportRequest request(MachineId to, std::string body = "body") {
    return {.to = *Address::from_parts("10.0.0." + std::to_string(to), 80),
            .path = "/path?query",
            .body = std::move(body)};
  }
  /// One request from machine 1, outside of fibers: time passes meanwhile.
  Result<TransportReply> ask(const TransportRequest& request, Duration timeout = 2s) {
    const auto transport = network.make_transport(1);
    const Deadline deadline = Deadline::after(clocks[0], timeout);
    return std::move(transport->request_group(std::span(&request, 1), deadline).front());
  }
  [[nodiscard]] Duration elapsed() const { return time.now() - VirtualTime::kStart; }
  Echo& echo(MachineId machine) { return echoes.at(machine - 1); }

  VirtualTime time{};
  VirtualNetwork network{time, 1};
  std::deque<VirtualClock> clocks{};
  std::deque<Echo> echoes{};
  std::vector<std::unique_ptr<Server>> servers{};
};

const std::vector<MachineId> kFirst{1};
const std::vector<MachineId> kSecond{2};

}  // namespace

TEST_CASE("simulation: network: a request arrives as it was sent, and its answer comes back") {
  World world;
  const auto reply = world.ask(World::request(2));
  REQUIRE(reply);
  CHECK(reply->status == 200);
  CHECK(reply->body == "/path?query body");
  CHECK(*reply->headers.find("from") == "10.0.0.1");
  CHECK(world.network.counters().requests == 1);
}

TEST_CASE(
    "simulation: network: the first request to a machine opens a connection, the next uses it") {
  World world;
  REQUIRE(world.ask(World::request(2)));
  CHECK(world.elapsed() == 2 * kRoundTrip);
  REQUIRE(world.ask(World::request(2)));
  CHECK(world.elapsed() == 3 * kRoundTrip);
  world.time.run_until(world.time.now() + 61s);
  const Duration begun = world.elapsed();
  REQUIRE(world.ask(World::request(2)));
  CHECK(world.elapsed() - begun == 2 * kRoundTrip);
}

TEST_CASE(
    "simulation: network: a group takes as long as its slowest answer; silence costs one slot") {
  World world;
  world.echo(2).pause = 300ms;
  world.echo(3).pause = 1h;
  const std::vector<TransportRequest> requests{World::request(1), World::request(2),
                                               World::request(3)};
  const auto transport = world.network.make_transport(1);
  bool is_run = false;
  const auto replies = transport->request_group(requests, Deadline::after(world.clocks[0], 1s),
                                                [&] { is_run = true; });
  CHECK(is_run);
  CHECK(replies[0].has_value());
  CHECK(replies[1].has_value());
  REQUIRE_FALSE(replies[2]);
  CHECK(replies[2].error().code == Errc::timed_out);
  CHECK(world.elapsed() == 1s);
  world.time.halt(3);
}

TEST_CASE("simulation: network: what cannot be sent is refused at once, each in its way") {
  struct Row {
    const char* address;
    const char* path;
    bool is_public_only;
    Errc expected;
  };
  for (const Row& row : {Row{"10.0.0.2:80", "path", false, Errc::invalid_argument},
                         Row{"nobody.test:80", "/", false, Errc::unreachable},
                         Row{"10.0.0.2:80", "/", true, Errc::denied}}) {
    World world;
    INFO(row.address, row.path);
    const auto reply = world.ask({.to = *Address::parse(row.address),
                                  .path = row.path,
                                  .is_public_only = row.is_public_only});
    REQUIRE_FALSE(reply);
    CHECK(reply.error().code == row.expected);
    CHECK(world.elapsed() == 0s);
  }
}

TEST_CASE("simulation: network: a closed port refuses, an address of nobody stays silent") {
  World world;
  TransportRequest request = World::request(2);
  request.to = *Address::parse("10.0.0.2:81");
  CHECK(world.ask(request).error().code == Errc::unreachable);
  CHECK(world.elapsed() < 2s);
  request.to = *Address::parse("10.9.9.9:80");
  const Duration begun = world.elapsed();
  CHECK(world.ask(request).error().code == Errc::timed_out);
  CHECK(world.elapsed() - begun == 2s);
}

TEST_CASE("simulation: network: bodies over the limits are refused by either side") {
  World world;
  CHECK(world.ask(World::request(2, std::string(512'001, 'x')))->status == 413);
  CHECK(world.echo(2).requests == 0);
  TransportRequest request = World::request(2, std::string(100, 'x'));
  request.reply_bytes_max = 50;
  CHECK(world.ask(request).error().code == Errc::bad_response);
}

TEST_CASE(
    "simulation: network: a cut holds back both ways, and what waits arrives after it is healed") {
  World world;
  REQUIRE(world.ask(World::request(2)));  // the connection is open
  world.network.cut(kFirst, kSecond);
  CHECK(world.ask(World::request(2)).error().code == Errc::timed_out);
  CHECK(world.ask(World::request(3)).has_value());
  CHECK(world.echo(2).requests == 1);

  const Duration begun = world.elapsed();
  world.time.spawn(3, [&] {
    world.time.sleep(3, 500ms);
    world.network.heal();
  });
  REQUIRE(world.ask(World::request(2), 5s));
  // Lost after 25 and 225 ms, there after 625; the answer takes its own way.
  CHECK(world.elapsed() - begun == kOneWay + 600ms + kOneWay);
}

TEST_CASE("simulation: network: over a one-way cut requests arrive and answers do not") {
  World world;
  REQUIRE(world.ask(World::request(2)));
  world.network.cut_one_way(kSecond, kFirst);
  CHECK(world.ask(World::request(2)).error().code == Errc::timed_out);
  CHECK(world.echo(2).requests == 2);
  const auto transport = world.network.make_transport(2);
  const TransportRequest request = World::request(1);
  CHECK_FALSE(
      transport->request_group(std::span(&request, 1), Deadline::after(world.clocks[1], 2s))[0]);
  CHECK(world.echo(1).requests == 0);
}

TEST_CASE("simulation: network: without a connection a one-way cut keeps out requests as well") {
  World world;
  world.network.cut_one_way(kSecond, kFirst);
  CHECK(world.ask(World::request(2)).error().code == Errc::timed_out);
  CHECK(world.echo(2).requests == 0);
}

TEST_CASE("simulation: network: what is clogged arrives when the clog ends") {
  World world;
  REQUIRE(world.ask(World::request(2)));
  world.network.clog(1, 2, VirtualTime::kStart + 1s);
  REQUIRE(world.ask(World::request(2)));
  CHECK(world.elapsed() == 1s + kOneWay);
}

TEST_CASE("simulation: network: a slow machine works on one request after the other") {
  World world;
  world.network.set_slow(2, 200ms);
  const std::vector<TransportRequest> requests{World::request(2), World::request(2)};
  const auto transport = world.network.make_transport(1);
  const auto replies = transport->request_group(requests, Deadline::after(world.clocks[0], 2s));
  CHECK(replies[0].has_value());
  CHECK(replies[1].has_value());
  CHECK(world.elapsed() == 2 * kRoundTrip + 400ms);
}

TEST_CASE("simulation: network: a frozen machine answers when it is thawed") {
  World world;
  REQUIRE(world.ask(World::request(2)));
  world.time.freeze(2);
  world.time.spawn(3, [&] {
    world.time.sleep(3, 1s);
    world.time.thaw(2);
  });
  const Duration begun = world.elapsed();
  REQUIRE(world.ask(World::request(2)));
  CHECK(world.elapsed() - begun == 1s + kOneWay);
}

TEST_CASE(
    "simulation: network: a process that ends breaks its connections, a power cut is silent") {
  struct Row {
    Death death;
    Errc while_at_work;
    Errc afterwards;
  };
  for (const Row& row : {Row{Death::process, Errc::unreachable, Errc::unreachable},
                         Row{Death::machine, Errc::timed_out, Errc::timed_out}}) {
    World world;
    world.echo(2).pause = 1h;
    world.time.spawn(3, [&] {
      world.time.sleep(3, 500ms);
      world.network.take_down(2, row.death);
    });
    CHECK(world.ask(World::request(2)).error().code == row.while_at_work);
    world.time.halt(2);
    CHECK(world.ask(World::request(2)).error().code == row.afterwards);
  }
}

TEST_CASE("simulation: network: a server that stops refuses, and waits for requests at work") {
  World world;
  world.echo(2).pause = 700ms;
  bool is_answered = false;
  world.time.spawn(1, [&] { is_answered = world.ask(World::request(2)).has_value(); });
  world.time.run_until(VirtualTime::kStart + 200ms);
  CHECK(world.echo(2).requests == 1);
  world.servers[1]->stop(Deadline::after(world.clocks[1], 5s));
  CHECK(world.elapsed() == kRoundTrip + kOneWay + 700ms);
  CHECK(world.ask(World::request(2)).error().code == Errc::unreachable);
  CHECK(is_answered);
}

TEST_CASE("simulation: network: a server that stops cuts requests off that outlast its deadline") {
  World world;
  world.echo(2).pause = 1h;
  world.time.spawn(1, [&] { static_cast<void>(world.ask(World::request(2))); });
  world.time.run_until(VirtualTime::kStart + 200ms);
  world.servers[1]->stop(Deadline::after(world.clocks[1], 1s));
  CHECK(world.elapsed() == 1200ms);
  world.time.run_until(VirtualTime::kStart + 3s);
}

TEST_CASE("simulation: network: a duplicated request is worked on twice and answered once") {
  World world({.pair_spread = 0, .jitter = 0, .duplication = 1});
  REQUIRE(world.ask(World::request(2)));
  world.time.run_until(VirtualTime::kStart + 5s);
  CHECK(world.echo(2).requests == 2);
}

TEST_CASE("simulation: network: names resolve unless name service has failed") {
  World world;
  const auto resolver = world.network.make_resolver(1);
  CHECK(*resolver->resolve("m2.nodes.test") == *IpAddress::parse("10.0.0.2"));
  CHECK(*resolver->resolve("10.0.0.9") == *IpAddress::parse("10.0.0.9"));
  CHECK(resolver->resolve("localhost")->is_loopback());
  CHECK_FALSE(resolver->resolve("m9.nodes.test"));
  TransportRequest request = World::request(2);
  request.to = *Address::parse("m2.nodes.test:80");
  CHECK(world.ask(request).has_value());

  world.network.set_dns(1, /*is_working=*/false);
  CHECK_FALSE(resolver->resolve("m2.nodes.test"));
  CHECK(resolver->resolve("10.0.0.2").has_value());
  CHECK(world.ask(request).error().code == Errc::unreachable);
  world.network.set_dns(1, /*is_working=*/true);
  CHECK(world.ask(request).has_value());
}

TEST_CASE("simulation: network: deadlines pass on the clock of whoever asks") {
  World world;
  world.clocks[0].set_drift(1);  // twice as fast
  world.time.freeze(2);
  CHECK(world.ask(World::request(2), 2s).error().code == Errc::timed_out);
  CHECK(world.elapsed() == 1s);
}

}  // namespace spreadable
