#include "cli/output.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "cli/command.h"
#include "services/system/spdlog_logger.h"

namespace spreadable::cli {
namespace {

/// Whether standard output is a pipe whose reader has seen enough, which is nothing to complain of.
bool is_reader_gone() {
  pollfd output{.fd = STDOUT_FILENO, .events = POLLOUT, .revents = 0};
  return ::poll(&output, 1, /*timeout=*/0) == 1 && (output.revents & POLLERR) != 0;
}

}  // namespace

std::optional<TerminalSize> terminal_size() {
  winsize size{};
  if (::isatty(STDOUT_FILENO) == 0) return std::nullopt;
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_row == 0 || size.ws_col == 0) {
    return TerminalSize{};
  }
  return TerminalSize{.rows = size.ws_row, .columns = size.ws_col};
}

std::size_t text_width() {
  return terminal_size().value_or(TerminalSize{}).columns;
}

void print_line(std::string_view line) {
  std::fwrite(line.data(), 1, line.size(), stdout);
  std::fputc('\n', stdout);
  std::fflush(stdout);
}

int fail(std::string_view message) {
  const std::string line = to_one_line(message) + "\n";
  std::fwrite(line.data(), 1, line.size(), stderr);
  return kFailed;
}

int misuse(std::string_view message) {
  fail(message);
  return kMisused;
}

std::string describe(const Error& error) {
  const std::string code = error.wire_code.empty() ? to_string(error.code) : error.wire_code;
  return fmt::format("{} ({})", error.message, code);
}

int finish_output(int code) {
  errno = 0;
  const bool is_written = std::fflush(stdout) == 0 && std::ferror(stdout) == 0;
  if (is_written) return code;
  if (is_reader_gone()) return kFailed;
  const std::string reason = errno == 0 ? "" : fmt::format(": {}", std::strerror(errno));
  return fail("cannot write to standard output" + reason);
}

std::string json_text(const Json& value, bool is_indented) {
  const std::string text =
      is_indented ? value.dump(2, ' ', /*ensure_ascii=*/false, Json::error_handler_t::replace)
                  : dump_json(value);
  // JSON itself escapes what is below a space. DEL and C1, which UTF-8 spells with 0xC2 in front,
  // stand in strings only, where an escape means the same.
  std::string safe;
  safe.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const auto next = static_cast<unsigned char>(i + 1 < text.size() ? text[i + 1] : 0);
    if (byte == 0x7f) {
      safe += "\\u007f";
    } else if (byte == 0xc2 && next >= 0x80 && next < 0xa0) {
      safe += fmt::format("\\u{:04x}", next);
      ++i;
    } else {
      safe += text[i];
    }
  }
  return safe;
}

std::vector<std::string> wrap(std::span<const std::string> words, std::size_t indent,
                              std::size_t width) {
  std::vector<std::string> lines;
  for (const std::string& word : words) {
    if (!lines.empty() && lines.back().size() + 2 + word.size() <= width) {
      lines.back() += "  " + word;
    } else {
      lines.push_back(std::string(indent, ' ') + word);
    }
  }
  return lines;
}

std::string count_of(std::size_t count, std::string_view noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

}  // namespace spreadable::cli
