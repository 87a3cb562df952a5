// core/resolver.h: from host names to addresses.
#pragma once

#include <string_view>

#include "core/ip.h"
#include "core/result.h"

namespace spreadable {

/// Resolves host names. Thread-safe. May block for as long as the system's resolver does; answers
/// from a cache where it can. Source: protocol section 3.3.
class Resolver {
 public:
  virtual ~Resolver() = default;

  /// The address of `host`: an address text stands for itself, `localhost` is 127.0.0.1, anything
  /// else is looked up. A name that resolves into 127.0.0.0/8 counts as not found.
  [[nodiscard]] virtual Result<IpAddress> resolve(std::string_view host) = 0;
};

}  // namespace spreadable
