// bench/documents_store/sample.h: the documents that a store is measured with.
#pragma once

#include <cstddef>
#include <string>

#include "core/json.h"

namespace spreadable::bench {

inline constexpr std::size_t kDocumentBytes = 300;
/// Of a million documents, a hundred have the same group.
inline constexpr std::size_t kGroups = 10'000;

/// The primary key of document `n`.
[[nodiscard]] std::string id_of(std::size_t n);

/// Document `n`: kDocumentBytes of JSON with a text and a number of its own, some that others have
/// too, and a text that is alike in all.
[[nodiscard]] Json sample_document(std::size_t n);

}  // namespace spreadable::bench
