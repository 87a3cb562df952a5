#include "services/http/detail/content_coding.h"

#include <doctest/doctest.h>

#include "tests/support/deflated.h"

namespace spreadable::detail {
namespace {

const std::string kText = R"({"text":")" + std::string(100'000, 'x') + R"("})";
const std::string kBrotliHello = "\x0b\x02\x80hello\x03";

Errc failure(std::string body, std::string_view coding, std::size_t bytes_max = 1'000'000) {
  const auto undone = undo_content_coding(std::move(body), coding, bytes_max);
  REQUIRE_FALSE(undone);
  return undone.error().code;
}

}  // namespace

TEST_CASE("content coding: undo: every coding we read gives back what went in") {
  struct Row {
    const char* coding;
    std::string body;
    std::string text;
  };
  for (const Row& row :
       {Row{"gzip", deflated(kText), kText}, Row{"GZIP", deflated(""), ""},
        Row{"deflate", deflated(kText, kZlibWrapping), kText}, Row{"br", kBrotliHello, "hello"},
        Row{"gzip", deflated("a") + deflated("b"), "ab"}, Row{"identity", kText, kText},
        Row{"", kText, kText}, Row{"gzip", "", ""}}) {
    INFO(row.coding);
    const auto undone = undo_content_coding(row.body, row.coding, kText.size());
    REQUIRE(undone);
    CHECK(*undone == row.text);
  }
}

TEST_CASE("content coding: limit: holds for the inflated size") {
  CHECK(undo_content_coding(deflated(kText), "gzip", kText.size()));
  CHECK(failure(deflated(kText), "gzip", kText.size() - 1) == Errc::too_large);
  CHECK(failure(deflated(kText, kZlibWrapping), "deflate", 10) == Errc::too_large);
  CHECK(failure(kBrotliHello, "br", 4) == Errc::too_large);
}

TEST_CASE("content coding: damage: truncated, altered and continued bodies are refused") {
  const std::string good = deflated(kText);
  std::string altered = good;
  altered[altered.size() - 6] ^= 1;  // in the checksum
  for (const std::string& bad :
       {good.substr(0, good.size() - 1), good.substr(0, 5), altered, good + "x",
        deflated(kText, kZlibWrapping), std::string("hello")}) {
    CHECK(failure(bad, "gzip") == Errc::bad_request);
  }
  CHECK(failure(good, "deflate") == Errc::bad_request);
  CHECK(failure(kBrotliHello.substr(0, 5), "br") == Errc::bad_request);
  CHECK(failure(kBrotliHello + "x", "br") == Errc::bad_request);
}

TEST_CASE("content coding: names: others and lists are unsupported") {
  for (const char* coding : {"zstd", "compress", "gzip, gzip", "gzip,", "x"}) {
    INFO(coding);
    CHECK(failure("body", coding) == Errc::unsupported);
  }
}

}  // namespace spreadable::detail
