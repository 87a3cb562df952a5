#include "services/http/detail/request_collector.h"

#include <doctest/doctest.h>

namespace spreadable::detail {
namespace {

using State = RequestCollector::State;

constexpr std::string_view kGet = "GET /a?b HTTP/1.1\r\nHost: x\r\n\r\n";

std::string post(std::string_view body, std::string_view fields = "") {
  return "POST /p HTTP/1.1\r\nHost: x\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" +
         std::string(fields) + "\r\n" + std::string(body);
}
std::string chunked(std::string_view chunks) {
  return "POST /p HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + std::string(chunks);
}

RequestCollector collector(std::size_t body_bytes_max = 1'000) {
  return RequestCollector({.body_bytes_max = body_bytes_max});
}

/// Feeds `bytes` in pieces of `piece`, and stops where the collector has made up its mind.
State feed(RequestCollector& into, std::string_view bytes, std::size_t piece) {
  while (!bytes.empty() && into.state() != State::complete && into.state() != State::refused) {
    into.feed(bytes.substr(0, piece));
    bytes.remove_prefix(std::min(piece, bytes.size()));
  }
  return into.state();
}

}  // namespace

TEST_CASE("request collector: pieces: cuts on the way make no difference") {
  struct Row {
    std::string bytes;
    std::string body;
  };
  for (const Row& row :
       {Row{std::string(kGet), ""}, Row{"\r\n\r\n" + std::string(kGet), ""},
        Row{post("hello"), "hello"}, Row{chunked("0\r\n\r\n"), ""},
        Row{chunked("5\r\nhello\r\n0\r\n\r\n"), "hello"},
        Row{chunked("5;a=\"b\"\r\nhello\r\n00A\r\n0123456789\r\n0\r\nA: b\r\n\r\n"),
            "hello0123456789"}}) {
    for (const std::size_t piece : std::initializer_list<std::size_t>{1, 2, 3, 7, 1'000}) {
      INFO(piece, " bytes of ", row.bytes);
      auto requests = collector();
      REQUIRE(feed(requests, row.bytes, piece) == State::complete);
      CHECK(requests.take().body == row.body);
      CHECK(requests.state() == State::empty);
    }
  }
}

TEST_CASE("request collector: pipelining: the next request waits, whole or in part") {
  auto requests = collector();
  const std::string second = post("12345");
  requests.feed(std::string(kGet) + second + second.substr(0, second.size() - 2));
  REQUIRE(requests.state() == State::complete);
  const HttpRequest first = requests.take();
  CHECK(first.path == "/a");
  CHECK(first.query == "b");
  REQUIRE(requests.state() == State::complete);
  CHECK(requests.take().body == "12345");
  CHECK(requests.state() == State::body);
  CHECK(requests.feed("45") == State::complete);
  CHECK(requests.take().body == "12345");
  CHECK(requests.state() == State::empty);
}

TEST_CASE("request collector: refusals: each with the status that says why") {
  struct Row {
    const char* about;
    std::string bytes;
    int status;
  };
  const std::string head = "GET / HTTP/1.1\r\nHost: x\r\n";
  std::string many_fields;
  for (std::size_t i = 0; i < kHeadFieldsMax; ++i) many_fields += "A: b\r\n";
  for (const Row& row :
       {Row{"bad head", "GET / HTTP/1.1\r\n\r\n", 400},
        Row{"no HTTP", "hello\r\n\r\n", 400},
        Row{"long head", head + "A: " + std::string(kHeadBytesMax, 'a') + "\r\n\r\n", 431},
        Row{"endless head", head + "A: " + std::string(kHeadBytesMax, 'a'), 431},
        Row{"many fields", head + many_fields + "\r\n", 431},
        Row{"large body", post(std::string(1'001, 'x')), 413},
        Row{"one large chunk", chunked("3e9\r\n"), 413},
        Row{"many chunks", chunked("3e8\r\n" + std::string(1'000, 'x') + "\r\n1\r\n"), 413},
        Row{"huge chunk", chunked("fffffffffffffffff\r\n"), 413},
        Row{"chunk size with sign", chunked("+5\r\nhello\r\n"), 400},
        Row{"chunk size with prefix", chunked("0x5\r\nhello\r\n"), 400},
        Row{"chunk size with space", chunked("5 \r\nhello\r\n"), 400},
        Row{"no chunk size", chunked("\r\nhello\r\n"), 400},
        Row{"only an extension", chunked(";a\r\nhello\r\n"), 400},
        Row{"chunk line ends in LF", chunked("5\nhello\r\n"), 400},
        Row{"CR in a chunk line", chunked("5;\rb\r\nhello\r\n"), 400},
        Row{"NUL in a chunk line", chunked("5;" + std::string(1, '\0') + "\r\nhello\r\n"), 400},
        Row{"control byte in a chunk line", chunked("5;a\x01\r\nhello\r\n"), 400},
        Row{"request line as a trailer", chunked("0\r\nGET /b HTTP/1.1\r\n\r\n"), 400},
        Row{"trailer without a name", chunked("0\r\n: b\r\n\r\n"), 400},
        Row{"folded trailer", chunked("0\r\nA: b\r\n c\r\n\r\n"), 400},
        Row{"control byte in a trailer", chunked("0\r\nA: \x01\r\n\r\n"), 400},
        Row{"chunk longer than said", chunked("5\r\nhello!\r\n"), 400},
        Row{"chunk ends in LF", chunked("5\r\nhello\n0\r\n\r\n"), 400},
        Row{"long extension", chunked("5;" + std::string(300, 'a') + "\r\n"), 400},
        Row{"endless trailers",
            chunked("0\r\n" + many_fields + many_fields + many_fields + many_fields + many_fields +
                    many_fields + many_fields),
            400}}) {
    INFO(row.about);
    for (const std::size_t piece : std::initializer_list<std::size_t>{1, 100'000}) {
      auto requests = collector();
      REQUIRE(feed(requests, row.bytes, piece) == State::refused);
      CHECK(requests.refusal().status == row.status);
      CHECK_FALSE(requests.refusal().message.empty());
    }
  }
}

TEST_CASE("request collector: limits: the largest head and body pass") {
  const std::string frame = "GET / HTTP/1.1\r\nHost: x\r\nA: \r\n\r\n";
  std::string head = frame;
  head.insert(head.size() - 4, kHeadBytesMax - frame.size(), 'a');
  auto requests = collector();
  CHECK(feed(requests, head, 1'000) == State::complete);
  (void)requests.take();
  CHECK(feed(requests, post(std::string(1'000, 'x')), 100) == State::complete);
}

TEST_CASE("request collector: memory: nothing is held between requests") {
  auto requests = collector(1 << 20);
  const std::size_t before = requests.buffered();
  feed(requests, post(std::string(1 << 20, 'x')), 10'000);
  CHECK(requests.buffered() > 1 << 20);
  (void)requests.take();
  CHECK(requests.buffered() == before);
}

TEST_CASE("request collector: expectation: is told once, and only while the body is missing") {
  auto requests = collector();
  const std::string request = post("hello", "Expect: 100-continue\r\n");
  requests.feed(request.substr(0, request.size() - 5));
  CHECK(requests.take_continue_wish());
  CHECK_FALSE(requests.take_continue_wish());
  CHECK(requests.feed("hello") == State::complete);
  (void)requests.take();
  requests.feed(request.substr(0, request.size() - 4));
  CHECK_FALSE(requests.take_continue_wish());
}

}  // namespace spreadable::detail
