// services/http/detail/body_framing.h: where a request's body ends.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "services/http/request_head.h"

namespace spreadable::detail {

/// Takes a body out of the bytes that follow a head, piece by piece, by Content-Length or by
/// chunks. As strict as parse_request_head, for the same reason: chunk sizes are bare hexadecimal
/// digits, every line ends in CR LF and has no control bytes, and trailers are fields, or else they
/// could be the next request to somebody else. Chunk extensions and trailers are dropped.
/// A plain value; not thread-safe.
class BodyFraming {
 public:
  enum class State { more, complete, malformed, too_large };
  /// Bytes of one chunk-size line, and of all trailers together; more is malformed. A sender has no
  /// use for either, and each byte of them costs work.
  static constexpr std::size_t kChunkLineBytesMax = 256;
  static constexpr std::size_t kTrailerBytesMax = 4'096;

  /// A body that is complete before its first byte.
  BodyFraming() = default;
  /// The body announced by `head`; more than `bytes_max` bytes of it are too large.
  BodyFraming(const RequestHead& head, std::size_t bytes_max);

  [[nodiscard]] State state() const { return state_; }

  /// Appends what of `bytes` belongs to the body to `body`; returns how many bytes it used. The
  /// rest belongs to the next request, and is only left once the state is no longer `more`.
  [[nodiscard]] std::size_t feed(std::string_view bytes, std::string& body);

 private:
  enum class Part { length, chunk_size, chunk_data, chunk_end, trailer };

  [[nodiscard]] std::size_t feed_data(std::string_view bytes, std::string& body);
  [[nodiscard]] std::size_t feed_line(std::string_view bytes);
  void end_line();
  void begin_chunk();

  State state_ = State::complete;
  Part part_ = Part::length;
  std::uint64_t left_ = 0;       ///< bytes still to come of the body or of the chunk
  std::uint64_t allowance_ = 0;  ///< bytes the chunks may still hold together
  std::size_t trailer_bytes_ = 0;
  std::string line_;  ///< the line being read, without its line end
};

}  // namespace spreadable::detail
