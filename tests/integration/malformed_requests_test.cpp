// What a node answers to bytes that are not quite requests: over real sockets, with its own router.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <random>
#include <set>

#include "services/spreadable.h"
#include "tests/integration/smuggling_cases.h"
#include "tests/integration/strict_reader.h"
#include "tests/support/deflated.h"
#include "tests/support/free_port.h"
#include "tests/support/raw_connection.h"

namespace spreadable {
namespace {

constexpr std::size_t kMutants = 1'000;
constexpr std::uint64_t kSeed = 20'260'101;

/// A network of one node with an action.
class Target {
 public:
  Target() {
    options_.port = free_port();
    options_.hostname = "localhost";
    options_.storage.path = Runtime::kNoStorage;
    options_.network.auto_sync = false;
    options_.logger.level = LogLevel::off;
    node_.emplace(options_, runtime_.environment(options_));
    node_->add_action("count")
        .local([](const Json&, CallContext&) { return 1; })
        .merge(merges::sum);
    REQUIRE(node_->start());
  }
  ~Target() { node_->stop(std::chrono::seconds{1}); }

  [[nodiscard]] std::uint16_t port() const { return options_.port; }
  /// All that comes back for `bytes`, which are all that the client sends. Nothing when the node
  /// does not end the connection in time.
  [[nodiscard]] std::optional<std::string> exchange(std::string_view bytes) const {
    RawConnection client(options_.port);
    client.send(bytes);
    client.end_writing();
    std::string answer;
    for (;;) {
      const std::string more = client.read_bare();
      answer += more;
      if (more.empty()) break;
    }
    if (!client.is_ended(Millis{0})) return std::nullopt;
    return answer;
  }

 private:
  Runtime runtime_;
  NodeOptions options_;
  std::optional<Node> node_;
};

/// The final answers in `text`, for requests of these methods; a status of 0 stands for bytes that
/// are no answer.
std::vector<int> statuses_in(std::string_view text, const std::vector<std::string>& methods) {
  std::vector<int> statuses;
  while (!text.empty()) {
    const auto end = text.find("\r\n\r\n");
    const std::string head(text.substr(0, end));
    if (end == std::string_view::npos || !head.starts_with("HTTP/1.1 ")) {
      statuses.push_back(0);
      break;
    }
    text.remove_prefix(end + 4);
    const int status = std::stoi(head.substr(9, 3));
    if (status == 100) continue;
    const auto field = head.find("Content-Length: ");
    const std::size_t length = field == std::string::npos ? 0 : std::stoul(head.substr(field + 16));
    const std::size_t index = statuses.size();
    const bool has_body = index >= methods.size() || methods[index] != "HEAD";
    statuses.push_back(status);
    if (has_body && text.size() < length) statuses.push_back(0);
    text.remove_prefix(has_body ? std::min(length, text.size()) : 0);
  }
  return statuses;
}

std::vector<std::string> good_requests() {
  const std::string json = R"({"timeout":5000,"word":"a b","list":[1,2,{"x":null}]})";
  const std::string node =
      "original-address: localhost:1\r\nnode-version: spreadable-0.3\r\nnode-root: localhost:1\r\n";
  const auto post = [](std::string_view path, std::string_view fields, std::string_view body) {
    return fmt::format("POST {} HTTP/1.1\r\nHost: localhost\r\n{}Content-Length: {}\r\n\r\n{}",
                       path, fields, body.size(), body);
  };
  const std::string typed = "Content-Type: application/json\r\n";
  return {
      "GET /ping HTTP/1.1\r\nHost: localhost:1\r\nUser-Agent: a/1\r\nAccept: */*\r\n\r\n",
      "GET /status?pretty=1&x[y]=%20 HTTP/1.1\r\nHost: x\r\nCookie: a=b; c=d\r\n\r\n",
      "HEAD /ping HTTP/1.1\r\nHost: x\r\nConnection: keep-alive, te\r\n\r\n",
      "OPTIONS /client/count HTTP/1.1\r\nHost: x\r\nAccess-Control-Request-Headers: a\r\n\r\n",
      "GET http://x.example:80/client.js HTTP/1.1\r\nHost: x.example\r\n\r\n",
      "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
      post("/client/count", typed, json),
      post("/client/count", "Content-Type: application/x-www-form-urlencoded\r\n", "a=1&b=%20&a=2"),
      post("/client/count", typed + "Expect: 100-continue\r\n", json),
      post("/client/count", typed + "Content-Encoding: gzip\r\n", deflated(json)),
      post("/client/request-approval-key", typed, R"({"action":"captcha"})"),
      post("/api/slave/count", typed + node, json),
      post("/api/node/register", typed + node, R"({"target":"localhost:1"})"),
      "POST /client/count HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n" + typed +
          "\r\n8;a=b\r\n{\"a\":1,\"\r\n5\r\nb\":2}\r\n0\r\nDigest: x\r\n\r\n",
  };
}

/// Changes requests in ways that go wrong in the wild, and in those that attackers try.
class Mutator {
 public:
  explicit Mutator(std::uint64_t seed) : random_(seed) {}

  std::string next() {
    std::string bytes = pick(requests_);
    for (std::size_t i = below(3); i < 3; ++i) mutate(bytes);
    return bytes;
  }

 private:
  // Not a standard distribution: those differ between libraries.
  std::size_t below(std::size_t limit) { return static_cast<std::size_t>(random_() % limit); }
  template <class T>
  const T& pick(const std::vector<T>& items) {
    return items[below(items.size())];
  }

