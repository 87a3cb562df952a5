#include "core/base64.h"

#include <doctest/doctest.h>

namespace spreadable {

TEST_CASE("base64: text: encodes and decodes every length of tail") {
  struct Row {
    const char *plain, *encoded;
  };
  for (const Row& row : {Row{"", ""}, Row{"f", "Zg=="}, Row{"fo", "Zm8="}, Row{"foo", "Zm9v"},
                         Row{"\xff\xfe", "//4="}, Row{"user:pa:ss", "dXNlcjpwYTpzcw=="}}) {
    INFO(row.encoded);
    CHECK(base64_encode(row.plain) == row.encoded);
    CHECK(base64_decode(row.encoded) == row.plain);
  }
  CHECK(base64_decode("Zg") == "f");
}

TEST_CASE("base64: text: what is not base64 gives nothing") {
  for (const char* text : {"Z", "Zg=", "Z===", "Zm9v=", "Zm 9", "Zm-_", "=", "Zg==Zg=="}) {
    INFO(text);
    CHECK_FALSE(base64_decode(text));
  }
}

}  // namespace spreadable
