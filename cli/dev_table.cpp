#include "cli/dev_table.h"

#include <fmt/format.h>

#include <algorithm>

namespace spreadable::cli {
namespace {

using Style = TableLine::Style;

constexpr std::size_t kEndBytes = 16;  // room for `… and 999 more`

/// The first `columns` characters of `text`, which is UTF-8: a line must not break the table.
std::string cut(std::string text, std::size_t columns) {
  std::size_t end = 0;
  for (std::size_t count = 0; end < text.size(); ++end) {
    const bool is_continuation = (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80;
    if (!is_continuation && ++count > columns) break;
  }
  text.resize(end);
  return text;
}

/// `head` and as many of `ports` as fit into `columns`.
std::string row_of(std::string head, const std::vector<std::uint16_t>& ports, std::size_t columns) {
  for (std::size_t i = 0; i < ports.size(); ++i) {
    const std::string port = fmt::format(" {:>5}", ports[i]);
    const bool is_last = i + 1 == ports.size();
    if (head.size() + port.size() + (is_last ? 0 : kEndBytes) > columns) {
      return head + fmt::format(" … and {} more", ports.size() - i);
    }
    head += port;
  }
  return head;
}

std::vector<std::string> rows_of(const DevSummary& summary, std::size_t columns) {
  std::vector<std::string> rows;
  for (const DevSummary::List& list : summary.lists) {
    rows.push_back(
        row_of(fmt::format("{:>7} {:>7} ", list.master, list.slaves.size()), list.slaves, columns));
  }
  if (!summary.listless.empty()) {
    rows.push_back(row_of(fmt::format("{:>7} {:>7} ", "none", summary.listless.size()),
                          summary.listless, columns));
  }
  return rows;
}

}  // namespace

std::string dev_summary_text(const DevSummary& summary, Duration after) {
  const std::string who =
      summary.nodes == 1 ? "1 node sees itself"
      : summary.is_agreed()
          ? fmt::format("all {} nodes agree on the size", summary.nodes)
          : fmt::format("{} of {} nodes agree on the size", summary.agreeing, summary.nodes);
  return fmt::format("{} after {:.1f} s, {}, longest list {}", who,
                     std::chrono::duration<double>(after).count(),
                     count_of(summary.lists.size(), "master"), summary.longest_list);
}

std::vector<TableLine> dev_table(const DevSummary& summary, const TableTexts& texts,
                                 TerminalSize size) {
  std::vector<TableLine> lines{{Style::strong, texts.title}, {Style::plain, texts.summary}, {}};
  lines.push_back(
      {Style::faint, fmt::format("{:>7} {:>7}  {}", "master", "slaves", "in its list")});
  const std::vector<std::string> rows = rows_of(summary, size.columns);
  const std::size_t taken = lines.size() + texts.notes.size() + 2;
  const std::size_t room = std::max<std::size_t>(size.rows, taken + 1) - taken;
  const std::size_t shown = rows.size() <= room ? rows.size() : room - 1;
  for (std::size_t i = 0; i < shown; ++i) lines.push_back({Style::plain, rows[i]});
  if (shown < rows.size()) {
    lines.push_back({Style::faint, fmt::format("{:>7} … and {} more", "", rows.size() - shown)});
  }
  lines.push_back({});
  for (const std::string& note : texts.notes) lines.push_back({Style::plain, note});
  lines.push_back({Style::faint, texts.hint});
  for (TableLine& line : lines) line.text = cut(std::move(line.text), size.columns);
  return lines;
}

}  // namespace spreadable::cli
