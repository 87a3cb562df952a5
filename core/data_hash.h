// core/data_hash.h: the hash that nodes agree by.
#pragma once

#include <span>
#include <string>

namespace spreadable {

/// Lower-case hex MD5 of `parts` joined with `+`. It spreads choices evenly over nodes and names
/// things; nothing rests on it being hard to forge. Source: protocol section 7.1.
[[nodiscard]] std::string data_hash(std::span<const std::string> parts);

}  // namespace spreadable
