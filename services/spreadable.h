// services/spreadable.h: everything that most programs need.
#pragma once

#include "core/client.h"
#include "core/network_action.h"
#include "core/node.h"
#include "core/options.h"
#include "core/schema.h"
#include "services/runtime.h"
#include "services/system/stop_signals.h"
