#include "cli/process_limits.h"

#include <sys/resource.h>
#if defined(SPREADABLE_HAS_MIMALLOC)
#include <mimalloc.h>
#endif

namespace spreadable::cli {

void raise_open_file_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  static_cast<void>(::setrlimit(RLIMIT_NOFILE, &limit));
}

void use_large_pages() {
#if defined(SPREADABLE_HAS_MIMALLOC)
  mi_option_enable(mi_option_large_os_pages);
#endif
}

}  // namespace spreadable::cli
