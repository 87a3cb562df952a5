#include "core/secret.h"

#include <doctest/doctest.h>

#include <set>

namespace spreadable {

TEST_CASE("secret: comparison: tells equal from different secrets") {
  CHECK(equal_in_constant_time("abc", "abc"));
  CHECK(equal_in_constant_time("", ""));
  CHECK_FALSE(equal_in_constant_time("abc", "abd"));
  CHECK_FALSE(equal_in_constant_time("abc", "ab"));
  CHECK_FALSE(equal_in_constant_time("abc", ""));
  CHECK_FALSE(equal_in_constant_time("", "abc"));
}

TEST_CASE("secret: bytes: as many as asked for, others each time") {
  CHECK(secret_bytes(0).empty());
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) {
    const std::string bytes = secret_bytes(16);
    CHECK(bytes.size() == 16);
    CHECK(seen.insert(bytes).second);
  }
}

TEST_CASE("secret: bytes: more than the system gives at once") {
  const std::string bytes = secret_bytes(1000);
  REQUIRE(bytes.size() == 1000);
  for (std::size_t i = 0; i < bytes.size(); i += 100) {
    CHECK(bytes.substr(i, 100) != std::string(100, '\0'));
  }
}

TEST_CASE("secret: code of a message: that of RFC 4231, test case 2") {
  const std::string code = hmac_sha256("Jefe", "what do ya want for nothing?");
  const std::string_view start("\x5b\xdc\xc1\x46\xbf\x60\x75\x4e", 8);
  REQUIRE(code.size() == 32);
  CHECK(code.starts_with(start));
  CHECK(hmac_sha256("", "") != code);
}

TEST_CASE("secret: below: every number below the bound, and no other") {
  std::set<std::size_t> seen;
  for (int i = 0; i < 1000; ++i) seen.insert(secret_below(7));
  CHECK(seen == std::set<std::size_t>{0, 1, 2, 3, 4, 5, 6});
  CHECK(secret_below(1) == 0);
}

}  // namespace spreadable
