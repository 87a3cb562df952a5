#include "services/behaviours/audits.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "tests/unit/services/behaviours/watched_network.h"

namespace spreadable {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

/// Leaves out the answers of half of its slaves, the same ones each time or others, and says
/// nothing about it.
class DroppingMaster final : public FalseFace {
 public:
  DroppingMaster(Node& node, bool is_fixed) : FalseFace(node), is_fixed_(is_fixed) {}

 protected:
  void falsify(const HttpRequest& asked, Json& body) override {
    if (!is_master_part(asked) || !body.is_array()) return;
    std::vector<Json> elements(body.begin(), body.end());
    std::sort(elements.begin(), elements.end(),
              [](const Json& a, const Json& b) { return sender_of(a) < sender_of(b); });
    if (!is_fixed_) node().random().shuffle(elements);
    body = Json::array();
    for (std::size_t i = 1; i < elements.size(); i += 2) body.push_back(elements[i]);
  }

 private:
  const bool is_fixed_;
};

/// Lists as many slaves again as it has: nodes that do not exist, or slaves of others.
class InventingMaster final : public FalseFace {
 public:
  InventingMaster(Node& node, std::vector<Address> invented)
      : FalseFace(node), invented_(std::move(invented)) {}

 protected:
  void falsify(const HttpRequest& asked, Json& body) override {
    if (asked.path == "/api/node/structure") {
      for (const Address& slave : invented_) body["slaves"].push_back({{"address", slave.text()}});
      for (Json& master : body["masters"]) {
        if (sender_of(master) == node().address()) master["size"] = body["slaves"].size();
      }
    }
    if (!is_master_part(asked) || !body.is_array()) return;
    const bool is_map = asked.path.ends_with("network-map");
    for (const Address& slave : invented_) {
      const Json entry{{"address", slave.text()}, {"backlink", nullptr}, {"slaves", 0}};
      body.push_back(is_map ? entry : Json(slave.text()));
    }
  }

 private:
  const std::vector<Address> invented_;
};

/// Answers nothing to its own master and everything to others, so that its master looks bad.
class FramingSlave final : public FalseFace {
 public:
  using FalseFace::FalseFace;

 protected:
  void falsify(const HttpRequest& asked, Json& body) override {
    const auto sender = asked.headers.find(wire::kOriginalAddress);
    const auto master = node().peers().view()->backlink;
    const bool is_asked_by_master = sender && master && *sender == master->text();
    if (asked.path.starts_with(wire::kSlaveRoute) && is_asked_by_master) body = Json::array();
  }
};

/// Answers what nobody can read, to its master and to others alike.
class ScrawlingSlave final : public FalseFace {
 public:
  using FalseFace::FalseFace;

 protected:
  void falsify(const HttpRequest& asked, Json& body) override {
    if (!asked.path.starts_with(wire::kSlaveRoute)) return;
    body = Json::array({{{"address", "nowhere"}, {"backlink", 5}, {"slaves", -1}}});
  }
};

/// Keeps the questions that it is asked as a master.
class Recorder final : public FalseFace {
 public:
  Recorder(Node& node, std::vector<HttpRequest>* questions)
      : FalseFace(node), questions_(questions) {}

 protected:
  void falsify(const HttpRequest& asked, Json&) override {
    if (asked.path.starts_with(wire::kButlerRoute)) questions_->push_back(asked);
  }

