// services/mux/frame.h: many exchanges on one connection, cut into frames.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace spreadable {

/// What nodes of ours name in `Upgrade` when they ask a peer to go on with frames on a connection:
/// either side then sends frames, a request and its answer bearing one number. A frame is its
/// payload's length and that number, four bytes each, the highest first, and the payload: an HTTP
/// message as it would stand on a connection of its own. Answers come in any order.
inline constexpr std::string_view kMuxProtocol = "spreadable-mux/1";
inline constexpr std::size_t kFrameHeadBytes = 8;

struct Frame {
  std::uint32_t id = 0;
  std::string_view payload;
};

/// Appends a frame whose payload is `head` and `body`. Requires: together below 4 GiB.
void append_frame(std::string& out, std::uint32_t id, std::string_view head,
                  std::string_view body = {});

/// Finds the frames in bytes, however these were cut on the way. Not thread-safe.
class FrameReader {
 public:
  explicit FrameReader(std::size_t payload_bytes_max) : payload_bytes_max_(payload_bytes_max) {}

  /// Calls `take` with each frame that `bytes` complete; its payload lasts until the call returns.
  /// False when a frame is longer than allowed: then nothing more can be read.
  [[nodiscard]] bool feed(std::string_view bytes, const std::function<void(const Frame&)>& take);

  /// Bytes held of a frame that is not complete yet, and the memory for them.
  [[nodiscard]] std::size_t pending() const { return input_.size(); }
  [[nodiscard]] std::size_t buffered() const { return input_.capacity(); }

 private:
  /// Bytes of the whole frame that `bytes` begin with; 0 when that is not known yet.
  [[nodiscard]] static std::size_t frame_bytes(std::string_view bytes);
  [[nodiscard]] bool take_frames(std::string_view& bytes,
                                 const std::function<void(const Frame&)>& take) const;

  const std::size_t payload_bytes_max_;
  std::string input_;
};

}  // namespace spreadable
