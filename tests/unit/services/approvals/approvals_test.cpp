#include "services/approvals/approvals.h"

#include <doctest/doctest.h>

#include "core/client.h"
#include "core/wire.h"
#include "services/approvals/client_ip_approval.h"
#include "services/approvals/kinds.h"
#include "tests/support/local_network.h"

namespace spreadable {
namespace {

using std::chrono::seconds;

LocalNetwork::Options guarded_network() {
  LocalNetwork::Options options;
  options.services = {[] { return std::make_unique<Approvals>(); },
                      [] { return std::make_unique<ClientIpApproval>("ip", Approval::Options{}); }};
  options.prepare = [](Node& node) {
    node.add_action("vote").local([](const Json&, CallContext&) { return 1; }).merge(merges::sum)
        .needs_approval("ip");
  };
  return options;
}

/// Nine nodes that know approval `ip`, which their action `vote` needs, and a client of one of them.
struct Site {
  LocalNetwork network{guarded_network()};
  std::unique_ptr<Client> client;

  explicit Site(std::size_t nodes = 9) {
    network.start(nodes);
    REQUIRE(network.run_until([&] { return nodes == 1 || network.agrees_on(nodes); }, seconds{20}));
    client = std::make_unique<Client>(Client::Options{.address = {LocalNetwork::address(0)}},
                                      Client::Parts{network.outside(), network.clock(),
                                                    network.random()});
    REQUIRE(client->init());
  }

