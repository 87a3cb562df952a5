#include "services/approvals/approvals.h"

#include <doctest/doctest.h>

#include <map>
#include <set>

#include "core/client.h"
#include "core/wire.h"
#include "services/approvals/captcha_approval.h"
#include "services/approvals/client_ip_approval.h"
#include "services/approvals/kinds.h"
#include "tests/support/guarded_network.h"

namespace spreadable {
namespace {

using std::chrono::seconds;

/// A third of nine nodes vote, so that there are some who do not.
Approval::Options three_of_nine(Approval::Choice choice = Approval::Choice::beacon) {
  Approval::Options options;
  options.committee = choice;
  options.approvers = CountRule::root(2);
  return options;
}

LocalNetwork::Options guarded_by_ip(const Approval::Options& approval = three_of_nine()) {
  return guarded_network("ip",
                         [approval] { return std::make_unique<ClientIpApproval>("ip", approval); });
}

/// Nine nodes that know approval `ip`, which their action `vote` needs, and a client of one of
/// them.
struct Site {
  LocalNetwork network;
  std::unique_ptr<Client> client;

  explicit Site(std::size_t nodes = 9, const Approval::Options& approval = three_of_nine())
      : network(guarded_by_ip(approval)) {
    network.start(nodes);
    REQUIRE(network.run_until([&] { return nodes == 1 || network.agrees_on(nodes); }, seconds{20}));
    client = std::make_unique<Client>(
        Client::Options{.address = {LocalNetwork::address(0)}},
        Client::Parts{network.outside(), network.clock(), network.random()});
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

/// What each node has drawn last, by address.
using Texts = std::map<std::string, std::string>;

/// A captcha that tells the test what it draws.
class WatchedCaptcha final : public CaptchaApproval {
 public:
  explicit WatchedCaptcha(std::shared_ptr<Texts> texts)
      : CaptchaApproval("human", default_options(6), Look{}), texts_(std::move(texts)) {}

  Question make_question(const Applicant& applicant) override {
    Question question = CaptchaApproval::make_question(applicant);
    (*texts_)[node().address().text()] = question.answer.get<std::string>();
    return question;
  }

 private:
  const std::shared_ptr<Texts> texts_;  // the test reads it after the node has gone
};

/// What somebody types who sees the picture: a lost character is anything.
std::string read_captcha(const Json& approvers, const Texts& texts) {
  std::string answer;
  for (std::size_t i = 0; i < approvers.size(); ++i) {
    const CaptchaSlice slice = CaptchaSlice::of(i, approvers.size(), 6);
    const auto text = texts.find(approvers[i].get<std::string>());
    answer +=
        text == texts.end() ? std::string(slice.size, '?') : text->second.substr(0, slice.size);
  }
  return answer;
}

Json with_answer(Json claim, Json answer) {
  claim["answer"] = std::move(answer);
  return claim;
}

}  // namespace

TEST_CASE("approvals: client ip: the whole flow lets a client act, once at whichever node") {
  Site site;
  const Json question = site.question();
  CHECK(question["question"] == "127.0.0.1");
  CHECK(question["approvers"].size() == 3);
  const Json claim = with_answer(question, "127.0.0.1");
  CHECK(site.vote(claim) == 9);
  CHECK(site.vote(claim) == wire::kWrongApprovalAnswer);
  CHECK(site.vote(claim, 1) == wire::kWrongApprovalAnswer);
}

TEST_CASE("approvals: replay per node: an answer counts once at each") {
  for (const auto choice : {Approval::Choice::beacon, Approval::Choice::legacy}) {
    Approval::Options options = three_of_nine(choice);
    options.replay = Approval::Replay::per_node;
    Site site(9, options);
    const Json claim = with_answer(site.question(), "127.0.0.1");
    CHECK(site.vote(claim) == 9);
    CHECK(site.vote(claim) == wire::kWrongApprovalAnswer);
    CHECK(site.vote(claim, 1) == 9);
  }
}

TEST_CASE("approvals: client ip: a wrong answer takes the question with it") {
  Site site;
  const Json question = site.question();
  CHECK(site.vote(with_answer(question, "10.0.0.1"), 3) == wire::kWrongApprovalAnswer);
  CHECK(site.vote(with_answer(question, "127.0.0.1")) == wire::kWrongApprovalAnswer);
  CHECK(site.vote(with_answer(site.question(), "127.0.0.1")) == 9);
}

TEST_CASE("approvals: client ip: another question of the same period lets it act once more") {
  Site site;
  const Json first = with_answer(site.question(), "127.0.0.1");
  CHECK(site.vote(first) == 9);
  const Json second = with_answer(site.question(), "127.0.0.1");
  CHECK(second["key"] == first["key"]);
  CHECK(site.vote(second, 1) == 9);
  CHECK(site.vote(first) == wire::kWrongApprovalAnswer);
}

TEST_CASE("approvals: list of approvers: none but those of the question, in their order") {
  Site site;
  const auto named = [&](const auto& change) {
    Json claim = with_answer(site.question(), "127.0.0.1");
    change(claim["approvers"]);
    return site.vote(claim);
  };
  const Json all = site.question()["approvers"];
  Json others = Json::array();
  for (std::size_t i = 0; i < 9; ++i) {
    const Json address = LocalNetwork::address(i).text();
    if (std::find(all.begin(), all.end(), address) == all.end()) others.push_back(address);
  }
  CHECK(named([](Json&) {}) == 9);
  CHECK(named([](Json& list) { std::swap(list[0], list[1]); }) == wire::kWrongApprovalAnswer);
  CHECK(named([](Json& list) { list.erase(0); }) == wire::kWrongApprovalAnswer);
  CHECK(named([&](Json& list) { list[2] = others[0]; }) == wire::kNotEnoughDecisions);
  CHECK(named([&](Json& list) { list.push_back(others[0]); }) == wire::kInvalidApprovalInfo);
  CHECK(named([&](Json& list) { list.push_back("stranger.com:1"); }) == wire::kInvalidApprovalInfo);
  CHECK(named([&](Json& list) { list[2] = "stranger.com:1"; }) == wire::kNotEnoughDecisions);
}

TEST_CASE(
    "approvals: list of approvers: an approver refuses what a guard should not have passed on") {
  Site site;
  const Json claim = site.question();
  const Address approver = *Address::parse(claim["approvers"][0].get<std::string>());
  const auto index = static_cast<std::size_t>(approver.port() - LocalNetwork::address(0).port());
  Node& asker = site.network.node(index == 0 ? 1 : 0);
  const auto told = [&](Json approvers) {
    static_cast<void>(site.question());  // one that nobody has answered
    const auto reply = asker.outbound().request({.to = approver,
                                                 .path = "/api/node/check-approval-answer",
                                                 .body = {{"key", claim["key"]},
                                                          {"answer", "127.0.0.1"},
                                                          {"clientIp", "127.0.0.1"},
                                                          {"approvers", std::move(approvers)}}},
                                                Deadline::after(site.network.clock(), seconds{2}));
    return reply ? std::string() : reply.error().wire_code;
  };
  Json strange = claim["approvers"];
  strange[2] = "stranger.com:1";
  Json longer = claim["approvers"];
  for (int i = 0; i < 100; ++i) longer.push_back("stranger.com:" + std::to_string(i + 1));
  for (const Json& approvers : {Json(), Json(5), Json::array(), Json::array({5}), strange, longer,
                                Json::array({approver.text()}), Json::array({"stranger.com:1"})}) {
    INFO(dump_json(approvers).substr(0, 200));
    CHECK(told(approvers) == wire::kWrongApprovalAnswer);
  }
  CHECK(told(claim["approvers"]).empty());
}

TEST_CASE("approvals: ip: a request must come from the one that asked, unless any will do") {
  Approval::Options anywhere = three_of_nine();
  anywhere.is_bound_to_ip = false;
  for (const bool is_bound : {true, false}) {
    Site site(9, is_bound ? three_of_nine() : anywhere);
    Json claim = with_answer(site.question(), "127.0.0.1");
    claim["clientIp"] = "::ffff:127.0.0.1";  // the same in another spelling
    CHECK(site.vote(claim) == 9);
    claim = with_answer(site.question(), "10.0.0.1");
    claim["clientIp"] = "10.0.0.1";
    CHECK(site.vote(claim) ==
          (is_bound ? wire::kUnsuitableApprovalKey : wire::kWrongApprovalAnswer));
  }
}

TEST_CASE("approvals: client ip: one node alone votes for itself") {
  Site site(1);
  const Json question = site.question();
  CHECK(question["approvers"] == Json::array({LocalNetwork::address(0).text()}));
  CHECK(site.vote(with_answer(question, "127.0.0.1")) == 1);
}

TEST_CASE("approvals: captcha: the picture of six approvers is answered, also when one is lost") {
  for (const bool is_one_lost : {false, true}) {
    const auto texts = std::make_shared<Texts>();
    LocalNetwork::Options options;
    options.services = {[] { return std::make_unique<Approvals>(); },
                        [&] { return std::make_unique<WatchedCaptcha>(texts); }};
    options.prepare = [](Node& node) {
      node.add_action("vote")
          .local([](const Json&, CallContext&) { return 1; })
          .merge(merges::sum)
          .needs_approval("human");
    };
    LocalNetwork network(options);
    network.start(9);
    REQUIRE(network.run_until([&] { return network.agrees_on(9); }, seconds{20}));
    Client client({.address = {LocalNetwork::address(0)}},
                  {network.outside(), network.clock(), network.random()});
    REQUIRE(client.init());
    const auto ballot = client.request("request-approval-key", {{"action", "human"}});
    REQUIRE(ballot);
    Json claim = *ballot;
    claim["action"] = "human";
    for (const Json& approver : claim["approvers"]) {
      REQUIRE(client.request("add-approval-info", claim,
                             {.address = *Address::parse(approver.get<std::string>())}));
    }
    const Json last = claim["approvers"].back();
    if (is_one_lost) {
      const auto lost = last == LocalNetwork::address(0).text() ? claim["approvers"][0] : last;
      network.kill(Address::parse(lost.get<std::string>())->port() -
                   LocalNetwork::address(0).port());
    }
    Json body = claim;
    body["confirmedAddresses"] = claim["approvers"];
    const auto question = client.request("request-approval-question", body);
    REQUIRE_MESSAGE(question, question.error().message);
    CHECK((*question)["question"].get<std::string>().starts_with("data:image/png;base64,"));
    claim["answer"] = read_captcha(claim["approvers"], *texts);
    const auto vote = client.traverse("vote", Json::object(), {.approval_info = claim});
    REQUIRE_MESSAGE(vote, vote.error().message);
    CHECK(vote->value == (is_one_lost ? 8 : 9));
  }
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
  site.network.clock().advance(CommitteeFinder::kLifetime);
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
  struct Row {
    Json claim;
    std::string_view code;
  };
  for (const Row& row : {
           Row{Json(), wire::kApprovalInfoRequired},
           Row{changed("action", "other"), wire::kInvalidApprovalAction},
           Row{changed("startedAt", 5), wire::kWrongApprovalTime},
           Row{changed("startedAt", "5"), wire::kWrongApprovalTime},
           Row{changed("extra", 1), wire::kInvalidApprovalInfo},
           Row{changed("clientIp", "x"), wire::kInvalidApprovalInfo},
           Row{changed("answer", 5), wire::kInvalidApprovalInfo},
           Row{changed("approvers", Json::array({"aaa.com:1", "aaa.com:1"})),
               wire::kInvalidApprovalInfo},
           Row{changed("approvers", Json::array({"[::1]:1", "[0::1]:1"})),
               wire::kInvalidApprovalInfo},
           Row{changed("approvers", Json::array({"stranger.com:1"})), wire::kNotEnoughDecisions},
           Row{changed("key", "other"), wire::kWrongApprovalAnswer},
           Row{changed("clientIp", "10.0.0.1"), wire::kUnsuitableApprovalKey},
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
  Approval::Options options = three_of_nine();
  options.replay = Approval::Replay::per_node;
  Site site(9, options);
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
  LocalNetwork::Options options = guarded_by_ip();
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
                                   {"committee", "chance"},
                                   {"replay", 5},
                                   {"clientIp", true},
                                   {"level", "higher"},
                                   {"period", true}}) {
    const std::string said = message("client-ip", {{key, value}});
    CHECK(said.find("\"approval.ip\"") != std::string::npos);
    CHECK(said.find(key) != std::string::npos);
  }
}

TEST_CASE("approvals: config: the choice of committee decides the counts that are not named") {
  const auto options = [](Json settings) {
    const auto made = make_approval({"ip", "client-ip", std::move(settings)});
    REQUIRE(made);
    return (*made)->options();
  };
  struct Row {
    Json settings;
    std::size_t seats, needed;
    Approval::Choice choice;
  };
  using Choice = Approval::Choice;
  for (const Row& row : {
           Row{Json::object(), 31, 21, Choice::beacon},
           Row{{{"level", "standard"}}, 31, 21, Choice::beacon},
           Row{{{"level", "high"}}, 100, 60, Choice::beacon},
           Row{{{"level", "high"}, {"approversCount", 50}}, 50, 30, Choice::beacon},
           Row{{{"committee", "legacy"}}, 32, 22, Choice::legacy},
           Row{{{"committee", "legacy"}, {"approversCount", "1%"}}, 10, 7, Choice::legacy},
       }) {
    INFO(dump_json(row.settings));
    const Approval::Options made = options(row.settings);
    CHECK(made.approvers.of(1000) == row.seats);
    CHECK(made.decision_level.of(row.seats) == row.needed);
    CHECK(made.committee == row.choice);
    CHECK(made.replay == Approval::Replay::once);
    CHECK(made.is_bound_to_ip);
  }
  CHECK(options({{"replay", "per-node"}}).replay == Approval::Replay::per_node);
  CHECK_FALSE(options({{"clientIp", "any"}}).is_bound_to_ip);
  CHECK_FALSE(make_approval({"ip", "client-ip", {{"level", "high"}, {"committee", "legacy"}}}));
}

}  // namespace spreadable