 private:
  std::vector<HttpRequest>* const questions_;
};

/// Addresses at which nobody is, or which are in the list of another master than `master`.
std::vector<Address> invented_slaves(HostileNetwork& field, const Address& master, bool is_real) {
  const std::size_t count = field.node(master).peers().view()->slaves.size();
  std::vector<Address> invented;
  for (std::size_t i = 0; invented.size() < count; ++i) {
    const auto nobody = Address::from_parts(
        "localhost", static_cast<std::uint16_t>(9000 + 50 * (master.port() % 100) + i));
    const Address other = LocalNetwork::address(i);
    const bool is_other = other != master && field.node(other).peers().view()->backlink != master;
    if (!is_real) invented.push_back(*nobody);
    if (is_real && is_other) invented.push_back(other);
  }
  return invented;
}

/// What of a question does not depend on the time at which it is asked.
Json form_of(const HttpRequest& question) {
  Json body = *parse_json(question.body);
  CHECK(body["timeout"].is_number_integer());
  CHECK(body["timestamp"].is_number_integer());
  body["timeout"] = body["timestamp"] = nullptr;
  Json form{{"path", question.path}, {"query", question.query}, {"body", std::move(body)}};
  for (const auto& [name, value] : question.headers) form["headers"].push_back({name, value});
  return form;
}

/// Two hours in which packets get lost, and always some node is away or has just come back. Nobody
/// honest is banned.
void live_through_churn(HostileNetwork& field) {
  for (int round = 0; round < 24; ++round) {
    const auto numbers = field.honest();
    const std::size_t leaver = numbers[1 + field.network().random().below(numbers.size() - 1)];
    field.network().kill(leaver);
    field.network().run_for(3 * field.interval());
    field.network().restart(leaver);
    field.network().run_for(2 * field.interval());
    CHECK(field.false_bans() == 0);
  }
}

void check_that_suspects_are_hostile(HostileNetwork& field) {
  for (const std::size_t i : field.honest()) {
    for (const auto& entry : behaviours_of(field.network().node(i)).scores()) {
      if (entry.kind == kMasterAnswers) CHECK(field.hostile().contains(entry.peer));
    }
  }
}

/// Gives a master the slaves of others for its own.
void exchange_slaves(HostileNetwork& field, const Address& master) {
  const auto move = [&](const Address& slave, const Address& from, const Address& to) {
    REQUIRE(field.node(from).peers().remove_slave(slave));
    REQUIRE(field.node(slave).peers().clear_backlink(from));
    field.node(to).peers().add_slave(slave);
    field.node(slave).peers().set_backlink(to);
  };
  std::vector<Address> left = field.node(master).peers().view()->slaves;
  std::vector<std::shared_ptr<const PeerView>> others;
  for (std::size_t i = 0; i < field.network().size(); ++i) {
    const auto view = field.network().node(i).peers().view();
    if (!view->is_master() && view->backlink != master) others.push_back(view);
  }
  for (const auto& view : others) {
    if (left.empty()) break;
    move(left.back(), master, *view->backlink);
    move(view->self, *view->backlink, master);
    left.pop_back();
  }
  REQUIRE(left.empty());
}

}  // namespace

TEST_CASE("audits: dropping masters: are out of the network within half an hour") {
  for (const bool is_fixed : {false, true}) {
    INFO("always the same slaves: ", is_fixed);
    HostileNetwork field(audited_network(is_fixed ? 2 : 1));
    field.form(50);
    REQUIRE(field.completeness() == 1);
    for (const Address& master : field.fifth_of_masters()) {
      field.turn<DroppingMaster>(master, is_fixed);
    }
    CHECK(field.completeness() < 0.9);
    field.network().run_for(minutes{30});
    CHECK(field.removed() >= 0.95);
    CHECK(field.completeness() >= 0.99);
    CHECK(field.false_bans() == 0);
  }
}

TEST_CASE(
    "audits: dropping masters: are found as well when requests get lost and nodes come and go") {
  constexpr int kSeeds = 4;
  double removed = 0;
  for (std::uint64_t seed = 101; seed < 101 + kSeeds; ++seed) {
    HostileNetwork field(audited_network(seed));
    field.form(50);
    field.network().lose(0.05);
    for (const Address& master : field.fifth_of_masters()) {
      field.turn<DroppingMaster>(master, /*is_fixed=*/false);
    }
    live_through_churn(field);
    check_that_suspects_are_hostile(field);
    removed += field.removed() / kSeeds;
  }
  CHECK(removed >= 0.8);  // a list of less than five slaves has too few witnesses
}

TEST_CASE(
    "audits: honest masters: are not suspected when requests get lost and nodes come and go") {
  HostileNetwork field(audited_network(103));
  field.form(50);
  field.network().lose(0.05);
  live_through_churn(field);
  check_that_suspects_are_hostile(field);
}

