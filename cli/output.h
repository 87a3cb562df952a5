// cli/output.h: what the program writes, for people and for other programs.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/json.h"
#include "core/result.h"

namespace spreadable::cli {

struct TerminalSize {
  std::size_t rows = 24;
  std::size_t columns = 80;
  friend bool operator==(const TerminalSize&, const TerminalSize&) = default;
};

/// Of standard output; nothing when that is no terminal.
[[nodiscard]] std::optional<TerminalSize> terminal_size();
/// How wide text for people may be: as the terminal is, or 80 columns.
[[nodiscard]] std::size_t text_width();

/// Writes a line to standard output at once. A reader that has gone is no reason to end: see
/// finish_output.
void print_line(std::string_view line);

/// Writes one line to standard error and returns kFailed. Control bytes are escaped.
int fail(std::string_view message);
/// As fail, for wrong usage: returns kMisused.
int misuse(std::string_view message);

/// `message (CODE)`: the code of the wire, or else the name of the kind of error.
[[nodiscard]] std::string describe(const Error& error);

/// `code`, unless something could not be written to standard output: that is kFailed, and said
/// unless a reader has merely closed its end of a pipe.
[[nodiscard]] int finish_output(int code);

/// `value` as JSON text, on one line or indented. Control characters of foreign text that a
/// terminal would obey are escaped.
[[nodiscard]] std::string json_text(const Json& value, bool is_indented = false);

/// `words` in as many lines as they need, each `indent` columns in and at most `width` wide where
/// words allow.
[[nodiscard]] std::vector<std::string> wrap(std::span<const std::string> words, std::size_t indent,
                                            std::size_t width);

/// `3 masters`, `1 master`.
[[nodiscard]] std::string count_of(std::size_t count, std::string_view noun);

}  // namespace spreadable::cli
