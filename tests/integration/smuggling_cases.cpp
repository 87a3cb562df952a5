#include "tests/integration/smuggling_cases.h"

#include <fmt/format.h>

#include <array>
#include <functional>
#include <span>
#include <string_view>

namespace spreadable {
namespace {

using namespace std::string_view_literals;

constexpr auto kHidden = "GET /hidden HTTP/1.1\r\nHost: x\r\n\r\n"sv;
constexpr auto kStart = "POST /client/count HTTP/1.1\r\nHost: x\r\n"sv;
constexpr auto kChunks = "2\r\n{}\r\n0\r\n\r\n"sv;
constexpr auto kChunkedStart =
    "POST /client/count HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"sv;

// What stands where Content-Length has its number.
constexpr std::string_view kLengths[] = {
    "+2"sv,
    "-2"sv,
    "-0"sv,
    "+0"sv,
    "--2"sv,
    "2 2"sv,
    "2,2"sv,
    "2, 2"sv,
    "2, 40"sv,
    "0x2"sv,
    "2h"sv,
    "2.0"sv,
    "2e0"sv,
    "1_0"sv,
    ""sv,
    "\"2\""sv,
    "2;"sv,
    "2\v"sv,
    "\v2"sv,
    "\f2"sv,
    "2\0"sv,
    "\0"
    "2"sv,
    "2\x7f"sv,
    "\xd9\xa2"sv,
    "\xef\xbc\x92"sv,
    "2\xa0"sv,
    "18446744073709551618"sv,
    "99999999999999999999999"sv,
    "0b10"sv,
    "0o2"sv,
    "2L"sv,
    "NaN"sv,
    "two"sv,
    "2\t2"sv,
    "#2"sv,
    "(2)"sv,
    "2-"sv,
    "2/2"sv,
    "'2'"sv,
    "2\x1f"sv,
};

// What stands where Transfer-Encoding has `chunked`.
constexpr std::string_view kCodings[] = {
    ""sv,
    "identity"sv,
    "xchunked"sv,
    "chunkedx"sv,
    "chunked, chunked"sv,
    "x-chunked"sv,
    "chunked,identity"sv,
    "identity, chunked"sv,
    "gzip"sv,
    "gzip, chunked"sv,
    "chunked, gzip"sv,
    "deflate, chunked"sv,
    "compress"sv,
    "chunked;q=1"sv,
    "chunked; foo=bar"sv,
    "chunked;"sv,
    "\"chunked\""sv,
    "'chunked'"sv,
    "chunked,"sv,
    ",chunked"sv,
    ", chunked"sv,
    "chun ked"sv,
    "chunked cow"sv,
    "cow, chunked"sv,
    "cow"sv,
    "chunked\v"sv,
    "\vchunked"sv,
    "chunked\f"sv,
    "chunked\0"sv,
    "\0chunked"sv,
    "chunked\x01"sv,
    "chunked\xa0"sv,
    "\xa0"
    "chunked"sv,
    "chunked\x7f"sv,
    "trailers"sv,
    "chun\xe2\x84\xaa"
    "ed"sv,
    "chun\xc5\xb7"
    "ed"sv,
    "{chunked}"sv,
    "chunked:"sv,
    "=chunked"sv,
};

// How the name of a field that frames a body may be misspelt; `@` stands for the name.
constexpr std::string_view kNames[] = {
    "@ :"sv,          "@\t:"sv,     " @:"sv,
    "\t@:"sv,         "@\0:"sv,     "\0@:"sv,
    "@\x01:"sv,       "@\v:"sv,     "@\f:"sv,
    "@(:"sv,          "@/:"sv,      "@[]:"sv,
    "@{}:"sv,         "@\xa0:"sv,   "\xef\xbb\xbf@:"sv,
    "@\x7f:"sv,       "@;:"sv,      "@=:"sv,
    "\"@\":"sv,       "@,:"sv,      "@?:"sv,
    "@\\:"sv,         "<@>:"sv,     "@"sv,
    ":@:"sv,          "\r@:"sv,     "@\r:"sv,
    "\n@:"sv,         "@\n:"sv,     "A\r@:"sv,
    "A: b\r@:"sv,     "A: b\n@:"sv, "A: b\r\r\n@:"sv,
    "A: b\n\r\n@:"sv,
};

constexpr std::string_view kPairs[] = {
    "Content-Length: 2\r\nContent-Length: 2\r\n"sv,
    "Content-Length: 2\r\nContent-Length: 40\r\n"sv,
    "Content-Length: 0\r\nContent-Length: 2\r\n"sv,
    "Content-Length: 2\r\ncontent-length: 0\r\n"sv,
    "Content-Length: 2\r\nA: b\r\nCONTENT-LENGTH: 2\r\n"sv,
    "Content-Length: 2\r\nContent-Length:\r\n"sv,
    "Content-Length: 2\r\nContent-Length: 2\r\nContent-Length: 2\r\n"sv,
    "Content-Length: 12\r\nTransfer-Encoding: chunked\r\n"sv,
    "Transfer-Encoding: chunked\r\nContent-Length: 12\r\n"sv,
    "Content-Length: 0\r\nTransfer-Encoding: chunked\r\n"sv,
    "content-length: 2\r\nTRANSFER-ENCODING: CHUNKED\r\n"sv,
    "Content-Length: 2\r\nTransfer-Encoding: identity\r\n"sv,
    "Content-Length: 2\r\nTransfer-Encoding:\r\n"sv,
    "Content-Length: 2\r\nTransfer-Encoding: cow\r\n"sv,
    "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"sv,
    "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n"sv,
    "Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n"sv,
    "Transfer-Encoding: chunked\r\ntransfer-encoding: cow\r\n"sv,
    "Transfer-Encoding:\r\nTransfer-Encoding: chunked\r\n"sv,
    "Transfer-Encoding:\r\n chunked\r\n"sv,
    "Transfer-Encoding:\r\n\tchunked\r\n"sv,
    "Transfer-Encoding: chunked\r\n , identity\r\n"sv,
    "Content-Length:\r\n 2\r\n"sv,
    "Content-Length: 2\r\n 0\r\n"sv,
    " A: b\r\nContent-Length: 2\r\n"sv,
    "A: b\r\n c\r\nContent-Length: 2\r\n"sv,
    "A: b\r\n \r\nContent-Length: 2\r\n"sv,
    "A: b\r\n\t\r\nContent-Length: 2\r\n"sv,
    "A: b\rContent-Length: 2\r\n"sv,
    "A: b\nContent-Length: 2\r\n"sv,
    "A: b\0\r\nContent-Length: 2\r\n"sv,
    "A: b\x08\r\nContent-Length: 2\r\n"sv,
    "A: b\x1b\r\nContent-Length: 2\r\n"sv,
    "A: b\x7f\r\nContent-Length: 2\r\n"sv,
    "A: b\r\r\nContent-Length: 2\r\n"sv,
    "A\r\nContent-Length: 2\r\n"sv,
    ": b\r\nContent-Length: 2\r\n"sv,
    "A B: c\r\nContent-Length: 2\r\n"sv,
    "GET /hidden HTTP/1.1\r\nContent-Length: 2\r\n"sv,
    "Content-Length: 2\r\nHost: x\r\n"sv,
    "Content-Length: 2\r\nhost: y\r\n"sv,
    "Content-Length: 2\r\nHost:\r\n"sv,
};

constexpr std::string_view kHosts[] = {
    "x y"sv,       "x\ty"sv,  "x/y"sv,  "x@y"sv,  "x\\y"sv, "x#y"sv,       "x?y"sv,   "x\"y"sv,
    "<x>"sv,       "{x}"sv,   "x|y"sv,  "x^y"sv,  "`x`"sv,  "x\0y"sv,      "x\xa0"sv, "x\x01"sv,
    "http://x/"sv, "x\x7f"sv, "x\vy"sv, "x\ry"sv, "x\ny"sv, "x\xc3\xa4"sv,
};

// First lines. Fields follow that would make a whole request of them.
constexpr std::string_view kFirstLines[] = {
    "GET"sv,
    "GET "sv,
    "GET /"sv,
    "GET / "sv,
    " GET / HTTP/1.1"sv,
    "\tGET / HTTP/1.1"sv,
    "GET  / HTTP/1.1"sv,
    "GET /  HTTP/1.1"sv,
    "GET\t/ HTTP/1.1"sv,
    "GET /\tHTTP/1.1"sv,
    "GET / HTTP/1.1 "sv,
    "GET / HTTP/1.1\t"sv,
    "GET / HTTP/1.1 HTTP/1.1"sv,
    "GET / x HTTP/1.1"sv,
    "GET / HTTP/0.9"sv,
    "GET / HTTP/1"sv,
    "GET / HTTP/1."sv,
    "GET / HTTP/1.2"sv,
    "GET / HTTP/1.10"sv,
    "GET / HTTP/01.1"sv,
    "GET / HTTP/1.01"sv,
    "GET / HTTP/2"sv,
    "GET / HTTP/2.0"sv,
    "GET / HTTP/3"sv,
    "GET / HTTP/1,1"sv,
    "GET / HTTP/+1.1"sv,
    "GET / http/1.1"sv,
    "GET / Http/1.1"sv,
    "GET / HTTPS/1.1"sv,
    "GET / XHTTP/1.1"sv,
    "GET / HTTP /1.1"sv,
    "GET / HTTP/ 1.1"sv,
    "GET / HTTP/1.1\0"sv,
    "GET / HTTP/1.1\v"sv,
    "GET / HTTP\\1.1"sv,
    "GET / ICY/1.1"sv,
    "PRI * HTTP/2.0"sv,
    "GET * HTTP/1.1"sv,
    "GET hidden HTTP/1.1"sv,
    "GET ?x HTTP/1.1"sv,
    "GET \\hidden HTTP/1.1"sv,
    "GET ftp://x/ HTTP/1.1"sv,
    "GET http:///x HTTP/1.1"sv,
    "GET http:/x HTTP/1.1"sv,
    "GET http://?x HTTP/1.1"sv,
    "CONNECT x:443 HTTP/1.1"sv,
    "GET x:80 HTTP/1.1"sv,
    "GET /\0 HTTP/1.1"sv,
    "GET /\x01 HTTP/1.1"sv,
    "GET /\x7f HTTP/1.1"sv,
    "GET /\v HTTP/1.1"sv,
    "GET /\xc3\xa4 HTTP/1.1"sv,
    "GET /\xa0 HTTP/1.1"sv,
    "GET /#x HTTP/1.1"sv,
    "GET /a\rb HTTP/1.1"sv,
    "GET /a\nb HTTP/1.1"sv,
    "GET / HTTP/1.1\r"sv,
    "GET / HTTP/1.1\n"sv,
    "G(ET / HTTP/1.1"sv,
    "GET: / HTTP/1.1"sv,
    "G\0ET / HTTP/1.1"sv,
    "\"GET\" / HTTP/1.1"sv,
    "GET, / HTTP/1.1"sv,
    "GET/ / HTTP/1.1"sv,
    "G\xc3\x8bT / HTTP/1.1"sv,
    "\0GET / HTTP/1.1"sv,
    "\nGET / HTTP/1.1"sv,
    "\rGET / HTTP/1.1"sv,
    "\xef\xbb\xbfGET / HTTP/1.1"sv,
    "HTTP/1.1 200 OK"sv,
    "\x16\x03\x01\x02"sv,
    "Host: x"sv,
};

// Chunked bodies from their first byte; each would be followed by the hidden request.
constexpr std::string_view kBodies[] = {
    "0x2\r\n{}\r\n0\r\n\r\n"sv,
    "+2\r\n{}\r\n0\r\n\r\n"sv,
    "-2\r\n{}\r\n0\r\n\r\n"sv,
    " 2\r\n{}\r\n0\r\n\r\n"sv,
    "2 \r\n{}\r\n0\r\n\r\n"sv,
    "\t2\r\n{}\r\n0\r\n\r\n"sv,
    "2\t\r\n{}\r\n0\r\n\r\n"sv,
    "\r\n{}\r\n0\r\n\r\n"sv,
    "g\r\n{}\r\n0\r\n\r\n"sv,
    "2g\r\n{}\r\n0\r\n\r\n"sv,
    "2_\r\n{}\r\n0\r\n\r\n"sv,
    "2.0\r\n{}\r\n0\r\n\r\n"sv,
    "2,\r\n{}\r\n0\r\n\r\n"sv,
    "2h\r\n{}\r\n0\r\n\r\n"sv,
    "\"2\"\r\n{}\r\n0\r\n\r\n"sv,
    "\xd9\xa2\r\n{}\r\n0\r\n\r\n"sv,
    "2\0\r\n{}\r\n0\r\n\r\n"sv,
    "\v2\r\n{}\r\n0\r\n\r\n"sv,
    "2\v\r\n{}\r\n0\r\n\r\n"sv,
    "2 ;a\r\n{}\r\n0\r\n\r\n"sv,
    ";a\r\n{}\r\n0\r\n\r\n"sv,
    "2;a\x01\r\n{}\r\n0\r\n\r\n"sv,
    "2;\0\r\n{}\r\n0\r\n\r\n"sv,
    "2;a\rb\r\n{}\r\n0\r\n\r\n"sv,
    "2;a\nb\r\n{}\r\n0\r\n\r\n"sv,
    "2;\x7f\r\n{}\r\n0\r\n\r\n"sv,
    "2;\n{}\r\n0\r\n\r\n"sv,
    "2\n{}\r\n0\r\n\r\n"sv,
    "2\r{}\r\n0\r\n\r\n"sv,
    "2\r\r\n{}\r\n0\r\n\r\n"sv,
    "2\n\r{}\r\n0\r\n\r\n"sv,
    "2\r\n{}\n0\r\n\r\n"sv,
    "2\r\n{}\r0\r\n\r\n"sv,
    "2\r\n{}\n\r0\r\n\r\n"sv,
    "2\r\n{}0\r\n\r\n"sv,
    "2\r\n{}}\r\n0\r\n\r\n"sv,
    "2\r\n{}  \r\n0\r\n\r\n"sv,
    "3\r\n{}\r\n0\r\n\r\n"sv,
    "1\r\n{}\r\n0\r\n\r\n"sv,
    "\r\n2\r\n{}\r\n0\r\n\r\n"sv,
    "2\r\n{}\r\n\r\n0\r\n\r\n"sv,
    "2\r\n{}\r\n-0\r\n\r\n"sv,
    "2\r\n{}\r\n0x0\r\n\r\n"sv,
    "2\r\n{}\r\n0 \r\n\r\n"sv,
    "2\r\n{}\r\n0\n\r\n"sv,
    "2\r\n{}\r\n0\r\n\n"sv,
    "2\r\n{}\r\n0\r\nno colon\r\n\r\n"sv,
    "2\r\n{}\r\n0\r\nGET /hidden HTTP/1.1\r\n\r\n"sv,
    "2\r\n{}\r\n0\r\n A: b\r\n\r\n"sv,
    "2\r\n{}\r\n0\r\nA : b\r\n\r\n"sv,
    "2\r\n{}\r\n0\r\nA: b\r\n c\r\n\r\n"sv,
    "2\r\n{}\r\n0\r\nA: \0\r\n\r\n"sv,
    "2\r\n{}\r\n0\r\nA: b\n\r\n"sv,
    "2\r\n{}\r\n0\r\nA: b\rC: d\r\n\r\n"sv,
    "2\r\n{}\r\n0\r\n: b\r\n\r\n"sv,
    "{}\r\n"sv,
    "{}"sv,
};

constexpr std::string_view kHugeChunks[] = {
    "7d001\r\n"sv,
    "fffffffe\r\n"sv,
    "ffffffffffffffff\r\n"sv,
    "10000000000000002\r\n"sv,
    "100000000000000000000000000000002\r\n"sv,
    "8000000000000000\r\n"sv,
};

/// What ends a head for some, in place of CR LF CR LF; the hidden request's own end ends it.
constexpr std::string_view kHeadEnds[] = {
    "\n\n"sv,      "\r\n\n"sv,     "\n\r\n"sv,     "\r\r"sv,       "\n\r\n\r"sv,   "\r\n\r\r\n"sv,
    "\r\n \r\n"sv, "\r\n\t\r\n"sv, "\r\n\0\r\n"sv, "\r\n\v\r\n"sv, "\r\0\n\r\n"sv, "\0\r\n\r\n"sv,
};

std::string replaced(std::string_view text, std::string_view name) {
  std::string out(text);
  if (const auto at = out.find('@'); at != std::string::npos) out.replace(at, 1, name);
  return out;
}

class List {
 public:
  using Build = std::function<std::string(std::string_view)>;

