#include "services/mux/frame.h"

#include <algorithm>
#include <array>

#include "core/assert.h"

namespace spreadable {
namespace {

void put_number(char* out, std::uint32_t number) {
  for (const int shift : {24, 16, 8, 0}) *out++ = static_cast<char>(number >> shift & 0xff);
}

std::uint32_t number_at(std::string_view bytes) {
  std::uint32_t number = 0;
  for (int i = 0; i < 4; ++i) {
    number = number << 8 | static_cast<unsigned char>(bytes[static_cast<std::size_t>(i)]);
  }
  return number;
}

}  // namespace

void append_frame(std::string& out, std::uint32_t id, std::string_view head,
                  std::string_view body) {
  SPREADABLE_ASSERT(head.size() + body.size() <= UINT32_MAX);
  std::array<char, kFrameHeadBytes> numbers{};
  put_number(numbers.data(), static_cast<std::uint32_t>(head.size() + body.size()));
  put_number(numbers.data() + 4, id);
  const std::size_t whole = numbers.size() + head.size() + body.size();
  if (out.empty()) out.reserve(whole);
  out.append(numbers.data(), numbers.size());
  out += head;
  out += body;
}

std::size_t FrameReader::frame_bytes(std::string_view bytes) {
  return bytes.size() < kFrameHeadBytes ? 0 : kFrameHeadBytes + number_at(bytes);
}

bool FrameReader::take_frames(std::string_view& bytes,
                              const std::function<void(const Frame&)>& take) const {
  for (;;) {
    const std::size_t whole = frame_bytes(bytes);
    if (whole > kFrameHeadBytes + payload_bytes_max_) return false;
    if (whole == 0 || bytes.size() < whole) return true;
    take({number_at(bytes.substr(4)), bytes.substr(kFrameHeadBytes, whole - kFrameHeadBytes)});
    bytes.remove_prefix(whole);
  }
}

bool FrameReader::feed(std::string_view bytes, const std::function<void(const Frame&)>& take) {
  while (!input_.empty() && !bytes.empty()) {
    // Only what is missing is copied: the frames behind it are read where they are.
    const std::size_t whole = std::max(frame_bytes(input_), kFrameHeadBytes);
    if (whole > kFrameHeadBytes + payload_bytes_max_) return false;
    const std::size_t missing = std::min(whole - input_.size(), bytes.size());
    input_ += bytes.substr(0, missing);
    bytes.remove_prefix(missing);
    std::string_view held = input_;
    if (!take_frames(held, take)) return false;
    if (held.empty()) std::string().swap(input_);
  }
  if (!take_frames(bytes, take)) return false;
  if (!bytes.empty()) input_ = bytes;
  return true;
}

}  // namespace spreadable
