// services/sync/round.h: one run of sync. Private to services/sync.
#pragma once

#include <map>
#include <set>
#include <unordered_set>
#include <vector>

#include "services/sync/sync.h"

namespace spreadable {

/// Asks peers for their lists, once each, and draws the consequences. Lives for one run, on its
/// thread.
class Sync::Round {
 public:
  explicit Round(Sync& sync);

  /// Steps 1 to 6 below; returns once the node's own view is right.
  void run();

 private:
  void recall();          // 1. roles from before a restart, where the peers confirm them
  void fetch_all();       // 2. everyone who matters, in one group; then masters heard of
  void check_backlink();  // 3. what the answers say about our own links
  void note_siblings();
  void check_slaves();
  void update_masters();  // 4. the masters list
  void update_masters_as_master();
  void update_masters_as_slave();
  /// `inventors` as find_inventors tells them.
  void judge_lists(const std::set<Address>& inventors);
  void note_calm();
  /// Whether this node has seen much the same masters for Options::calm_intervals.
  [[nodiscard]] bool is_calm() const;
  /// Who names several masters that nobody else does and that do not answer.
  [[nodiscard]] std::set<Address> find_inventors() const;
  /// Whether what somebody tells who has become a master cannot be of the network that we see.
  [[nodiscard]] bool is_contradicted(const Structure& claimant) const;
  /// Native masters whose neighbourhood has too many nodes through them. See IpQuota.
  [[nodiscard]] std::vector<Address> find_surplus_masters() const;
  void mend_split();  // 5. masters that do not know us, and a master that nobody knows
  void leave_isolation();
  void forget_strangers();  // 6. counters of peers that no longer matter

  /// Asks those of `peers` that were not asked yet in this run.
  void fetch(const std::vector<Address>& peers);
  [[nodiscard]] const Structure* find(const Address& peer) const;
  [[nodiscard]] PeerRequest question_to(const Address& peer) const;
  /// Reads what `peer` sent, unless this process has read it already.
  [[nodiscard]] Result<std::shared_ptr<const Structure>> read(const Address& peer,
                                                              const PeerReply& reply);
  /// Whether `peer` has been silent for too many runs: `patience` times Options::misses_max.
  [[nodiscard]] bool is_lost(const Address& peer, unsigned patience = 1) const;
  /// Whose masters list a node without slaves takes over, or nullptr.
  [[nodiscard]] std::shared_ptr<const Structure> best_source() const;
  /// What our master says in `own`, or what contradicts it and is borne out. See Corroboration.
  [[nodiscard]] MasterList corroborated(const std::shared_ptr<const Structure>& own);
  /// Our master's list and the largest ones of other masters that were fetched in this run, the
  /// largest network first; of equal ones, our master's.
  [[nodiscard]] std::vector<std::shared_ptr<const Structure>> opinions(
      const std::shared_ptr<const Structure>& own) const;
  /// Whether masters named in it have lists of the lengths that it tells. Asks some of them.
  [[nodiscard]] bool is_borne_out(const Structure& opinion);
  /// Up to Corroboration::kWitnesses of `masters`, beside this node and `teller`.
  [[nodiscard]] std::vector<Address> some_of(const MasterList& masters,
                                             const Address& teller) const;
  /// Makes this node move when its master has been contradicted for long.
  void leave_contradicted(const Structure& own, const MasterList& believed);
  [[nodiscard]] std::vector<Address> heard_of() const;
  [[nodiscard]] std::vector<Address> peers_to_explore() const;
  [[nodiscard]] std::vector<Address> claimants();
  [[nodiscard]] std::vector<Address> masters_to_ask() const;
  /// Puts a few nodes of other lists into the book.
  void mention_strangers();
  /// Puts a few of `peers` into the book.
  void mention_some(const std::vector<Address>& peers);
  /// Tells a conduct of `peer`, once per interval at most: our quick runs must not count for more.
  void tell(std::string_view kind, const Address& peer, double share_bad);
  void judge_backlink(const Structure& structure);
  void judge_slave(const Address& slave, const Structure& structure);
  void note_answer(const Address& peer, const Result<PeerReply>& reply);
  void note_silence(const Address& peer, const Error& error, bool is_senseless);

  Sync& sync_;
  Node& node_;
  /// Ordered, so that equal runs decide alike.
  std::map<Address, std::shared_ptr<const Structure>> fetched_;
  std::unordered_set<Address> asked_;
  bool has_asked_masters_ = false;  ///< all of them, as a master does
};

}  // namespace spreadable
