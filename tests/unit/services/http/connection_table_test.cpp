#include "services/http/connection_table.h"

#include <doctest/doctest.h>

#include <list>
#include <memory>
#include <string>

namespace spreadable {
namespace {

using Scope = ConnectionTable::Scope;

/// Connections that note what becomes of them.
class Guests {
 public:
  class Guest final : public ConnectionTable::Seat {
   public:
    explicit Guest(ConnectionTable& table) : table_(table) {}
    bool try_evict() override {
      if (is_busy) return false;
      table_.remove(*this);
      is_gone = true;
      return true;
    }
    [[nodiscard]] std::optional<TimePoint> idle_since() const override { return idle; }

    bool is_busy = false;
    bool is_gone = false;
    std::optional<TimePoint> idle{};

   private:
    ConnectionTable& table_;
  };

  Guest& add(const char* ip, const void* server = nullptr) {
    all_.push_back(std::make_unique<Guest>(table));
    table.add(place(ip, server), *all_.back());
    return *all_.back();
  }
  static ConnectionTable::Place place(const char* ip, const void* server = nullptr) {
    return {server, *IpAddress::parse(ip)};
  }

  ConnectionTable table;

 private:
  std::list<std::unique_ptr<Guest>> all_;
};

TimePoint at(int seconds) {
  return TimePoint(std::chrono::seconds{seconds});
}

}  // namespace

TEST_CASE("connection table: count: by machine and by neighbourhood, for each server") {
  Guests guests;
  const int other = 0;
  guests.add("9.9.9.1");
  guests.add("9.9.9.1");
  guests.add("9.9.9.2");
  guests.add("9.9.9.2", &other);
  auto& last = guests.add("2001:db8:1:2::1");
  CHECK(guests.table.count(Guests::place("9.9.9.1"), Scope::machine) == 2);
  CHECK(guests.table.count(Guests::place("9.9.9.3"), Scope::group) == 3);
  CHECK(guests.table.count(Guests::place("9.9.9.2", &other), Scope::group) == 1);
  CHECK(guests.table.count(Guests::place("2001:db8:1:2:3::"), Scope::machine) == 1);
  CHECK(guests.table.count(Guests::place("2001:db8:1:3::"), Scope::group) == 1);
  guests.table.remove(last);
  guests.table.remove(last);
  CHECK(guests.table.count(Guests::place("2001:db8:1:3::"), Scope::group) == 0);
}

TEST_CASE("connection table: newest: goes first, of the largest neighbourhood") {
  Guests guests;
  auto& a1 = guests.add("9.9.1.1");
  auto& a2 = guests.add("9.9.1.2");
  auto& b1 = guests.add("9.9.2.1");
  auto& a3 = guests.add("9.9.1.3");
  auto& b2 = guests.add("9.9.2.1");
  CHECK(guests.table.evict_newest(1));
  CHECK(a3.is_gone);
  CHECK_FALSE(guests.table.evict_newest(2));
  CHECK(guests.table.evict_newest(1));
  CHECK(guests.table.evict_newest(1));
  CHECK((a2.is_gone && b2.is_gone));
  CHECK_FALSE(guests.table.evict_newest(1));
  CHECK_FALSE(guests.table.has_crowd());
  CHECK_FALSE((a1.is_gone || b1.is_gone));
}

TEST_CASE("connection table: newest: those with a worker are passed by") {
  Guests guests;
  auto& a1 = guests.add("9.9.1.1");
  auto& a2 = guests.add("9.9.1.1");
  auto& a3 = guests.add("9.9.1.1");
  auto& b1 = guests.add("9.9.2.1");
  auto& b2 = guests.add("9.9.2.1");
  for (auto* busy : {&a2, &a3}) busy->is_busy = true;
  CHECK(guests.table.evict_newest(1));
  CHECK(a1.is_gone);
  CHECK(guests.table.evict_newest(1));
  CHECK(b2.is_gone);
  CHECK_FALSE(guests.table.evict_newest(1));
  CHECK_FALSE(b1.is_gone);
}

TEST_CASE(
    "connection table: idle: the longest idle of the place goes, if it was idle for so long") {
  Guests guests;
  auto& first = guests.add("9.9.1.1");
  auto& second = guests.add("9.9.1.1");
  auto& neighbour = guests.add("9.9.1.2");
  guests.add("9.9.1.1");  // at work
  first.idle = at(8);
  second.idle = at(6);
  neighbour.idle = at(4);
  CHECK_FALSE(guests.table.evict_idle(Guests::place("9.9.1.1"), Scope::machine, at(6)));
  CHECK(guests.table.evict_idle(Guests::place("9.9.1.1"), Scope::machine, at(7)));
  CHECK(second.is_gone);
  CHECK(guests.table.evict_idle(Guests::place("9.9.1.1"), Scope::group, at(9)));
  CHECK(neighbour.is_gone);
  CHECK_FALSE(guests.table.evict_idle(Guests::place("9.9.3.1"), Scope::group, at(9)));
  CHECK_FALSE(first.is_gone);
}

}  // namespace spreadable
