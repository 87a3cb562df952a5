#include "services/behaviours/overheard.h"

#include <doctest/doctest.h>

#include "services/system/system_random.h"

namespace spreadable {
namespace {

const Address kMaster = *Address::parse("localhost:7001");
const Address kPeer = *Address::parse("localhost:7002");

struct Site {
  FunctionAction find{"find"};
  FunctionAction store{"store"};
  SeededRandom random{1};
  Overheard overheard;

  Site() {
    find.audit(audits::contains);
    overheard.listen_to(find);
    overheard.listen_to(store);
  }
  void hear(const char* path, const Json& body, const Address& from = kPeer) {
    const HttpRequest request{.method = Method::post,
                              .path = path,
                              .query = {},
                              .headers = {},
                              .body = dump_json(body),
                              .remote_ip = IpAddress::loopback()};
    overheard.note({.request = request,
                    .body = body,
                    .deadline = Deadline(TimePoint{}),
                    .client_ip = IpAddress::loopback(),
                    .client_address = from},
                   kMaster);
  }
  auto take(const Address& audited = kMaster) { return overheard.take(audited, random); }
};

}  // namespace

TEST_CASE("overheard: questions: are kept as they were asked, until they are taken") {
  Site site;
  site.hear("/api/butler/find",
            {{"word", "liberty"}, {"level", 1}, {"timeout", 4000}, {"timestamp", 5}});
  site.hear("/api/butler/find", {{"word", "later"}});
  const auto question = site.take();
  REQUIRE(question);
  CHECK(question->action == &site.find);
  CHECK(question->query == Json{{"word", "liberty"}});
  CHECK(question->budget == std::chrono::milliseconds{3880});
  CHECK_FALSE(site.take());
}

TEST_CASE("overheard: questions: those of clients and of other stages as well") {
  for (const char* path : {"/client/find", "/api/slave/find", "/api/butler/find"}) {
    Site site;
    site.hear(path, {{"word", "liberty"}, {"approvalInfo", {{"key", "k"}}}});
    INFO(path);
    const auto question = site.take();
    REQUIRE(question);
    CHECK(question->query == Json{{"word", "liberty"}});
  }
}

TEST_CASE("overheard: questions: nothing that is no question, may have effects, or is too long") {
  Site site;
  site.hear("/api/butler/store", {{"word", "liberty"}});
  site.hear("/api/butler/unknown", {{"word", "liberty"}});
  site.hear("/api/node/structure", Json::object());
  site.hear("/api/butler/find", Json::array());
  site.hear("/api/butler/find", {{"word", std::string(Overheard::kBodyBytesMax, 'a')}});
  CHECK_FALSE(site.take());
}

TEST_CASE("overheard: marks: a question that the audited master may have marked is not used") {
  Site site;
  site.hear("/api/slave/find", {{"mark", 1}}, kMaster);  // handed on by this node's own master
  CHECK_FALSE(site.take(kPeer));
  site.hear("/api/butler/find", {{"mark", 2}}, kPeer);
  CHECK_FALSE(site.take(kPeer));
  CHECK(site.take(kMaster));
}

}  // namespace spreadable