  Json question() {
    Result<Json> question = client->get_approval_question("ip");
    REQUIRE_MESSAGE(question, question.error().message);
    return *question;
  }
  /// What node `index` says to a vote with this claim: the value, or the code of its error.
  Json vote(Json claim, std::size_t index = 0) {
    const auto result = client->traverse(
        "vote", Json::object(),
        {.address = LocalNetwork::address(index), .approval_info = std::move(claim)});
    return result ? result->value : Json(result.error().wire_code);
  }
};

Json with_answer(Json claim, Json answer) {
  claim["answer"] = std::move(answer);
  return claim;
}

}  // namespace

TEST_CASE("approvals: client ip: the whole flow lets a client act, once at each node") {
  Site site;
  const Json question = site.question();
  CHECK(question["question"] == "127.0.0.1");
  CHECK(question["approvers"].size() == 3);
  const Json claim = with_answer(question, "127.0.0.1");
  CHECK(site.vote(claim) == 9);
  CHECK(site.vote(claim) == wire::kWrongApprovalAnswer);
  CHECK(site.vote(claim, 1) == 9);
}

TEST_CASE("approvals: client ip: another question of the same period lets it act once more") {
  Site site;
  const Json first = with_answer(site.question(), "127.0.0.1");
  CHECK(site.vote(first) == 9);
  const Json second = with_answer(site.question(), "127.0.0.1");
  CHECK(second["key"] == first["key"]);
  CHECK(site.vote(second) == 9);
  CHECK(site.vote(first) == wire::kWrongApprovalAnswer);
}

TEST_CASE("approvals: client ip: one node alone votes for itself") {
  Site site(1);
  const Json question = site.question();
  CHECK(question["approvers"] == Json::array({LocalNetwork::address(0).text()}));
  CHECK(site.vote(with_answer(question, "127.0.0.1")) == 1);
}

TEST_CASE("approvals: committee: every node computes the same one") {
  Site site;
  std::set<Json> committees;
  for (std::size_t i = 0; i < 9; ++i) {
    const auto ballot = site.client->request("request-approval-key", {{"action", "ip"}},
                                             {.address = LocalNetwork::address(i)});
    REQUIRE(ballot);
    committees.insert((*ballot)["approvers"]);
  }
  CHECK(committees.size() == 1);
}

TEST_CASE("approvals: committee: one who is silent is not asked to vote") {
  Site site;
  const Json before = site.question()["approvers"];
  const auto silent = Address::parse(before[0].get<std::string>());
  const auto index = static_cast<std::size_t>(silent->port() - LocalNetwork::address(0).port());
  site.network.hang(index);
  site.network.clock().advance(Approvals::kCommitteeLifetime);
  const auto ballot = site.client->request("request-approval-key", {{"action", "ip"}},
                                           {.address = LocalNetwork::address(index == 0 ? 1 : 0)});
  REQUIRE_MESSAGE(ballot, ballot.error().message);
  CHECK((*ballot)["approvers"].size() == 3);
  for (const Json& approver : (*ballot)["approvers"]) CHECK(approver != silent->text());
}

TEST_CASE("approvals: guard: refuses what is missing, malformed, late, foreign or wrong") {
  Site site;
  const Json right = with_answer(site.question(), "127.0.0.1");
  const auto changed = [&](const char* key, Json value) {
    Json claim = right;
    claim[key] = std::move(value);
    return claim;
  };
  struct Row { Json claim; std::string_view code; };
  for (const Row& row : {
           Row{Json(), wire::kApprovalInfoRequired},
           Row{changed("action", "other"), wire::kInvalidApprovalAction},
           Row{changed("startedAt", 5), wire::kWrongApprovalTime},
           Row{changed("startedAt", "5"), wire::kWrongApprovalTime},
           Row{changed("extra", 1), wire::kInvalidApprovalInfo},
           Row{changed("clientIp", "x"), wire::kInvalidApprovalInfo},
           Row{changed("answer", 5), wire::kInvalidApprovalInfo},
           Row{changed("approvers", Json::array({"a.com:1", "a.com:1"})), wire::kInvalidApprovalInfo},
           Row{changed("approvers", Json::array({"stranger.com:1"})), wire::kNotEnoughDecisions},
           Row{changed("key", "other"), wire::kWrongApprovalAnswer},
           Row{changed("clientIp", "10.0.0.1"), wire::kWrongApprovalAnswer},
       }) {
    INFO(dump_json(row.claim));
    CHECK(site.vote(row.claim) == row.code);
  }
  CHECK(site.vote(right) == 9);
}

TEST_CASE("approvals: guard: an answer counts only once its question has been asked for") {
  Site site;
  const auto ballot = site.client->request("request-approval-key", {{"action", "ip"}});
  REQUIRE(ballot);
  Json claim = *ballot;
  claim["action"] = "ip";
  for (const Json& approver : claim["approvers"]) {
    REQUIRE(site.client->request("add-approval-info", claim,
                                 {.address = *Address::parse(approver.get<std::string>())}));
  }
  for (const Json& answer : {Json("127.0.0.1"), Json("undefined"), Json("")}) {
    CHECK(site.vote(with_answer(claim, answer)) != Json(9));
  }
}

TEST_CASE("approvals: guard: a committee sits for two periods and no longer") {
  Site site;
  const Json claim = with_answer(site.question(), "127.0.0.1");
  site.network.run_for(std::chrono::minutes{4});
  CHECK(site.vote(claim, 1) == 9);
  site.network.run_for(std::chrono::minutes{6});
  CHECK(site.vote(claim, 2) == wire::kWrongApprovalTime);
}

TEST_CASE("approvals: question: a node calls nobody outside of the committee for a client") {
  Site site;
  const std::uint64_t before = site.network.requests();
  const auto answer = site.client->request(
      "request-approval-question",
      {{"action", "ip"}, {"key", "k"}, {"confirmedAddresses", {"stranger.com:1", "localhost:9"}}});
  CHECK(answer.error().wire_code == wire::kNotEnoughDecisions);
  // The client's own request, and those that find two committees: structures and pings.
  CHECK(site.network.requests() - before < 30);
}

TEST_CASE("approvals: requests: what cannot be meant is refused with its code") {
  Site site;
  const auto code = [&](const char* endpoint, Json body) {
    const auto answer = site.client->request(endpoint, std::move(body));
    return answer ? std::string() : answer.error().wire_code;
  };
  CHECK(code("request-approval-key", {{"action", "other"}}) == wire::kInvalidApprovalAction);
  CHECK(code("request-approval-key", Json::object()) == wire::kInvalidApprovalAction);
  const auto ballot = site.client->request("request-approval-key", {{"action", "ip"}});
  REQUIRE(ballot);
  Json info{{"action", "ip"}, {"key", "k"}, {"startedAt", 5}};
  CHECK(code("add-approval-info", info) == wire::kWrongApprovalTime);
  info["startedAt"] = (*ballot)["startedAt"];
  CHECK(code("add-approval-info", info).empty());
  info["info"] = {{"a", 1}};
  CHECK(code("add-approval-info", info).starts_with(wire::kValidateSchema));
}

TEST_CASE("approvals: actions: one that needs an unknown approval does not start") {
  LocalNetwork::Options options = guarded_network();
  options.services.pop_back();
  LocalNetwork network(options);
  const Result<void> started = network.add().start();
  REQUIRE_FALSE(started);
  CHECK(started.error().message.find("action \"vote\" needs approval \"ip\"") == 0);
}

TEST_CASE("approvals: config: kinds are made from their settings, mistakes are named") {
  const auto message = [](const char* type, Json settings) {
    const auto made = make_approval({"ip", type, std::move(settings)});
    return made ? std::string() : made.error().message;
  };
  CHECK(message("client-ip", {{"approversCount", "20%"}, {"decisionLevel", 2}, {"period", "1m"}})
            .empty());
  CHECK(message("no-such", Json::object()).find("\"approval.ip.type\"") != std::string::npos);
  CHECK(message("client-ip", {{"colour", "red"}}).find("\"approval.ip.colour\"") !=
        std::string::npos);
  for (const auto& [key, value] : {std::pair<const char*, Json>{"approversCount", "x"},
                                   {"decisionLevel", 0},
                                   {"period", "1ms"},
                                   {"period", true}}) {
    CHECK(message("client-ip", {{key, value}}).find(std::string("approval.ip.") + key) !=
          std::string::npos);
  }
}

}  // namespace spreadable
