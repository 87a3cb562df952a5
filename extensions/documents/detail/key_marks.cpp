#include "extensions/documents/detail/key_marks.h"

#include <algorithm>

#include "core/base64.h"
#include "extensions/documents/detail/stable_hash.h"

namespace spreadable::documents::detail {
namespace {

constexpr std::size_t kMarkBytes = sizeof(KeyMark);

}  // namespace

KeyMark key_mark(std::string_view key_text) {
  // With the last steps of MurmurHash3: keys of one moment differ in few bytes.
  KeyMark hash = stable_hash({key_text});
  hash = (hash ^ (hash >> 33)) * 0xff51afd7ed558ccd;
  hash = (hash ^ (hash >> 33)) * 0xc4ceb9fe1a85ec53;
  return hash ^ (hash >> 33);
}

std::string pack_marks(const std::vector<KeyMark>& marks) {
  std::string bytes;
  bytes.reserve(marks.size() * kMarkBytes);
  for (const KeyMark mark : marks) {
    for (std::size_t i = 0; i < kMarkBytes; ++i) bytes += static_cast<char>(mark >> (8 * i));
  }
  return base64_encode(bytes);
}

std::optional<std::vector<KeyMark>> unpack_marks(std::string_view text) {
  const auto bytes = base64_decode(text);
  if (!bytes || bytes->size() % kMarkBytes != 0) return std::nullopt;
  std::vector<KeyMark> marks(bytes->size() / kMarkBytes);
  for (std::size_t i = 0; i < bytes->size(); ++i) {
    const auto byte = static_cast<unsigned char>((*bytes)[i]);
    marks[i / kMarkBytes] |= KeyMark{byte} << (8 * (i % kMarkBytes));
  }
  return marks;
}

void make_unique(std::vector<KeyMark>& marks) {
  std::sort(marks.begin(), marks.end());
  marks.erase(std::unique(marks.begin(), marks.end()), marks.end());
}

}  // namespace spreadable::documents::detail
