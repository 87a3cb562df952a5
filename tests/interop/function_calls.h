// Programs that let a test compare functions of ours with those of a package.
#pragma once

#include <map>
#include <string>

#include "core/json.h"

namespace spreadable::interop {

/// A function of ours. It is given the whole call, `[name, argument…]`.
using Function = Json (*)(const Json& call);

/// Reads a call in JSON per line of the standard input and writes its result as a line of JSON,
/// null where the function refuses, until the input ends. Returns the exit status of the program: 1
/// after a call that is none of `functions` or no JSON, named on the standard error.
int answer_calls(const std::map<std::string, Function>& functions);

}  // namespace spreadable::interop
