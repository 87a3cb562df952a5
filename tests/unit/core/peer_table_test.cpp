#include "core/peer_table.h"

#include <doctest/doctest.h>

namespace spreadable {
namespace {

Address at(int port) {
  return *Address::from_parts("localhost", static_cast<std::uint16_t>(port));
}

}  // namespace

TEST_CASE("peer table: own entry: always tells the true length of the slave list") {
  PeerTable table(at(1));
  CHECK(table.view()->network_size() == 1);
  table.set_masters({{at(3), 2}, {at(1), 99}, {at(2), 4}, {at(4), 0}});
  CHECK(table.view()->masters == std::vector<MasterEntry>{{at(2), 4}, {at(3), 2}});
  CHECK(table.add_slave(at(5)) == 1);
  CHECK(table.add_slave(at(6)) == 2);
  CHECK(table.add_slave(at(6)) == 2);
  CHECK(table.view()->masters == std::vector<MasterEntry>{{at(1), 2}, {at(2), 4}, {at(3), 2}});
  CHECK(table.view()->network_size() == 8);
  CHECK(table.remove_slave(at(5)));
  CHECK_FALSE(table.remove_slave(at(5)));
  CHECK(table.view()->find_master(at(1))->size == 1);
  table.remove_slave(at(6));
  CHECK(table.view()->find_master(at(1)) == nullptr);
}

TEST_CASE("peer table: masters: a repeated address counts once") {
  PeerTable table(at(1));
  table.set_masters({{at(2), 4}, {at(2), 5}});
  CHECK(table.view()->masters.size() == 1);
}

TEST_CASE("peer table: views: one that was taken stays as it was") {
  PeerTable table(at(1));
  const auto before = table.view();
  table.add_slave(at(2));
  CHECK(before->slaves.empty());
  CHECK(table.view()->revision > before->revision);
}

TEST_CASE("peer table: backlink: only the right one is cleared") {
  PeerTable table(at(1));
  table.set_backlink(at(2));
  CHECK_FALSE(table.clear_backlink(at(3)));
  CHECK(table.view()->backlink == at(2));
  CHECK(table.clear_backlink(at(2)));
  CHECK_FALSE(table.view()->is_registered());
}

TEST_CASE("peer table: observer: hears every change once, and nothing when nothing changes") {
  std::vector<PeerTable::Change::Kind> heard;
  PeerTable table(at(1), [&](const PeerTable::Change& change) { heard.push_back(change.kind); });
  table.set_masters({{at(2), 4}});
  table.set_masters({{at(2), 4}});
  table.add_slave(at(3));
  table.set_masters({{at(2), 4}});
  table.set_backlink(at(2));
  table.set_backlink(at(2));
  using Kind = PeerTable::Change::Kind;
  CHECK(heard == std::vector<Kind>{Kind::masters, Kind::slave_added, Kind::backlink_set});
}

}  // namespace spreadable
