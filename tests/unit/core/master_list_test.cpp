#include "core/master_list.h"

#include <doctest/doctest.h>

#include <string>

namespace spreadable {
namespace {

Address at(int port) {
  return *Address::parse("localhost:" + std::to_string(port));
}

TEST_CASE("master list: is in order, and names each master once") {
  const MasterList list{{at(3), 2}, {at(1), 5}, {at(3), 9}};
  REQUIRE(list.size() == 2);
  CHECK(list[0] == MasterEntry{at(1), 5});
  CHECK(list[1] == MasterEntry{at(3), 2});
  CHECK(list.total() == 7);
  CHECK(list.find(at(3))->size == 2);
  CHECK(list.find(at(2)) == nullptr);
  CHECK(list == MasterList{{at(1), 5}, {at(3), 2}});
  CHECK_FALSE(list == MasterList{{at(1), 5}, {at(3), 3}});
}

TEST_CASE("master list: an empty one has nothing and finds nothing") {
  const MasterList list;
  CHECK(list.empty());
  CHECK(list.size() == 0);
  CHECK(list.total() == 0);
  CHECK(list.begin() == list.end());
  CHECK(list.find(at(1)) == nullptr);
  CHECK(list == MasterList(MasterList::Entries()));
}

TEST_CASE("master list: counts what has changed since another one, in either direction") {
  const MasterList before{{at(1), 5}, {at(3), 2}, {at(5), 4}};
  CHECK(before.changes_since(before) == 0);
  CHECK(MasterList{{at(1), 5}, {at(3), 2}, {at(5), 4}}.changes_since(before) == 0);
  CHECK(MasterList{{at(1), 6}, {at(3), 1}, {at(5), 4}}.changes_since(before) == 2);
  CHECK(MasterList{{at(2), 3}, {at(3), 2}}.changes_since(before) == 5 + 3 + 4);
  CHECK(before.changes_since(MasterList()) == 11);
  CHECK(MasterList().changes_since(before) == 11);
}

TEST_CASE("master list: changes make another list, and none where nothing changes") {
  const MasterList list{{at(1), 5}, {at(3), 2}};
  const auto is_small = [](const MasterEntry& entry) { return entry.size < 3; };
  CHECK(list.without(is_small) == MasterList{{at(1), 5}});
  CHECK(&list.without([](const MasterEntry&) { return false; })[0] == &list[0]);
  CHECK(list.without([](const MasterEntry&) { return true; }).empty());
  CHECK(list.with({at(2), 1}) == MasterList{{at(1), 5}, {at(2), 1}, {at(3), 2}});
  CHECK(list.with({at(3), 4}) == MasterList{{at(1), 5}, {at(3), 4}});
  CHECK(&list.with({at(3), 2})[0] == &list[0]);
  CHECK(list.size() == 2);
}

}  // namespace
}  // namespace spreadable
