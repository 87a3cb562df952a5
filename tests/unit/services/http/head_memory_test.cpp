#include "services/http/detail/head_memory.h"

#include <doctest/doctest.h>

#include <string>

namespace spreadable::detail {
namespace {

std::string head_of(std::string_view path, std::size_t length = 7) {
  return "POST " + std::string(path) +
         "?q HTTP/1.1\r\nHost: x\r\nA: b\r\nEmpty:\r\nContent-Length: " + std::to_string(length) +
         "\r\nExpect: 100-continue\r\n\r\n";
}

void check_same(const RequestHead& a, const RequestHead& b) {
  CHECK(a.method == b.method);
  CHECK(a.path == b.path);
  CHECK(a.query == b.query);
  CHECK(a.headers.lines() == b.headers.lines());
  CHECK(a.headers.size() == b.headers.size());
  CHECK(a.content_length == b.content_length);
  CHECK(a.is_chunked == b.is_chunked);
  CHECK(a.is_http_1_0 == b.is_http_1_0);
  CHECK(a.keeps_alive == b.keeps_alive);
  CHECK(a.expects_continue == b.expects_continue);
}

}  // namespace

TEST_CASE("head memory: a head is read the same however often it comes") {
  HeadMemory heads;
  for (int i = 0; i < 4; ++i) {
    for (const std::string& text :
         {head_of("/a"), head_of("/b"), head_of("/a", 8),
          std::string("GET /c HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"),
          std::string("POST /d HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")}) {
      const auto head = heads.read(text, kHeadFieldsMax);
      REQUIRE(head);
      check_same(*head, *parse_request_head(text));
    }
  }
  CHECK(heads.size() == 5);
}

TEST_CASE("head memory: what comes once is not kept") {
  HeadMemory heads;
  for (int i = 0; i < 100; ++i) REQUIRE(heads.read(head_of("/" + std::to_string(i)), 9));
  CHECK(heads.size() == 0);
  for (int i = 0; i < 2; ++i) REQUIRE(heads.read(head_of("/a"), 9));
  CHECK(heads.size() == 1);
}

TEST_CASE("head memory: keeps few heads, and no large ones") {
  HeadMemory heads;
  const std::string large = head_of("/" + std::string(HeadMemory::kBytesMax, 'a'));
  for (int i = 0; i < 3; ++i) REQUIRE(heads.read(large, 9));
  CHECK(heads.size() == 0);
  for (int i = 0; i < 50; ++i) {
    for (int j = 0; j < 2; ++j) {
      const std::string path = "/" + std::to_string(i);
      const auto head = heads.read(head_of(path), 9);
      REQUIRE(head);
      CHECK(head->path == path);
    }
    CHECK(heads.size() <= HeadMemory::kHeads);
  }
  CHECK(heads.size() == HeadMemory::kHeads);
}

TEST_CASE("head memory: what is refused is refused again") {
  HeadMemory heads;
  for (int i = 0; i < 3; ++i) {
    CHECK_FALSE(heads.read("", kHeadFieldsMax));
    CHECK_FALSE(heads.read("GET / HTTP/1.1\r\n\r\n", kHeadFieldsMax));  // no Host
    REQUIRE(heads.read(head_of("/a"), kHeadFieldsMax));
    const auto refused = heads.read(head_of("/a"), 2);  // of five fields
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Errc::too_large);
  }
}

}  // namespace spreadable::detail
