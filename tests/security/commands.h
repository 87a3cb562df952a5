// tests/security/commands.h: what sectest can do. One file for each command; main.cpp has the table.
#pragma once

namespace spreadable::sectest {

/// Each prints its figures and returns whether its bars are met.
bool run_amplify();   ///< one request causes a bounded number of others (bar A14)
bool run_approval();  ///< approvals can't be bypassed, and answers not used twice (bar A17)
bool run_odds();      ///< the odds that docs/approvals.md names
bool run_spoof();     ///< who one says to be opens nothing and harms nobody (bar A15)
bool run_vote();      ///< seats can't be bought with ports or foreseen (bar A9)

}  // namespace spreadable::sectest
