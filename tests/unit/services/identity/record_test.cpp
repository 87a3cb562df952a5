#include "services/identity/record.h"

#include <doctest/doctest.h>

namespace spreadable {

TEST_CASE("identity: record: says which key speaks for an address, and is signed by it") {
  const PrivateKey key = PrivateKey::generate();
  const Address address = *Address::parse("node.example:2079");
  const Json record = NodeRecord::sign(address, key, "coverage,signature");
  const Result<NodeRecord> read = NodeRecord::parse(record);
  REQUIRE(read);
  CHECK(read->address == address);
  CHECK(read->key == key.public_key());
}

TEST_CASE("identity: record: one that has been changed, or is none, is refused") {
  const PrivateKey key = PrivateKey::generate();
  const Json record = NodeRecord::sign(*Address::parse("node.example:2079"), key, "coverage");
  const auto is_refused = [](const Json& json) {
    const Result<NodeRecord> read = NodeRecord::parse(json);
    return !read && read.error().code == Errc::bad_response;
  };
  for (const auto& row : std::initializer_list<std::pair<const char*, Json>>{
           {"address", "other.example:2079"},
           {"address", 5},
           {"features", "coverage,more"},
           {"features", std::string(2000, 'x')},
           {"key", PrivateKey::generate().public_key().text()},
           {"key", ""},
           {"signature", key.sign("something else")},
           {"signature", nullptr},
           {"more", true}}) {
    const auto& [field, value] = row;
    Json other = record;
    other[field] = value;
    INFO(row.first, " ", dump_json(row.second).substr(0, 80));
    CHECK(is_refused(other));
    other.erase(field);
    CHECK(is_refused(other) == (std::string_view(field) != "more"));
  }
  for (const Json& json : {Json(), Json("text"), Json::array(), Json::object()}) {
    CHECK(is_refused(json));
  }
}

}  // namespace spreadable
