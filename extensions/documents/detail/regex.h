// extensions/documents/detail/regex.h: a regular expression of a filter.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

#include "core/result.h"

namespace re2 {
class RE2;
}

namespace spreadable::documents::detail {

/// A regular expression of JavaScript, found in a time linear in the text's length. Thread-safe.
/// Source: reliability S19.
class Regex {
 public:
  /// Steps of the compiled expression. The worst a text can cost is a look at each of them for each
  /// of its bytes; a class of letters of all scripts takes about 1,200.
  static constexpr std::size_t kStepsMax = 1'500;
  /// Memory for states found while matching. With less, expressions of a few dozen steps that have
  /// many states become ten times slower.
  static constexpr std::size_t kMemoryBytesMax = 1 << 20;

  /// Errc::invalid_argument, in words, for what translate_regex refuses or more than kStepsMax.
  [[nodiscard]] static Result<Regex> parse(std::string_view source, std::string_view flags);

  Regex(Regex&& other) noexcept;
  Regex& operator=(Regex&& other) noexcept;
  ~Regex();

  [[nodiscard]] bool is_found_in(std::string_view text) const;
  [[nodiscard]] std::size_t steps() const;

 private:
  Regex(std::unique_ptr<re2::RE2> program, bool is_unicode);

  std::unique_ptr<re2::RE2> program_;
  bool is_unicode_;
};

}  // namespace spreadable::documents::detail
