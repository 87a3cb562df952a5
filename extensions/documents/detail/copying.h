// extensions/documents/detail/copying.h: one document on its way to the nodes that are to store it.
#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "core/outbound.h"
#include "extensions/documents/detail/context.h"

namespace spreadable::documents::detail {

/// What all copies of a document have alike beyond its fields; travels in header wire::kCopyState.
struct CopyState {
  std::int64_t time = 0;  ///< of the revision
  WallTime created_at{};  ///< of the first copy
  std::string owner{};    ///< owner_digest() of the proof, or empty

  [[nodiscard]] std::string to_header() const;
  [[nodiscard]] static std::optional<CopyState> from_header(std::string_view text);
};

/// Body and state of an `add-document` request, the same for all who store a copy. Source:
/// metastocle section 4.3.
struct Copy {
  Json info;      ///< `{collection, pkValue?}`
  Json document;  ///< with its duplication key and no other system field
  std::optional<CopyState> state{};
};

/// The request that has `to` store a copy and then hand it on to `duplicates`. Source: metastocle
/// section 1.12.
[[nodiscard]] PeerRequest copy_request(const Context& context, const Address& to, const Copy& copy,
                                       const std::vector<Address>& duplicates);

/// What became of a copy_request.
enum class CopyOutcome {
  stored,   ///< also when the node had it already
  refused,  ///< the node understood and said no
  failed,   ///< silent, unreachable or not to be understood: others are asked instead
};
[[nodiscard]] CopyOutcome outcome_of(const Result<PeerReply>& reply);

/// Where a new document ended up.
struct Placing {
  std::size_t copies = 0;          ///< acknowledged
  std::optional<Json> document{};  ///< as the first node has stored it
  std::optional<Error> refusal{};  ///< of the first node that refused it
};

/// Has the first of `candidates` store `copy`, as many at a time as acknowledgements are needed
/// still; one of them hands the copy on to the rest, as upstream's do. Those that fail are replaced
/// by others. Blocks until `needed` have it or nobody is left to ask. Requires: needed > 0.
/// Source: reliability R20.
[[nodiscard]] Placing place(const Context& context, const Copy& copy,
                            std::deque<Address> candidates, std::size_t needed, Deadline deadline);

}  // namespace spreadable::documents::detail
