#include "services/identity/key.h"

#include <doctest/doctest.h>

#include <array>
#include <string>
#include <thread>
#include <vector>

#include "core/base64.h"

namespace spreadable {
namespace {

/// `hex` as bytes.
std::string bytes(std::string_view hex) {
  std::string out;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    out += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
  }
  return out;
}

}  // namespace

TEST_CASE("identity: key: signs as RFC 8032, section 7.1, test 3 shows") {
  const auto key = PrivateKey::parse(
      base64_encode(bytes("c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7")));
  REQUIRE(key);
  CHECK(key->public_key().text() ==
        base64_encode(bytes("fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025")));
  const std::string message = bytes("af82");
  const std::string signature =
      base64_encode(bytes("6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b53"
                          "8d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"));
  CHECK(key->sign(message) == signature);
  CHECK(key->public_key().verifies(message, signature));
}

TEST_CASE("identity: key: what is not the signature of the message by the key is refused") {
  const PrivateKey key = PrivateKey::generate();
  const PublicKey& own = key.public_key();
  const std::string signature = key.sign("message");
  CHECK(own.verifies("message", signature));
  CHECK_FALSE(own.verifies("massage", signature));
  CHECK_FALSE(own.verifies("", signature));
  CHECK_FALSE(PrivateKey::generate().public_key().verifies("message", signature));
  CHECK_FALSE(own.verifies("message", ""));
  CHECK_FALSE(own.verifies("message", signature + "="));
  CHECK_FALSE(own.verifies("message", signature.substr(0, 84)));
  for (std::size_t i = 0; i < 86; ++i) {
    std::string other = signature;
    other[i] = other[i] == 'A' ? 'B' : 'A';
    INFO("character ", i);
    CHECK_FALSE(own.verifies("message", other));
  }
}

TEST_CASE("identity: key: threads and copies that use it first at the same time get the same") {
  const PrivateKey key = PrivateKey::generate();
  std::array<std::string, 8> signatures;
  {
    std::vector<std::jthread> threads;
    for (std::string& signature : signatures) {
      threads.emplace_back([&signature, copy = key] { signature = copy.sign("message"); });
    }
  }
  for (const std::string& signature : signatures) {
    CHECK(key.public_key().verifies("message", signature));
    CHECK(signature == signatures.front());
  }
}

TEST_CASE("identity: key: comes back from its text, and from nothing else") {
  const PrivateKey key = PrivateKey::generate();
  const auto again = PrivateKey::parse(key.secret_text());
  REQUIRE(again);
  CHECK(again->public_key() == key.public_key());
  const auto own = PublicKey::parse(key.public_key().text());
  REQUIRE(own);
  CHECK(*own == key.public_key());
  for (const char* text :
       {"", "AAAA", "not base64", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB="}) {
    INFO(text);
    CHECK_FALSE(PublicKey::parse(text));
    CHECK_FALSE(PrivateKey::parse(text));
  }
}

}  // namespace spreadable
