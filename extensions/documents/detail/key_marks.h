// extensions/documents/detail/key_marks.h: duplication keys in few bytes, for counting.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace spreadable::documents::detail {

/// Stands for the text of a duplication key where copies are only to be counted once: a hash, the
/// same on all machines. Of a million keys two have the same one in 1 of 37 million cases. Whoever
/// chooses keys can make some collide, which makes a count too small and does nothing else.
using KeyMark = std::uint64_t;

[[nodiscard]] KeyMark key_mark(std::string_view key_text);

/// Marks on the wire: eight bytes each, the lowest first, all together in base64. A mark takes 11
/// characters where a key takes 30 and more, and reading them makes no objects.
[[nodiscard]] std::string pack_marks(const std::vector<KeyMark>& marks);
/// Nothing for what pack_marks never gives.
[[nodiscard]] std::optional<std::vector<KeyMark>> unpack_marks(std::string_view text);

/// Puts them in order, each once.
void make_unique(std::vector<KeyMark>& marks);

}  // namespace spreadable::documents::detail
