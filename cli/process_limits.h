// cli/process_limits.h: what the operating system grants this process.
#pragma once

namespace spreadable::cli {

/// Lets the process open as many files and sockets as the system allows it to. Without the right to
/// do so the usual limit stays, which a node copes with. Call before a Runtime is made: that reads
/// the limit.
void raise_open_file_limit();

/// Takes memory in pages of 2 MiB from now on, where the system has some and the program's
/// allocator is jemalloc, and keeps what is free: for who goes through many gigabytes in no
/// order.
void use_large_pages();

}  // namespace spreadable::cli
