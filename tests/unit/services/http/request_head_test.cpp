#include "services/http/request_head.h"

#include <doctest/doctest.h>

namespace spreadable {
namespace {

struct Row {
  const char* about;
  std::string text;
  bool is_read;
};

/// A GET with `fields` after a good Host.
std::string get(const std::string& fields) {
  return "GET /ping HTTP/1.1\r\nHost: a.example:80\r\n" + fields + "\r\n";
}
std::string with_line(const std::string& line) {
  return line + "\r\nHost: a\r\n\r\n";
}

void check(const std::vector<Row>& rows) {
  for (const Row& row : rows) {
    INFO(row.about, ": ", row.text);
    const auto head = parse_request_head(row.text);
    CHECK(head.has_value() == row.is_read);
    if (!head) CHECK(head.error().code == Errc::bad_request);
  }
}

const std::string kNul(1, '\0');

}  // namespace

TEST_CASE("request head: request line: what could be read in two ways is refused") {
  check({
      {"plain", with_line("GET / HTTP/1.1"), true},
      {"query", with_line("GET /a?b=c?d HTTP/1.1"), true},
      {"unencoded UTF-8", with_line("GET /\xC3\xA9 HTTP/1.1"), false},
      {"unknown method", with_line("PROPFIND / HTTP/1.1"), true},
      {"asterisk with OPTIONS", with_line("OPTIONS * HTTP/1.1"), true},
      {"full URL", with_line("GET http://a.example/x HTTP/1.1"), true},
      {"nothing", "", false},
      {"only an empty line", "\r\n\r\n", false},
      {"no version", with_line("GET /"), false},
      {"no target", with_line("GET HTTP/1.1"), false},
      {"empty target", with_line("GET  HTTP/1.1"), false},
      {"two spaces before the target", with_line("GET  / HTTP/1.1"), false},
      {"two spaces before the version", with_line("GET /  HTTP/1.1"), false},
      {"space in the target", with_line("GET /a b HTTP/1.1"), false},
      {"space at the end", with_line("GET / HTTP/1.1 "), false},
      {"space in front", with_line(" GET / HTTP/1.1"), false},
      {"tab for space", with_line("GET\t/ HTTP/1.1"), false},
      {"tab in the target", with_line("GET /a\tb HTTP/1.1"), false},
      {"NUL in the target", with_line("GET /a" + kNul + " HTTP/1.1"), false},
      {"DEL in the target", with_line("GET /\x7f HTTP/1.1"), false},
      {"colon in the method", with_line("GE:T / HTTP/1.1"), false},
      {"relative target", with_line("GET ping HTTP/1.1"), false},
      {"asterisk with GET", with_line("GET * HTTP/1.1"), false},
      {"authority", with_line("CONNECT a:80 HTTP/1.1"), false},
      {"URL without authority", with_line("GET http:///x HTTP/1.1"), false},
      {"other scheme", with_line("GET ftp://a/x HTTP/1.1"), false},
      {"version 0.9", with_line("GET / HTTP/0.9"), false},
      {"version 1.2", with_line("GET / HTTP/1.2"), false},
      {"version 2.0", with_line("GET / HTTP/2.0"), false},
      {"version in lower case", with_line("GET / http/1.1"), false},
      {"version with more digits", with_line("GET / HTTP/1.10"), false},
      {"version with a comma", with_line("GET / HTTP/1,1"), false},
  });
}

TEST_CASE("request head: lines: only CR LF ends one") {
  check({
      {"CR LF throughout", get("A: b\r\n"), true},
      {"LF after the request line", "GET / HTTP/1.1\nHost: a\r\n\r\n", false},
      {"LF after a field", "GET / HTTP/1.1\r\nHost: a\n\r\n", false},
      {"LF for the empty line", "GET / HTTP/1.1\r\nHost: a\r\n\n", false},
      {"CR in the request line", "GET /\r HTTP/1.1\r\nHost: a\r\n\r\n", false},
      {"CR in a value", get("A: b\rc\r\n"), false},
      {"CR in a name", get("A\r: b\r\n"), false},
      {"CR CR LF", get("A: b\r\r\n"), false},
      {"no empty line", "GET / HTTP/1.1\r\nHost: a\r\n", false},
      {"no end at all", "GET / HTTP/1.1", false},
      {"bytes after the empty line", get("") + "x", false},
      {"folded with a space", get("A: b\r\n c\r\n"), false},
      {"folded with a tab", get("A: b\r\n\tc\r\n"), false},
      {"folded before the first field", "GET / HTTP/1.1\r\n Host: a\r\n\r\n", false},
  });
}

TEST_CASE("request head: fields: names are tokens, values have no control bytes") {
  check({
      {"empty value", get("A:\r\n"), true},
      {"no space after the colon", get("A:b\r\n"), true},
      {"tab in a value", get("A: b\tc\r\n"), true},
      {"bytes beyond ASCII in a value", get("A: \xC3\xA9\r\n"), true},
      {"percent signs in a value", get("A: %0d%0a\r\n"), true},
      {"space before the colon", get("A : b\r\n"), false},
      {"tab before the colon", get("A\t: b\r\n"), false},
      {"no colon", get("A\r\n"), false},
      {"no name", get(": b\r\n"), false},
      {"space in a name", get("A b: c\r\n"), false},
      {"bracket in a name", get("A[0]: c\r\n"), false},
      {"bytes beyond ASCII in a name", get("\xC3\xA9: c\r\n"), false},
      {"NUL in a name", get("A" + kNul + ": b\r\n"), false},
      {"NUL in a value", get("A: b" + kNul + "c\r\n"), false},
      {"escape in a value", get("A: \x1b[0m\r\n"), false},
      {"DEL in a value", get("A: \x7f\r\n"), false},
  });
}

TEST_CASE("request head: framing: one length or one coding, and nothing else") {
  check({
      {"length", get("Content-Length: 5\r\n"), true},
      {"zero", get("Content-Length: 0\r\n"), true},
      {"leading zeros", get("Content-Length: 005\r\n"), true},
      {"spaces around", get("Content-Length:  5 \t\r\n"), true},
      {"chunked", get("Transfer-Encoding: chunked\r\n"), true},
      {"chunked in capitals", get("transfer-encoding: CHUNKED\r\n"), true},
      {"both", get("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"), false},
      {"both, the other way round", get("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n"),
       false},
      {"two lengths", get("Content-Length: 5\r\nContent-Length: 6\r\n"), false},
      {"two equal lengths", get("Content-Length: 5\r\ncontent-length: 5\r\n"), false},
      {"list of lengths", get("Content-Length: 5, 5\r\n"), false},
      {"plus", get("Content-Length: +5\r\n"), false},
      {"minus", get("Content-Length: -5\r\n"), false},
      {"hexadecimal", get("Content-Length: 0x5\r\n"), false},
      {"fraction", get("Content-Length: 5.0\r\n"), false},
      {"space inside", get("Content-Length: 5 5\r\n"), false},
      {"empty length", get("Content-Length:\r\n"), false},
      {"beyond 64 bits", get("Content-Length: 18446744073709551616\r\n"), false},
      {"gzip", get("Transfer-Encoding: gzip\r\n"), false},
      {"gzip, chunked", get("Transfer-Encoding: gzip, chunked\r\n"), false},
      {"chunked, identity", get("Transfer-Encoding: chunked, identity\r\n"), false},
      {"identity", get("Transfer-Encoding: identity\r\n"), false},
      {"quoted", get("Transfer-Encoding: \"chunked\"\r\n"), false},
      {"vertical tab", get("Transfer-Encoding: \vchunked\r\n"), false},
      {"empty coding", get("Transfer-Encoding:\r\n"), false},
      {"two codings", get("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"), false},
      {"chunked in HTTP/1.0", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", false},
  });
}

TEST_CASE("request head: host: exactly one in HTTP/1.1, at most one in HTTP/1.0") {
  check({
      {"one", "GET / HTTP/1.1\r\nHost: a\r\n\r\n", true},
      {"empty", "GET / HTTP/1.1\r\nHost:\r\n\r\n", true},
      {"IPv6", "GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n", true},
      {"none in 1.0", "GET / HTTP/1.0\r\n\r\n", true},
      {"none", "GET / HTTP/1.1\r\n\r\n", false},
      {"two", "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", false},
      {"two in 1.0", "GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n", false},
      {"path in it", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", false},
      {"user in it", "GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", false},
      {"space in it", "GET / HTTP/1.1\r\nHost: a b\r\n\r\n", false},
  });
}

TEST_CASE("request head: values: everything comes out as it was sent") {
  const auto head = parse_request_head(
      "POST //Client/%2e%2E/x/?a[b]=%20&c= HTTP/1.1\r\nHost: a\r\nnode-root:\r\n"
      "X-Value:  a %41,b \t\r\nX-Value: second\r\nContent-Length: 12\r\nExpect: "
      "100-Continue\r\n\r\n");
  REQUIRE(head);
  CHECK(head->method == Method::post);
  CHECK(head->path == "//Client/%2e%2E/x/");
  CHECK(head->query == "a[b]=%20&c=");
  CHECK(head->content_length == 12);
  CHECK_FALSE(head->is_chunked);
  CHECK(head->expects_continue);
  CHECK(head->headers.size() == 6);
  REQUIRE(head->headers.find("Node-Root"));
  CHECK(head->headers.find("Node-Root")->empty());
  CHECK(*head->headers.find("x-value") == "a %41,b");
}

TEST_CASE("request head: methods: names are case-sensitive") {
  struct Name {
    const char* text;
    Method method;
  };
  for (const Name& name :
       {Name{"GET", Method::get}, Name{"HEAD", Method::head}, Name{"POST", Method::post},
        Name{"OPTIONS", Method::options}, Name{"PUT", Method::other}, Name{"get", Method::other},
        Name{"M-SEARCH", Method::other}}) {
    INFO(name.text);
    const auto head = parse_request_head(with_line(std::string(name.text) + " / HTTP/1.1"));
    REQUIRE(head);
    CHECK(head->method == name.method);
  }
}

TEST_CASE("request head: targets: scheme and authority of a full URL are dropped") {
  struct Target {
    const char* sent;
    const char* path;
    const char* query;
  };
  for (const Target& target :
       {Target{"http://a.example", "/", ""}, Target{"HTTPS://a:1/x", "/x", ""},
        Target{"http://a?b", "/", "b"}, Target{"/x?", "/x", ""}}) {
    INFO(target.sent);
    const auto head =
        parse_request_head(with_line(std::string("GET ") + target.sent + " HTTP/1.1"));
    REQUIRE(head);
    CHECK(head->path == target.path);
    CHECK(head->query == target.query);
  }
}

TEST_CASE("request head: targets: fragments, blanks and bytes beyond ASCII are refused") {
  for (const char* target : {"/x#y?z", "#", "/\xC3\xA9", "/x?\xFF", "/a b", "x", "*"}) {
    INFO(target);
    CHECK_FALSE(parse_request_head(with_line(std::string("GET ") + target + " HTTP/1.1")));
  }
}

TEST_CASE("request head: connection: HTTP/1.1 goes on unless told, HTTP/1.0 ends unless told") {
  struct Case {
    const char* version;
    const char* connection;
    bool keeps_alive;
  };
  for (const Case& row : {Case{"1.1", "", true}, Case{"1.1", "Connection: close\r\n", false},
                          Case{"1.1", "Connection: Foo ,\tCLOSE\r\n", false},
                          Case{"1.1", "Connection: keep-alive\r\nConnection: close\r\n", false},
                          Case{"1.1", "Connection: closed\r\n", true}, Case{"1.0", "", false},
                          Case{"1.0", "Connection: Keep-Alive\r\n", true},
                          Case{"1.0", "Connection: keep-alive, close\r\n", false}}) {
    INFO(row.version, " ", row.connection);
    const auto head = parse_request_head(std::string("GET / HTTP/") + row.version +
                                         "\r\nHost: a\r\n" + row.connection + "\r\n");
    REQUIRE(head);
    CHECK(head->keeps_alive == row.keeps_alive);
  }
}

TEST_CASE("request head: fields: one more than the limit is too large") {
  const auto with_fields = [](std::size_t count) {
    std::string fields;
    for (std::size_t i = 1; i < count; ++i) fields += "A: b\r\n";  // Host is the first
    return parse_request_head(get(fields));
  };
  CHECK(with_fields(kHeadFieldsMax));
  const auto head = with_fields(kHeadFieldsMax + 1);
  REQUIRE_FALSE(head);
  CHECK(head.error().code == Errc::too_large);
}

}  // namespace spreadable
