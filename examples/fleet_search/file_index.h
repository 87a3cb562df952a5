// examples/fleet_search/file_index.h: one node's share of a folder, ready to be searched.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace spreadable::fleet_search {

/// The text files of one node, held in memory. A search goes through signatures first: for each
/// file a small bit set that remembers which three-byte sequences stand in it. A file whose
/// signature lacks one of the phrase's sequences cannot hold the phrase; the contents of the others
/// decide, so the answer is exact. In 92 MB of documentation a phrase that stands nowhere takes 0.1
/// ms instead of the 36 ms of looking through everything; one made of common English syllables
/// takes as long as before. Lists of positions would prune more, and take several times the memory
/// of the text.
///
/// Memory is the text and at most a quarter of it. The index shows the files as they were when
/// read. Immutable after read(), so any number of threads may search at once.
class FileIndex {
 public:
  /// More text than this is not read into one index; what is left out is counted.
  static constexpr std::uint64_t kBytesMax = std::uint64_t{1} << 30;

  /// Which files are this node's: those whose hash leaves `number` when divided by `count`.
  struct Share {
    std::size_t number = 0;  ///< below `count`
    std::size_t count = 1;   ///< nodes among which the files are divided; at least 1
    std::uint64_t bytes_max = kBytesMax;
  };

  /// What became of the share's files.
  struct Figures {
    std::size_t files = 0;     ///< read, and searched from now on
    std::uint64_t bytes = 0;   ///< of those
    std::size_t binary = 0;    ///< hold a NUL byte
    std::size_t left_out = 0;  ///< did not fit into bytes_max
    std::size_t unreadable = 0;
    std::size_t unreadable_folders = 0;  ///< of the whole tree: folders are nobody's share
  };

  /// Reads a share of the text files under `root`: regular files without a NUL byte, as `grep -I`
  /// sees text. Symbolic links below `root` are not followed, as with `grep -r`. Errc::io when
  /// `root` is no folder that can be read; what lies below it is only counted.
  [[nodiscard]] static Result<FileIndex> read(const std::filesystem::path& root,
                                              const Share& share);

  /// The files that hold `phrase`, byte by byte, as `grep -lF` finds them: sorted paths that begin
  /// with `root` as it was given. Requires: `phrase` is not empty.
  [[nodiscard]] std::vector<std::string> find(std::string_view phrase) const;

  [[nodiscard]] const Figures& figures() const { return figures_; }

 private:
  struct File {
    std::string path;
    std::string text;
    std::vector<std::uint64_t> signature;  ///< a power of two of words
  };

  void add(const std::filesystem::path& path, std::uint64_t bytes_max);

  std::vector<File> files_;  ///< by path
  Figures figures_;
};

/// FNV-1a, 64 bits: the same on every machine, as all nodes must agree whose file is whose.
/// Source: draft-eastlake-fnv, section 2.
[[nodiscard]] std::uint64_t stable_hash(std::string_view text);

}  // namespace spreadable::fleet_search
