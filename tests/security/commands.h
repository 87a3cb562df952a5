// tests/security/commands.h: what sectest can do. One file for each command; main.cpp has the
// table.
#pragma once

namespace spreadable::sectest {

/// Each prints its figures and returns whether its bars are met.
bool run_amplify();   ///< one request causes a bounded number of others (bar A14)
bool run_approval();  ///< approvals can't be bypassed, and answers not used twice (bar A17)
bool run_auth();      ///< a login gives nothing away, neither by cookie, log nor time (bar A16)
bool run_load();      ///< thousands of slow and idle connections hardly touch honest ones (bar A18)
bool run_odds();      ///< the odds that docs/approvals.md names
bool run_overload();  ///< three times the load does not undo the work, nor sync (reliability L13)
bool run_signatures();  ///< a signed request is of no use in other hands
bool run_spoof();       ///< who one says to be opens nothing and harms nobody (bar A15)
bool run_ssrf();        ///< nobody leads a node to where it must not go (bar A16)
bool run_vote();        ///< seats can't be bought with ports or foreseen (bar A9)

/// The part of run_auth() that takes the time.
bool run_auth_timing();

}  // namespace spreadable::sectest
