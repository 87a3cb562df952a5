// Who keeps whom in which list.
#include <map>
#include <set>

#include "core/topology.h"
#include "services/sync/balance.h"
#include "services/sync/placement.h"
#include "services/sync/structure.h"
#include "services/system/system_random.h"
#include "tests/properties/generators.h"
#include "tests/properties/property.h"
#include "tests/support/manual_clock.h"

namespace spreadable {
namespace {

using Loads = std::map<Address, std::size_t>;

/// What a provider has to reckon with when `joiner` comes: lists as it sees them, and its promises.
Loads loads_of(const PeerView& view, const std::map<Address, Address>& promises,
               const Address& joiner) {
  Loads loads;
  for (const MasterEntry& master : view.masters) loads[master.address] = master.size;
  for (const auto& [other, master] : promises) {
    if (other != joiner) ++loads[master];
  }
  return loads;
}

std::size_t sum(const Loads& loads) {
  std::size_t total = 0;
  for (const auto& [master, load] : loads) total += load;
  return total;
}

void check_answer(const Placement::Answer& answer, const Address& joiner, const Loads& loads,
                  const std::set<Address>& excluded) {
  const std::set<Address> distinct(answer.masters.begin(), answer.masters.end());
  RC_ASSERT(distinct.size() == answer.masters.size());
  RC_ASSERT(answer.masters.size() <= Placement::kAnswersMax);
  RC_ASSERT(distinct.count(joiner) == 0U);
  for (const Address& master : answer.masters) RC_ASSERT(excluded.count(master) == 0U);
  if (!answer.has_room) return;
  RC_ASSERT(!answer.masters.empty());
  for (const Address& master : answer.masters) {
    const auto load = loads.find(master);  // who is in none is to become a master
    if (load != loads.end()) RC_ASSERT(load->second < SquareRoot().list_limit(answer.network_size));
  }
}

/// Which `excluded` leaves somebody for.
bool is_anybody_left(const PeerView& view, const Loads& loads, const Address& joiner,
                     const std::set<Address>& excluded) {
  const auto is_usable = [&](const Address& address) {
    return address != joiner && excluded.count(address) == 0;
  };
  for (const auto& [master, load] : loads) {
    if (is_usable(master)) return true;
  }
  return std::any_of(view.slaves.begin(), view.slaves.end(), is_usable);
}

}  // namespace

TEST_CASE("sync: placement: nobody is sent to itself, to who is excluded, or beyond the limit") {
  holds([] {
    const PeerView view = *generate::view();
    const auto joiners = *rc::gen::container<std::vector<Address>>(generate::address(60));
    const auto excluded = *rc::gen::container<std::set<Address>>(generate::address());
    const SquareRoot topology;
    const ManualClock clock;
    SeededRandom random(*rc::gen::arbitrary<std::uint64_t>());
    Placement placement(topology, clock, random);
    std::map<Address, Address> promises;
    for (const Address& joiner : joiners) {
      const Loads loads = loads_of(view, promises, joiner);
      const Placement::Answer answer = placement.place(
          {.joiner = joiner, .view = view, .is_excluded = [&](const Address& address) {
             return excluded.count(address) > 0;
           }});
      check_answer(answer, joiner, loads, excluded);
      const std::size_t provider = view.is_registered() || joiner == view.self ? 0 : 1;
      const std::size_t newcomers = view.has_slave(joiner) ? 0 : 1;
      RC_ASSERT(answer.network_size == newcomers + sum(loads) + provider);
      if (answer.masters.empty()) {
        RC_ASSERT(!is_anybody_left(view, loads, joiner, excluded));
      } else {
        promises.insert_or_assign(joiner, answer.masters.front());
      }
      RC_ASSERT(placement.open_promises() == promises.size());
    }
  });
}

TEST_CASE("sync: placement: a promise counts until it is kept or old, and no longer") {
  holds([] {
    const PeerView view = *generate::view();
    const auto joiners = *generate::addresses(60);
    const SquareRoot topology;
    ManualClock clock;
    SeededRandom random(1);
    Placement placement(topology, clock, random);
    for (const Address& joiner : joiners) {
      const auto answer = placement.place({.joiner = joiner, .view = view});
      if (answer.masters.empty()) continue;
      const std::size_t before = placement.open_promises();
      placement.note_kept(joiner, joiner);  // nobody was sent to itself
      RC_ASSERT(placement.open_promises() == before);
      if (*rc::gen::arbitrary<bool>()) {
        placement.note_kept(joiner, answer.masters.front());
        RC_ASSERT(placement.open_promises() + 1 == before);
      }
    }
    clock.advance(Placement::kPromiseLifetime + Duration{1});
    const auto last = placement.place({.joiner = *generate::address(), .view = view});
    RC_ASSERT(placement.open_promises() == (last.masters.empty() ? 0U : 1U));
  });
}

TEST_CASE("sync: balance: a master gives up what is too long, or all that others have room for") {
  holds([] {
    const PeerView view = *generate::view(/*size_max=*/30);
    const SquareRoot topology;
    const std::vector<Address> moved = slaves_to_move(view, topology);
    RC_ASSERT(moved.size() <= view.slaves.size());
    RC_ASSERT(std::equal(moved.rbegin(), moved.rend(), view.slaves.rbegin()));  // the youngest
    if (!view.is_master()) return;
    const std::size_t limit = topology.list_limit(view.network_size());
    RC_ASSERT(view.slaves.size() - moved.size() <= limit);
    std::size_t room = 0;
    for (const MasterEntry& master : view.masters) {
      if (master.address != view.self) room += limit - std::min(master.size, limit);
    }
    const bool gives_up = moved.size() == view.slaves.size();
    if (gives_up) {
      RC_ASSERT(moved.size() <= room);
      RC_ASSERT(view.masters.size() > topology.masters_limit(view.network_size()));
    } else {
      RC_ASSERT(moved.size() == view.slaves.size() - std::min(view.slaves.size(), limit));
    }
  });
}

TEST_CASE("sync: balance: of masters that see the same, those beyond the limit alone give up") {
  holds([] {
    const auto masters = *rc::gen::suchThat(generate::told_masters(),
                                            [](const auto& told) { return !told.empty(); });
    const SquareRoot topology;
    PeerTable watcher(Address::from_parts("localhost", 99).value());
    watcher.set_masters(masters);
    const auto settled = watcher.view();
    std::size_t surplus = 0;
    for (const MasterEntry& master : settled->masters) {
      PeerTable table(master.address);
      table.set_masters(settled->masters);
      for (std::size_t i = 0; i < master.size; ++i) {
        table.add_slave(
            Address::from_parts("localhost", static_cast<std::uint16_t>(1000 + i)).value());
      }
      surplus += slaves_to_move(*table.view(), topology).size() == master.size ? 1 : 0;
    }
    const std::size_t allowed = topology.masters_limit(settled->network_size());
    RC_ASSERT(surplus <= settled->masters.size() - std::min(settled->masters.size(), allowed));
  });
}

TEST_CASE("sync: peer table: the own entry tells the length of the list, whatever is done") {
  holds([] {
    const Address self = *generate::address();
    std::uint64_t changes = 0;
    PeerTable table(self, [&](const PeerTable::Change& change) {
      ++changes;
      RC_ASSERT(change.before->revision + 1 == change.after->revision);
    });
    const auto steps = *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 5));
    for (const int step : steps) {
      const Address peer = *rc::gen::suchThat(generate::address(),
                                              [&](const Address& other) { return other != self; });
      if (step == 0) table.set_masters(*generate::told_masters());
      if (step == 1) table.add_slave(peer);
      if (step == 2) table.remove_slave(peer);
      if (step == 3) table.set_backlink(peer);
      if (step == 4) table.clear_backlink(peer);
      const auto view = table.view();
      const MasterEntry* const own = view->find_master(self);
      RC_ASSERT((own != nullptr) == view->is_master());
      RC_ASSERT((own == nullptr || own->size == view->slaves.size()));
      RC_ASSERT(!view->has_slave(self));
      RC_ASSERT(view->revision == changes);
      for (std::size_t i = 1; i < view->masters.size(); ++i) {
        RC_ASSERT(view->masters[i - 1].address < view->masters[i].address);
      }
      const std::set<Address> slaves(view->slaves.begin(), view->slaves.end());
      RC_ASSERT(slaves.size() == view->slaves.size());
    }
  });
}