TEST_CASE("audits: honest masters: a slave that has left them holds nothing against them") {
  // In this one a master drops a slave, which asks elsewhere, and another slave dies.
  HostileNetwork field(audited_network(109));
  field.form(50);
  field.network().lose(0.05);
  live_through_churn(field);
  check_that_suspects_are_hostile(field);
}

TEST_CASE("audits: honest masters: an old list holds nothing against one that has dropped slaves") {
  HostileNetwork field(audited_network(110));
  field.form(30);
  Node& auditor = field.network().node(7);
  const Address master = *auditor.peers().view()->backlink;
  // As when it has not reached its slaves for a while, the auditor among them, and found others.
  exchange_slaves(field, master);
  const HttpRequest client{.method = Method::post,
                           .path = "/client/roll-call",
                           .query = {},
                           .headers = {{"content-type", "application/json"}},
                           .body = "{}",
                           .remote_ip = IpAddress::loopback()};
  REQUIRE(auditor.known_lists().find(master));
  for (int i = 0; i < 6; ++i) {
    REQUIRE(field.network().respond(auditor.address(), client).status == 200);
    for (int j = 0; j < 2; ++j) auditor.services().find<Audits>()->run();
    CHECK(behaviours_of(auditor).suspicion(kMasterAnswers, master) == 0);
    field.network().run_for(field.interval());
  }
  CHECK(field.false_bans() == 0);
}

TEST_CASE("audits: honest masters: by a list that is old nobody is asked") {
  HostileNetwork field(audited_network(110));
  field.form(30);
  const Address master = *field.network().node(7).peers().view()->backlink;
  const std::vector<Address> slaves = field.node(master).peers().view()->slaves;
  exchange_slaves(field, master);
  field.network().run_for((Audits::kListLifetime + 1) * field.interval());
  std::vector<HttpRequest> questions;
  field.turn<Recorder>(master, &questions);
  for (const Address& former : slaves) {
    Node& auditor = field.node(former);
    if (auditor.peers().view()->is_master()) continue;  // which fetches it again
    REQUIRE(auditor.known_lists().find(master));
    for (int i = 0; i < 8; ++i) auditor.services().find<Audits>()->run();
  }
  CHECK(questions.empty());
}

TEST_CASE("audits: inventing masters: are found by slaves that are not there or not theirs") {
  constexpr int kSeeds = 8;
  for (const bool is_real : {false, true}) {
    INFO("slaves of others: ", is_real);
    double removed = 0;
    for (std::uint64_t seed = 401; seed < 401 + kSeeds; ++seed) {
      HostileNetwork field(audited_network(seed));
      field.form(30);
      for (const Address& master : field.fifth_of_masters()) {
        field.turn<InventingMaster>(master, invented_slaves(field, master, is_real));
      }
      field.network().run_for(minutes{40});
      CHECK(field.false_bans() == 0);
      removed += field.removed() / kSeeds;
    }
    CHECK(removed >= 0.9);  // a list of less than five slaves has too few witnesses
  }
}

TEST_CASE("audits: framing slaves: one in each list does not bring down its master") {
  HostileNetwork field(audited_network(6));
  field.form(40);
  for (const Address& master : field.network().masters()) {
    field.turn<FramingSlave>(field.node(master).peers().view()->slaves.front());
  }
  REQUIRE(field.hostile().size() >= 5);
  for (int i = 0; i < 112; ++i) {
    field.network().run_for(field.interval());
    // They stay where they are, though by what they see of themselves their masters lie.
    for (const Address& slave : field.hostile()) {
      REQUIRE(behaviours_of(field.node(slave)).banlist().clear());
    }
  }
  CHECK(field.false_bans() == 0);
}

TEST_CASE("audits: framing slaves: one whose entry of the map makes no sense spoils no other's") {
  HostileNetwork field(audited_network(8));
  field.form(40);
  for (const Address& master : field.network().masters()) {
    field.turn<ScrawlingSlave>(field.node(master).peers().view()->slaves.front());
  }
  field.network().run_for(112 * field.interval());
  CHECK(field.false_bans() == 0);
}

