// core/base64.h: bytes as text, RFC 4648 section 4.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace spreadable {

/// The standard alphabet, with padding.
[[nodiscard]] std::string base64_encode(std::string_view bytes);

/// Nothing for a foreign character, a wrong length or wrong padding. Padding may be left out, as
/// some writers of cookies do.
[[nodiscard]] std::optional<std::string> base64_decode(std::string_view text);

}  // namespace spreadable
