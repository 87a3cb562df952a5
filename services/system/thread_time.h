// services/system/thread_time.h: what a thread has cost.
#pragma once

#include "core/clock.h"

namespace spreadable {

/// Processor time that the calling thread has used since it began. Unlike time that passes, it does
/// not grow while others have the processor.
[[nodiscard]] Duration thread_time();

}  // namespace spreadable
