#include "services/mux/detail/message_text.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "services/http/detail/request_collector.h"
#include "services/net/curl_transport.h"
#include "tests/support/deflated.h"

namespace spreadable::detail {
namespace {

constexpr std::size_t kAny = TransportRequest::kReplyBytesMax;

TransportRequest request_to(std::string_view address) {
  return {.to = *Address::parse(address), .path = "/api/slave/count?x=1", .body = "{}"};
}

}  // namespace

TEST_CASE("framed messages: a request is read as it was written") {
  TransportRequest request = request_to("10.0.0.1:8000");
  request.headers = {{"node-version", "x-1"}, {"content-type", "application/json"}};
  RequestCollector collector({.body_bytes_max = 100});
  REQUIRE(collector.feed(request_head_text(request, /*accepts_codings=*/true) + request.body) ==
          RequestCollector::State::complete);
  const HttpRequest read = collector.take();
  CHECK(read.method == Method::post);
  CHECK(read.path == "/api/slave/count");
  CHECK(read.query == "x=1");
  CHECK(read.body == "{}");
  CHECK(*read.headers.find("host") == "10.0.0.1:8000");
  CHECK(*read.headers.find("node-version") == "x-1");
  CHECK(*read.headers.find("accept-encoding") == "gzip, deflate");
  CHECK(collector.state() == RequestCollector::State::empty);
}

TEST_CASE("framed messages: compressed answers are wanted only where that is said") {
  const std::string head = request_head_text(request_to("localhost:80"), /*accepts_codings=*/false);
  CHECK(head.find("Accept-Encoding") == std::string::npos);
}

TEST_CASE("framed messages: what would break its line is not written") {
  TransportRequest good = request_to("10.0.0.1:1");
  CHECK(is_writable(good));
  TransportRequest bad = good;
  SUBCASE("a path with a space") {
    bad.path = "/a b";
  }
  SUBCASE("a path without a slash") {
    bad.path = "a";
  }
  SUBCASE("a name that is no token") {
    bad.headers.add("a:b", "c");
  }
  SUBCASE("a value of two lines") {
    bad.headers.add("a", "b\r\nc: d");
  }
  SUBCASE("another method") {
    bad.method = Method::options;
  }
  CHECK_FALSE(is_writable(bad));
  CHECK_FALSE(is_writable(bad, &good));
  CHECK(is_writable(good, &good));
}

TEST_CASE("framed messages: an answer is its status, its fields and the rest") {
  const auto reply = parse_response("HTTP/1.1 422 Oh No\r\nA: b\r\nC:  d \r\n\r\n{}\r\n", kAny);
  REQUIRE(reply);
  CHECK(reply->status == 422);
  CHECK(*reply->headers.find("a") == "b");
  CHECK(*reply->headers.find("c") == "d");
  CHECK(reply->body == "{}\r\n");
  CHECK(parse_response("HTTP/1.1 204\r\n\r\n", kAny)->body.empty());
}

TEST_CASE("framed messages: another answer makes no difference to what is read") {
  const std::vector<std::string> texts{
      "HTTP/1.1 200 OK\r\nA: b\r\nC: d\r\n\r\n1", "HTTP/1.1 404 No\r\nA: b\r\nC: d\r\n\r\n2",
      "HTTP/1.1 200 OK\r\nA:b\r\nC:  d \r\n\r\n3", "HTTP/1.1 200 OK\r\nA: b\r\n\r\n4",
      "HTTP/1.1 200 OK\r\n\r\n5", "HTTP/1.1 200 OK\r\nA: b\r\nC: d\r\nE: f\r\n\r\n6"};
  for (const std::string& first : texts) {
    const auto like = parse_response(first, kAny);
    REQUIRE(like);
    for (const std::string& text : texts) {
      INFO(text, " after ", first);
      const auto alone = parse_response(text, kAny);
      const auto after = parse_response(text, kAny, &*like);
      REQUIRE(alone);
      REQUIRE(after);
      CHECK(after->status == alone->status);
      CHECK(after->headers.lines() == alone->headers.lines());
      CHECK(after->headers.size() == alone->headers.size());
      CHECK(after->body == alone->body);
    }
    CHECK_FALSE(parse_response("HTTP/1.1 200 OK\r\nA: b\r\nno colon\r\n\r\n", kAny, &*like));
  }
}

TEST_CASE("framed messages: a malformed answer is refused") {
  for (const char* text : {
           "",
           "HTTP/1.1 200 OK\r\n",
           "HTTP/1.0 200 OK\r\n\r\n",
           "HTTP/1.1 20 OK\r\n\r\n",
           "HTTP/1.1 2000 OK\r\n\r\n",
           "HTTP/1.1 101 Switching Protocols\r\n\r\n",
           "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
           "HTTP/1.1 200 OK\r\nsp ace: x\r\n\r\n",
           "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\nnot gzip",
       }) {
    INFO(text);
    const auto reply = parse_response(text, kAny);
    REQUIRE_FALSE(reply);
    CHECK(reply.error().code == Errc::bad_response);
  }
}

TEST_CASE("framed messages: bodies are bounded, as they came and inflated") {
  const std::string head = "HTTP/1.1 200 OK\r\n\r\n";
  CHECK(parse_response(head + std::string(10, 'x'), 10));
  CHECK_FALSE(parse_response(head + std::string(11, 'x'), 10));
  const std::string gzip = "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n";
  const std::string text(CurlTransport::kInflatedFreely, 'x');
  CHECK(parse_response(gzip + deflated(text), kAny)->body == text);
  CHECK_FALSE(parse_response(gzip + deflated(text), text.size() - 1));
  CHECK_FALSE(parse_response(gzip + deflated(text + text + text), kAny));
}

}  // namespace spreadable::detail