  void mutate(std::string& bytes) {
    if (bytes.empty()) return;
    const std::size_t at = below(bytes.size());
    const std::size_t span = std::min(bytes.size() - at, 1 + below(12));
    switch (below(8)) {
      case 0:
        bytes[at] = static_cast<char>(random_());
        return;
      case 1:
        bytes.insert(at, pick(pieces_));
        return;
      case 2:
        bytes.erase(at, span);
        return;
      case 3:
        bytes.insert(at, bytes.substr(at, span));
        return;
      case 4:
        bytes.resize(at);
        return;
      case 5:
        bytes += pick(requests_);
        return;
      default:
        mutate_line(bytes);
    }
  }

  /// Doubles a line, puts one of another request in its place, or changes its number.
  void mutate_line(std::string& bytes) {
    const auto [from, size] = line(bytes);
    switch (below(3)) {
      case 0:
        bytes.insert(from, bytes.substr(from, size));
        return;
      case 1: {
        const std::string& other = pick(requests_);
        const auto [other_from, other_size] = line(other);
        bytes.replace(from, size, other.substr(other_from, other_size));
        return;
      }
      default:
        if (const auto digit = bytes.find_first_of("0123456789", from);
            digit != std::string::npos) {
          bytes[digit] = static_cast<char>('0' + below(10));
        }
    }
  }

  /// Where one of the lines of `bytes` begins, and its bytes with its end.
  std::pair<std::size_t, std::size_t> line(const std::string& bytes) {
    const auto before = bytes.rfind('\n', below(bytes.size()));
    const std::size_t from =
        before == std::string::npos || before + 1 == bytes.size() ? 0 : before + 1;
    const auto end = bytes.find('\n', from);
    return {from, (end == std::string::npos ? bytes.size() : end + 1) - from};
  }

  const std::vector<std::string> requests_ = good_requests();
  const std::vector<std::string> pieces_{"\r",
                                         "\n",
                                         "\r\n",
                                         "\r\n\r\n",
                                         " ",
                                         "\t",
                                         ":",
                                         ",",
                                         std::string(1, '\0'),
                                         "\x7f",
                                         "\xff",
                                         "%00",
                                         "%",
                                         "#",
                                         "0",
                                         "ffffffff",
                                         "{",
                                         "\"",
                                         "Content-Length: 1\r\n",
                                         "Content-Length: 0\r\n",
                                         "Transfer-Encoding: chunked\r\n",
                                         "Connection: close\r\n",
                                         "Host: y\r\n",
                                         "HTTP/1.0",
                                         std::string(300, 'a'),
                                         std::string(20'000, 'a'),
                                         std::string(100, '[')};
  std::mt19937_64 random_;
};

std::string joined(const std::vector<int>& statuses) {
  return fmt::format("{}", fmt::join(statuses, " "));
}

}  // namespace

TEST_CASE("malformed requests: smuggling: each known trick gets one refusal and the end") {
  const Target target;
  const auto cases = smuggling_cases();
  CHECK(cases.size() >= 200);
  std::set<std::string> names;
  for (const SmugglingCase& one : cases) {
    INFO(one.name);
    CHECK(names.insert(one.name).second);
    const auto answer = target.exchange(one.bytes);
    REQUIRE(answer);
    CHECK(joined(statuses_in(*answer, {})) == joined({one.status}));
    CHECK(answer->find("\r\nConnection: close\r\n") != std::string::npos);
  }
}

TEST_CASE("malformed requests: smuggling: a trick that comes in pieces is refused all the same") {
  const Target target;
  const auto cases = smuggling_cases();
  for (std::size_t i = 0; i < cases.size(); i += 10) {
    INFO(cases[i].name);
    RawConnection client(target.port());
    for (const char byte : cases[i].bytes) client.send({&byte, 1});
    client.end_writing();
    const auto response = client.receive();
    REQUIRE(response);
    CHECK(response->status == cases[i].status);
    CHECK_FALSE(client.receive());
    CHECK(client.is_ended());
  }
}

TEST_CASE("malformed requests: the good ones are answered, alone and all in one connection") {
  const Target target;
  std::string all;
  for (const std::string& request : good_requests()) {
    INFO(escaped(request));
    const auto answer = target.exchange(request);
    REQUIRE(answer);
    const auto statuses = statuses_in(*answer, read_strictly(request).methods);
    REQUIRE(statuses.size() == 1);
    CHECK(statuses.front() < 500);
    CHECK(statuses.front() != 400);
    all += request;
  }
  const StrictReading reading = read_strictly(all);
  CHECK(reading.methods.size() == good_requests().size());
  const auto answer = target.exchange(all);
  REQUIRE(answer);
  CHECK(statuses_in(*answer, reading.methods).size() == good_requests().size());
}

TEST_CASE(
    "malformed requests: mutants: one answer for each request that can be read, never a 5xx") {
  const Target target;
  Mutator mutator(kSeed);
  std::size_t refused = 0;
  std::size_t answered = 0;
  for (std::size_t i = 0; i < kMutants; ++i) {
    const std::string mutant = mutator.next();
    INFO("mutant ", i, ": ", escaped(mutant));
    const StrictReading expected = read_strictly(mutant);
    const auto answer = target.exchange(mutant);
    REQUIRE(answer);
    const auto statuses = statuses_in(*answer, expected.methods);
    INFO("answers: ", joined(statuses));
    REQUIRE(statuses.size() == expected.answers());
    for (const int status : statuses) CHECK((status >= 200 && status < 500));
    if (expected.is_refused) CHECK(statuses.back() >= 400);
    refused += expected.is_refused ? 1 : 0;
    answered += expected.methods.empty() ? 0 : 1;
  }
  // The mutants are neither all alike nor all hopeless.
  CHECK(refused > kMutants / 4);
  CHECK(answered > kMutants / 4);
  CHECK(statuses_in(*target.exchange("GET /ping HTTP/1.0\r\n\r\n"), {}) == std::vector{200});
}

}  // namespace spreadable