TEST_CASE("sync: structure: what one node tells another reads, in any network") {
  holds([] {
    const PeerView view = *generate::view();
    const Result<Structure> read = parse_structure(structure_text(view));
    RC_ASSERT(read.has_value());
    RC_ASSERT(read->address == view.self);
    RC_ASSERT(read->slaves == view.slaves);
    RC_ASSERT(read->masters == view.masters);
    RC_ASSERT(read->backlink == view.backlink);
    RC_ASSERT(std::max<std::size_t>(1, read->network_size()) == view.network_size());
  });
}

TEST_CASE("sync: topology: the wanted masters have room for all, and the limit is not below them") {
  holds([] {
    const auto n = *rc::gen::inRange<std::size_t>(1, 10'000'000);
    const SquareRoot topology;
    const std::size_t limit = topology.list_limit(n);
    RC_ASSERT((limit - 1) * (limit - 1) <= n);
    RC_ASSERT(limit * limit > n);
    RC_ASSERT(topology.masters_wanted(n) * limit >= n);
    RC_ASSERT((topology.masters_wanted(n) - 1) * limit < n);
    RC_ASSERT(topology.masters_limit(n) >= topology.masters_wanted(n));
  });
}

TEST_CASE("sync: weighted choice: only what has a weight is chosen") {
  holds([] {
    const auto weights = *rc::gen::suchThat(
        rc::gen::container<std::vector<std::size_t>>(rc::gen::inRange<std::size_t>(0, 5)),
        [](const std::vector<std::size_t>& all) {
          return std::any_of(all.begin(), all.end(), [](std::size_t weight) { return weight > 0; });
        });
    SeededRandom random(*rc::gen::arbitrary<std::uint64_t>());
    const std::size_t chosen = weighted_choice(weights, random);
    RC_ASSERT(chosen < weights.size());
    RC_ASSERT(weights[chosen] > 0U);
  });
}

}  // namespace spreadable