TEST_CASE("audits: own word: does not outlive a registration, so a restart is forgiven") {
  HostileNetwork field(audited_network(9));
  field.form(30);
  Node& auditor = field.network().node(7);
  const Address master = *auditor.peers().view()->backlink;
  Node& audited = field.node(master);
  Audits& audits = *auditor.services().find<Audits>();
  // The master has lost its list and finds all again but the auditor, which does not know it yet.
  REQUIRE(audited.peers().remove_slave(auditor.address()));
  for (int i = 0; i < 8; ++i) audits.run();
  const double before = behaviours_of(auditor).suspicion(kMasterAnswers, master);
  REQUIRE(auditor.peers().clear_backlink(master));
  audited.peers().add_slave(auditor.address());
  auditor.peers().set_backlink(master);
  // Any cause would do now, had the word been kept: slaves of it that are gone.
  for (const Address& slave : audited.peers().view()->slaves) {
    if (slave != auditor.address()) field.hang(slave);
  }
  for (int i = 0; i < 6; ++i) audits.run();
  CHECK(behaviours_of(auditor).suspicion(kMasterAnswers, master) <= before);
  CHECK(auditor.access().check_lists(master).has_value());
}

TEST_CASE("audits: questions: look like any other to the audited master, and come from others") {
  HostileNetwork field(audited_network(7));
  field.form(20);
  Node& auditor = field.network().node(4);
  const Address master = *auditor.peers().view()->backlink;
  std::vector<HttpRequest> questions;
  field.turn<Recorder>(master, &questions);
  const Json query{{"word", "liberty"}, {"list", {1, {{"a", nullptr}}}}};
  REQUIRE(auditor.traverse("roll-call", query));
  REQUIRE(auditor.traverse("network-map", Json::object()));
  REQUIRE(questions.size() == 2);
  const std::set<Json> ordinary{form_of(questions[0]), form_of(questions[1])};

  Json body = query;
  body["timeout"] = 9000;
  HttpRequest client{.method = Method::post,
                     .path = "/client/roll-call",
                     .query = {},
                     .headers = {{"content-type", "application/json"}},
                     .body = dump_json(body),
                     .remote_ip = IpAddress::loopback()};
  REQUIRE(field.network().respond(auditor.address(), client).status == 200);
  questions.clear();
  for (int i = 0; i < 40; ++i) auditor.services().find<Audits>()->run();
  std::set<Json> audits;
  for (const HttpRequest& question : questions) audits.insert(form_of(question));
  CHECK(audits == ordinary);
}

TEST_CASE("audits: foreign masters: are not asked for what they may not have") {
  HostileNetwork field(audited_network(8));
  field.form(20);
  std::vector<HttpRequest> questions;
  Node& auditor = field.network().node(4);
  const Address master = *auditor.peers().view()->backlink;
  field.turn<Recorder>(master, &questions);
  for (int i = 0; i < 40; ++i) {
    auditor.book().note_heard(master, auditor.clock().now(), /*is_native=*/false);
    auditor.services().find<Audits>()->run();
  }
  const auto is_from_auditor = [&](const HttpRequest& question) {
    return *question.headers.find(wire::kOriginalAddress) == auditor.address().text();
  };
  CHECK(std::none_of(questions.begin(), questions.end(), is_from_auditor));
}

TEST_CASE("audits: traffic: with audits a settled network sends less than six requests per node") {
  for (const std::size_t count : {std::size_t{25}, std::size_t{100}}) {
    HostileNetwork field(audited_network(9));
    field.form(count);
    const std::uint64_t before = field.network().requests();
    field.network().run_for(40 * field.interval());
    const double each =
        static_cast<double>(field.network().requests() - before) / 40 / static_cast<double>(count);
    INFO(count, " nodes: ", each, " per node and interval");
    CHECK(each < 6);
  }
}

}  // namespace spreadable
