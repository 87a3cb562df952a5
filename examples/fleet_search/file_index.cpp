#include "examples/fleet_search/file_index.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <fstream>
#include <functional>
#include <optional>
#include <system_error>
#include <utility>

#include "core/assert.h"

namespace spreadable::fleet_search {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kChunkBytes = std::size_t{64} << 10;
constexpr std::size_t kSequenceBytes = 3;
constexpr std::size_t kWordBits = 64;
// A bit per byte of text leaves more than half of the signature empty, since sequences repeat.
// Texts of more than 256 KiB hardly bring new sequences.
constexpr std::size_t kSignatureBitsMin = kWordBits;
constexpr unsigned kHashBits = 18;
constexpr std::size_t kSignatureBitsMax = std::size_t{1} << kHashBits;

using Signature = std::vector<std::uint64_t>;

/// The bit of the sequence that begins at `bytes`. The multiplier is 2^32 divided by the golden
/// ratio, which spreads neighbours far apart.
std::size_t bit_of(const char* bytes, const Signature& signature) {
  const auto byte = [&](std::size_t i) {
    return static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[i]));
  };
  const std::uint32_t sequence = byte(0) << 16 | byte(1) << 8 | byte(2);
  const std::uint32_t mixed = sequence * 2'654'435'769U;
  return mixed >> (32 - kHashBits) & (signature.size() * kWordBits - 1);
}

Signature signature_of(std::string_view text) {
  const std::size_t bits =
      std::bit_ceil(std::clamp(text.size(), kSignatureBitsMin, kSignatureBitsMax));
  Signature signature(bits / kWordBits);
  for (std::size_t i = 0; i + kSequenceBytes <= text.size(); ++i) {
    const std::size_t bit = bit_of(&text[i], signature);
    signature[bit / kWordBits] |= std::uint64_t{1} << bit % kWordBits;
  }
  return signature;
}

/// False when the text behind `signature` certainly does not hold `phrase`.
bool may_hold(const Signature& signature, std::string_view phrase) {
  for (std::size_t i = 0; i + kSequenceBytes <= phrase.size(); ++i) {
    const std::size_t bit = bit_of(&phrase[i], signature);
    if ((signature[bit / kWordBits] >> bit % kWordBits & 1) == 0) return false;
  }
  return true;
}

bool holds(std::string_view text, std::string_view phrase) {
  return ::memmem(text.data(), text.size(), phrase.data(), phrase.size()) != nullptr;
}

enum class Content { text, binary, unreadable, too_large };

/// Reads a file until its end or until it is known not to be wanted; `bytes_max` bounds the text.
Content read_text(const fs::path& path, std::uint64_t bytes_max, std::string& text) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return Content::unreadable;
  std::array<char, kChunkBytes> chunk;
  while (file.read(chunk.data(), chunk.size()), file.gcount() > 0) {
    const auto length = static_cast<std::size_t>(file.gcount());
    if (std::memchr(chunk.data(), '\0', length) != nullptr) return Content::binary;
    if (text.size() + length > bytes_max) return Content::too_large;
    text.append(chunk.data(), length);
  }
  if (file.bad()) return Content::unreadable;
  text.shrink_to_fit();
  return Content::text;
}

/// Calls `visit` for each regular file below `root`; returns how many folders could not be read.
std::size_t walk(const fs::path& root, const std::function<void(const fs::path&)>& visit) {
  std::size_t unreadable = 0;
  std::vector<fs::path> folders{root};
  while (!folders.empty()) {
    const fs::path folder = std::move(folders.back());
    folders.pop_back();
    std::error_code error;
    for (fs::directory_iterator it(folder, error); !error && it != fs::directory_iterator();
         it.increment(error)) {
      std::error_code vanished;
      const fs::file_type type = it->symlink_status(vanished).type();
      if (type == fs::file_type::directory) folders.push_back(it->path());
      if (type == fs::file_type::regular) visit(it->path());
    }
    unreadable += error ? 1 : 0;
  }
  return unreadable;
}

}  // namespace

std::uint64_t stable_hash(std::string_view text) {
  std::uint64_t hash = 0xcbf2'9ce4'8422'2325;
  for (const char c : text) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 0x0000'0100'0000'01b3;
  }
  return hash;
}

Result<FileIndex> FileIndex::read(const fs::path& root, const Share& share) {
  SPREADABLE_ASSERT(share.number < share.count);
  std::error_code error;
  const fs::directory_iterator readable(root, error);
  if (error) {
    return Error{Errc::io, "cannot read folder \"" + root.string() + "\": " + error.message(), {}};
  }
  FileIndex index;
  index.figures_.unreadable_folders = walk(root, [&](const fs::path& path) {
    // Relative, so that a node that keeps the same tree elsewhere has the same share.
    const std::uint64_t hash = stable_hash(path.lexically_relative(root).string());
    if (hash % share.count == share.number) index.add(path, share.bytes_max);
  });
  std::sort(index.files_.begin(), index.files_.end(),
            [](const File& a, const File& b) { return a.path < b.path; });
  return index;
}

void FileIndex::add(const fs::path& path, std::uint64_t bytes_max) {
  File file{.path = path.string(), .text = {}, .signature = {}};
  switch (read_text(path, bytes_max - figures_.bytes, file.text)) {
    case Content::binary:
      ++figures_.binary;
      return;
    case Content::unreadable:
      ++figures_.unreadable;
      return;
    case Content::too_large:
      ++figures_.left_out;
      return;
    case Content::text:
      break;
  }
  ++figures_.files;
  figures_.bytes += file.text.size();
  file.signature = signature_of(file.text);
  files_.push_back(std::move(file));
}

std::vector<std::string> FileIndex::find(std::string_view phrase) const {
  SPREADABLE_ASSERT(!phrase.empty());
  std::vector<std::string> found;
  for (const File& file : files_) {
    if (may_hold(file.signature, phrase) && holds(file.text, phrase)) found.push_back(file.path);
  }
  return found;
}

}  // namespace spreadable::fleet_search
