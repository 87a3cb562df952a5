// examples/fleet_search/search_action.h: which files of the whole fleet hold a phrase?
#pragma once

#include <cstddef>
#include <vector>

#include "core/network_action.h"
#include "examples/fleet_search/file_index.h"

namespace spreadable::fleet_search {

/// Asked with `{"phrase": "…"}`, answers with the sorted paths of all files that hold it, each
/// once:
///
///     spreadable request find-phrase '{"phrase":"liberty"}' --address localhost:4300
///
/// A path that is not UTF-8 cannot stand in JSON; it comes with U+FFFD in place of the odd bytes.
/// A stage whose paths take more than TransportRequest::kReplyBytesMax (some 100,000 paths) counts
/// as silent, so such an answer is not complete.
class SearchAction final : public NetworkAction {
 public:
  static constexpr const char* kName = "find-phrase";
  /// Longer than any line one would look for; bounds the work of a query.
  static constexpr std::size_t kPhraseBytesMax = 1'000;

  /// `index` outlives the action.
  explicit SearchAction(const FileIndex& index) : NetworkAction(kName), index_(index) {}

  /// The phrase is one line of 1 to kPhraseBytesMax bytes, as no line that grep sees holds another.
  [[nodiscard]] Result<void> check(const Json& query) const override;
  [[nodiscard]] Json local(const Json& query, CallContext& call) override;
  [[nodiscard]] Json merge(const std::vector<Reply>& replies, const Json& query) const override;

 private:
  const FileIndex& index_;
};

}  // namespace spreadable::fleet_search
