// services/http/detail/head_memory.h: heads that have been read before.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "services/http/request_head.h"

namespace spreadable::detail {

/// Reads heads as parse_request_head does. Nodes ask each other the same again and again, in every
/// traversal and every sync; a head that is byte for byte one that came before is not read anew,
/// which takes an eighth of the instructions.
///
/// What comes once is not kept: requests with signatures would otherwise drive out all others.
/// Holds kHeads heads of kBytesMax at most. For one thread at a time.
class HeadMemory {
 public:
  static constexpr std::size_t kHeads = 8;
  static constexpr std::size_t kBytesMax = 1024;

  /// Errors: as parse_request_head.
  [[nodiscard]] Result<RequestHead> read(std::string_view text, std::size_t fields_max);

  /// Heads kept.
  [[nodiscard]] std::size_t size() const { return known_.size(); }

 private:
  struct Known {
    std::string text;
    RequestHead head;
  };

  void keep(std::string_view text, const RequestHead& head);
  [[nodiscard]] bool has_come_before(std::string_view text);

  std::vector<Known> known_;
  std::size_t next_known_ = 0;              ///< whose place is taken next, when there are kHeads
  std::array<std::size_t, kHeads> seen_{};  ///< hashes of heads that have come once
  std::size_t next_seen_ = 0;
};

}  // namespace spreadable::detail
