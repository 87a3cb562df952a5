// A hash that is the same on all machines and in all releases.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string_view>

namespace spreadable::documents::detail {

/// FNV-1a (Fowler, Noll, Vo) with 64 bits of `parts` one after the other. For those that may be
/// trusted: it is easy to find texts with the same hash.
std::uint64_t stable_hash(std::initializer_list<std::string_view> parts);

}  // namespace spreadable::documents::detail
