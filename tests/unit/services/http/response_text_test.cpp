#include "services/http/detail/response_text.h"

#include <doctest/doctest.h>

namespace spreadable::detail {
namespace {

const WallTime kDate{Millis{784'111'777'000}};  // the example of RFC 9110, section 5.6.7

HttpResponse response(int status, std::string body) {
  HttpResponse response;
  response.status = status;
  response.body = std::move(body);
  return response;
}

}  // namespace

TEST_CASE("response text: a whole response, byte by byte") {
  HttpResponse answer = response(200, "{}");
  answer.headers.add("Set-Cookie", "a=b");
  answer.headers.add("Set-Cookie", "c=d");
  CHECK(response_text(answer, {.date = kDate}) ==
        "HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=utf-8\r\n"
        "Set-Cookie: a=b\r\nSet-Cookie: c=d\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
        "Content-Length: 2\r\nConnection: keep-alive\r\nKeep-Alive: timeout=5\r\n\r\n{}");
}

TEST_CASE("response text: large bodies: the same text, in the memory of the body if it has room") {
  for (const std::size_t room : {0U, 1'000U}) {
    INFO(room);
    std::string body(100'000, 'x');
    body.reserve(body.size() + room);
    const bool has_room = body.capacity() - body.size() >= 1'000;
    const char* const place = body.data();
    HttpResponse answer = response(200, {});
    answer.body = std::move(body);
    const std::string expected = response_text(answer, {.date = kDate});
    const std::string text = response_text(std::move(answer), {.date = kDate});
    CHECK(text == expected);
    CHECK((text.data() == place) == has_room);
  }
}

TEST_CASE("response text: body: present when there is one and the request wants it") {
  struct Row {
    int status;
    Method method;
    const char* length;
    bool has_body;
  };
  for (const Row& row :
       {Row{200, Method::get, "Content-Length: 4\r\n", true},
        Row{200, Method::head, "Content-Length: 4\r\n", false},
        Row{204, Method::options, "Content-Length: 0\r\n", false},
        Row{304, Method::get, nullptr, false}, Row{599, Method::post, "4", true}}) {
    INFO(row.status);
    const std::string text =
        response_text(response(row.status, "body"), {.method = row.method, .date = kDate});
    CHECK(text.ends_with("\r\n\r\nbody") == row.has_body);
    CHECK((text.find(row.length ? row.length : "Content-Length") != std::string::npos) ==
          (row.length != nullptr));
    CHECK((text.find("Content-Type") != std::string::npos) == (row.status != 204 && row.length));
  }
}

TEST_CASE("response text: headers: a handler can neither forge framing nor begin a field") {
  HttpResponse answer = response(200, "{}");
  answer.headers = {{"content-length", "77"},
                    {"Connection", "upgrade"},
                    {"transfer-encoding", "chunked"},
                    {"X-Echo", "a\r\nX-Evil: b"},
                    {"X\nY", "c"},
                    {"Content-Length: 5, X", "c"},
                    {"Content-Length ", "5"}};
  const std::string text = response_text(answer, {.keeps_alive = false, .date = kDate});
  CHECK(text.find("77") == std::string::npos);
  CHECK(text.find("upgrade") == std::string::npos);
  CHECK(text.find("chunked") == std::string::npos);
  CHECK(text.find("X-Echo: a  X-Evil: b\r\n") != std::string::npos);
  CHECK(text.find("X Y") == std::string::npos);
  CHECK(text.find("Content-Length: 2\r\n") == text.find("Content-Length"));
  CHECK(text.find("Content-Length") == text.rfind("Content-Length"));
  CHECK(text.find("Connection: close\r\n") != std::string::npos);
  CHECK(text.find("Keep-Alive") == std::string::npos);
}

TEST_CASE("response text: refusal: tells its message as the core does") {
  const auto refusal = refusal_response(413, "too \"large\"", {{"A", "b"}});
  CHECK(refusal.status == 413);
  CHECK(refusal.body == R"({"message":"too \"large\""})");
  CHECK(*refusal.headers.find("a") == "b");
}

}  // namespace spreadable::detail