  void add(std::string_view kind, std::span<const std::string_view> parts, const Build& build,
           int status = 400) {
    for (const std::string_view part : parts) {
      cases_.push_back(
          {fmt::format("{}: {}", kind, escaped(part)), build(part) + std::string(kHidden), status});
    }
  }
  [[nodiscard]] std::vector<SmugglingCase> take() { return std::move(cases_); }

 private:
  std::vector<SmugglingCase> cases_;
};

}  // namespace

std::vector<SmugglingCase> smuggling_cases() {
  List list;
  list.add("length", kLengths, [](std::string_view part) {
    return fmt::format("{}Content-Length: {}\r\n\r\n{{}}", kStart, part);
  });
  list.add("coding", kCodings, [](std::string_view part) {
    return fmt::format("{}Transfer-Encoding: {}\r\n\r\n{}", kStart, part, kChunks);
  });
  list.add("length's name", kNames, [](std::string_view part) {
    return fmt::format("{}{} 2\r\n\r\n{{}}", kStart, replaced(part, "Content-Length"));
  });
  list.add("coding's name", kNames, [](std::string_view part) {
    return fmt::format("{}{} chunked\r\n\r\n{}", kStart, replaced(part, "Transfer-Encoding"),
                       kChunks);
  });
  list.add("fields", kPairs,
           [](std::string_view part) { return fmt::format("{}{}\r\n{}", kStart, part, kChunks); });
  list.add("old version", std::array{"Transfer-Encoding: chunked"sv}, [](std::string_view part) {
    return fmt::format("POST /client/count HTTP/1.0\r\nHost: x\r\n{}\r\n\r\n{}", part, kChunks);
  });
  list.add("no host", std::array{"POST /client/count HTTP/1.1"sv}, [](std::string_view part) {
    return fmt::format("{}\r\nContent-Length: 2\r\n\r\n{{}}", part);
  });
  list.add("host", kHosts, [](std::string_view part) {
    return fmt::format("GET / HTTP/1.1\r\nHost: {}\r\n\r\n", part);
  });
  list.add("first line", kFirstLines,
           [](std::string_view part) { return fmt::format("{}\r\nHost: x\r\n\r\n", part); });
  list.add("chunks", kBodies,
           [](std::string_view part) { return fmt::format("{}{}", kChunkedStart, part); });
  list.add(
      "huge chunk", kHugeChunks,
      [](std::string_view part) { return fmt::format("{}{}{{}}\r\n", kChunkedStart, part); }, 413);
  list.add("head's end", kHeadEnds,
           [](std::string_view part) { return fmt::format("GET / HTTP/1.1\r\nHost: x{}", part); });
  return list.take();
}

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\r') {
      out += "\\r";
    } else if (c == '\n') {
      out += "\\n";
    } else if (static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) >= 0x7f) {
      out += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    } else {
      out += c;
    }
  }
  return out;
}

}  // namespace spreadable
