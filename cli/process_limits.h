// cli/process_limits.h: what the operating system grants this process.
#pragma once

namespace spreadable::cli {

/// Lets the process open as many files and sockets as the system allows it to. Without the right to
/// do so the usual limit stays, which a node copes with. Call before a Runtime is made: that reads
/// the limit.
void raise_open_file_limit();

}  // namespace spreadable::cli
