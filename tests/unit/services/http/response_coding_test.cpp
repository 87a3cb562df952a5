#include "services/http/detail/response_coding.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <vector>

#include "services/http/detail/content_coding.h"

namespace spreadable::detail {
namespace {

const std::string kText = R"({"text":")" + std::string(100'000, 'x') + R"("})";

HttpResponse text_response(std::string body = kText, Headers headers = {}) {
  HttpResponse response;
  response.headers = std::move(headers);
  response.body = std::move(body);
  return response;
}

std::string field(const HttpResponse& response, std::string_view name) {
  return std::string(response.headers.find(name).value_or(""));
}

/// Bytes that no coding makes smaller, yet the same in each run.
std::string noise(std::size_t size) {
  std::string bytes;
  std::uint32_t state = 1;
  while (bytes.size() < size) {
    state = state * 1'664'525U + 1'013'904'223U;
    bytes += static_cast<char>(state >> 24);
  }
  return bytes;
}

}  // namespace

TEST_CASE(
    "response coding: accepted: the heaviest, and among equals br before gzip before deflate") {
  struct Row {
    const char* field;
    Coding coding;
  };
  for (const Row& row : {
           Row{"gzip,deflate", Coding::gzip},
           Row{"gzip, deflate, br", Coding::br},
           Row{"deflate", Coding::deflate},
           Row{" GZIP ", Coding::gzip},
           Row{"x-gzip", Coding::gzip},
           Row{"br;q=0.8, gzip;q=0.9", Coding::gzip},
           Row{"br; q=0.8 ,gzip ; Q=0.801", Coding::gzip},
           Row{"br;q=1.000, gzip;q=1", Coding::br},
           Row{"br;q=0, gzip;q=0.001", Coding::gzip},
           Row{"*", Coding::br},
           Row{"*;q=0.5, gzip;q=0.6", Coding::gzip},
           Row{"br;q=0, *", Coding::gzip},
           Row{"", Coding::identity},
           Row{",,", Coding::identity},
           Row{"zstd", Coding::identity},
           Row{"gzip;q=0", Coding::identity},
           Row{"*;q=0", Coding::identity},
           Row{"gzip;q=0.5, identity", Coding::identity},
           Row{"gzip;q=0.5, identity;q=0.5", Coding::gzip},
           Row{"identity;q=0", Coding::identity},
           Row{"identity;q=0, gzip;q=0.1", Coding::gzip},
           Row{"identity;q=0, *", Coding::br},
           Row{"gzip;q=2", Coding::identity},
           Row{"gzip;q=1.001", Coding::identity},
           Row{"gzip;q=0.1234", Coding::identity},
           Row{"gzip;q=-1", Coding::identity},
           Row{"gzip;q=", Coding::identity},
           Row{"gzip;q=.5", Coding::identity},
           Row{"gzip;level=9", Coding::gzip},
           Row{"gzip;level=9;q=0", Coding::identity},
           Row{"gzip;;", Coding::gzip},
       }) {
    INFO(row.field);
    CHECK(accepted_coding({{"Accept-Encoding", row.field}}) == row.coding);
  }
  CHECK(accepted_coding({}) == Coding::identity);
  CHECK(accepted_coding({{"accept-encoding", "deflate"}, {"Accept-Encoding", "gzip"}}) ==
        Coding::gzip);
}

TEST_CASE("response coding: apply: what comes out is what went in, and tells its coding") {
  struct Row {
    Coding coding;
    const char* name;
  };
  for (const Row& row :
       {Row{Coding::br, "br"}, Row{Coding::gzip, "gzip"}, Row{Coding::deflate, "deflate"}}) {
    for (const int level : {1, 6, 9}) {
      for (const std::size_t size : {kCompressedBodyBytesMin, std::size_t{5'000}, kText.size()}) {
        INFO(row.name, " ", level, " ", size);
        const std::string text = kText.substr(0, size);
        HttpResponse response = text_response(text);
        apply_coding(response, row.coding, level);
        CHECK(field(response, "Content-Encoding") == row.name);
        CHECK(field(response, "Vary") == "Accept-Encoding");
        CHECK(response.body.size() < 600);
        const auto undone = undo_content_coding(response.body, row.name, size);
        REQUIRE(undone);
        CHECK(*undone == text);
      }
    }
  }
}

TEST_CASE("response coding: apply: only texts are compressed, and only they depend on the client") {
  struct Row {
    const char* type;
    bool is_text;
  };
  for (const Row& row :
       {Row{"text/html; charset=utf-8", true}, Row{"TEXT/plain", true},
        Row{"application/json", true}, Row{"Application/JSON ;charset=utf-8", true},
        Row{"application/javascript", true}, Row{"image/svg+xml", true}, Row{"image/png", false},
        Row{"application/octet-stream", false}, Row{"application/jsonp", false},
        Row{"text/", false}, Row{"", false}}) {
    INFO(row.type);
    HttpResponse response = text_response();
    response.content_type = row.type;
    apply_coding(response, Coding::gzip, 6);
    CHECK((response.body.size() < kText.size()) == row.is_text);
    CHECK(field(response, "Content-Encoding") == (row.is_text ? "gzip" : ""));
    CHECK(field(response, "Vary") == (row.is_text ? "Accept-Encoding" : ""));
  }
}

TEST_CASE("response coding: apply: a text that stays as it is still names what it depends on") {
  struct Row {
    const char* about;
    std::string body;
    Coding coding;
  };
  for (const Row& row :
       {Row{"small", kText.substr(0, kCompressedBodyBytesMin - 1), Coding::gzip},
        Row{"not wanted", kText, Coding::identity}, Row{"noise", noise(5'000), Coding::gzip},
        Row{"noise", noise(5'000), Coding::br}, Row{"noise", noise(5'000), Coding::deflate}}) {
    INFO(row.about);
    HttpResponse response = text_response(row.body);
    apply_coding(response, row.coding, 6);
    CHECK(response.body == row.body);
    CHECK(field(response, "Content-Encoding").empty());
    CHECK(field(response, "Vary") == "Accept-Encoding");
  }
}

TEST_CASE("response coding: apply: leaves alone what must not be changed") {
  struct Row {
    const char* about;
    HttpResponse response;
    int level;
  };
  HttpResponse part = text_response();
  part.status = 206;
  for (Row& row : std::vector<Row>{
           {"level 0", text_response(), 0},
           {"empty", text_response(""), 6},
           {"encoded", text_response(kText, {{"content-encoding", "br"}}), 6},
           {"part", part, 6},
           {"range", text_response(kText, {{"Content-Range", "bytes 0-1/2"}}), 6},
           {"fixed", text_response(kText, {{"Cache-Control", "public, no-transform"}}), 6}}) {
    INFO(row.about);
    const std::size_t fields = row.response.headers.size();
    const std::string body = row.response.body;
    apply_coding(row.response, Coding::gzip, row.level);
    CHECK(row.response.body == body);
    CHECK(row.response.headers.size() == fields);
  }
}

TEST_CASE("response coding: apply: Vary is told once, and a strong ETag does not survive") {
  struct Row {
    const char* vary;
    std::size_t fields;  ///< named Vary afterwards
  };
  for (const Row& row : {Row{"Origin", 2}, Row{"Origin, accept-encoding", 1}, Row{"*", 1}}) {
    INFO(row.vary);
    HttpResponse response = text_response(kText, {{"Vary", row.vary}});
    apply_coding(response, Coding::gzip, 6);
    const auto is_vary = [](const auto& f) { return f.name == "Vary"; };
    CHECK(std::count_if(response.headers.begin(), response.headers.end(), is_vary) ==
          static_cast<std::ptrdiff_t>(row.fields));
  }
  for (const char* tag : {"\"abc\"", "W/\"abc\""}) {
    HttpResponse response = text_response(kText, {{"A", "b"}, {"ETag", tag}});
    apply_coding(response, Coding::identity, 6);
    CHECK(field(response, "ETag") == tag);
    apply_coding(response, Coding::gzip, 6);
    CHECK(field(response, "ETag") == "W/\"abc\"");
    CHECK(field(response, "A") == "b");
  }
}

}  // namespace spreadable::detail
