// What mimalloc does in our programs with memory that nobody uses.
#include <mimalloc.h>

namespace {

/// It goes back to the system at once. By default each thread keeps what it has once had until it
/// needs some again, so a few large answers would be there once for each thread of the server.
/// MIMALLOC_DECOMMIT_DELAY in the environment, in milliseconds, has precedence.
[[maybe_unused]] const bool is_set = [] {
  mi_option_set_default(mi_option_decommit_delay, 0);
  return true;
}();

}  // namespace
