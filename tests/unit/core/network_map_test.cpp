#include "core/network_map.h"

#include <doctest/doctest.h>

namespace spreadable {
namespace {

const Json kMaster{{"address", "localhost:2"}, {"backlink", nullptr}, {"slaves", 1}};
const Json kSlave{{"address", "localhost:1"}, {"backlink", "localhost:2"}, {"slaves", 0}};

/// `entry` with another value of a field.
Json changed(Json entry, const char* field, Json value) {
  entry[field] = std::move(value);
  return entry;
}

}  // namespace

TEST_CASE("network map: parse: gives nodes by address") {
  const auto entries = NetworkMapAction::parse(Json::array({kMaster, kSlave}));
  REQUIRE(entries);
  REQUIRE(entries->size() == 2);
  const MapEntry& slave = entries->front();
  const MapEntry& master = entries->back();
  CHECK(slave.address.text() == "localhost:1");
  CHECK(slave.backlink == master.address);
  CHECK(slave.slaves == 0);
  CHECK(master.address.text() == "localhost:2");
  CHECK(master.backlink.is_empty());
  CHECK(master.slaves == 1);
  CHECK(NetworkMapAction::parse(Json::array())->empty());
}

TEST_CASE("network map: parse: an entry that makes no sense takes no other along") {
  for (const Json& nonsense :
       {Json(nullptr), Json(7), Json("localhost:3"), Json::array(), Json::array({kSlave}),
        Json::object(), Json{{"address", "localhost:3"}}, changed(kSlave, "address", "nobody"),
        changed(kSlave, "address", 1), changed(kSlave, "backlink", "nobody"),
        changed(kSlave, "backlink", 1), changed(kSlave, "slaves", -1),
        changed(kSlave, "slaves", 0.5), changed(kSlave, "slaves", 1e300),
        changed(kSlave, "slaves", "1")}) {
    INFO(nonsense.dump());
    CHECK_FALSE(NetworkMapAction::parse_entry(nonsense));
    const auto entries =
        NetworkMapAction::parse(Json::array({nonsense, kMaster, nonsense, kSlave, nonsense}));
    REQUIRE(entries);
    CHECK(entries->size() == 2);
  }
}

TEST_CASE("network map: parse: what is no array is none") {
  for (const Json& value : {Json(nullptr), kSlave, Json("[]")}) {
    const auto entries = NetworkMapAction::parse(value);
    REQUIRE_FALSE(entries);
    CHECK(entries.error().code == Errc::bad_response);
  }
}

}  // namespace spreadable
