#include "cli/documents_table.h"

#include <fmt/format.h>

#include <algorithm>

#include "cli/output.h"
#include "services/system/spdlog_logger.h"

namespace spreadable::cli {
namespace {

constexpr std::size_t kColumnMax = 40;  ///< characters, unless there is room to spare
constexpr std::size_t kGap = 2;

struct Column {
  std::string name;
  std::size_t width = 0;
};

/// How many characters `text` takes: bytes that begin one.
std::size_t length_of(const std::string& text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  }));
}

/// The first `width` characters, and spaces up to there.
std::string fitted(const std::string& text, std::size_t width) {
  std::string cut;
  std::size_t length = 0;
  for (const char c : text) {
    if ((static_cast<unsigned char>(c) & 0xc0) != 0x80 && ++length > width) break;
    cut += c;
  }
  return cut + std::string(width - std::min(width, length_of(cut)), ' ');
}

std::string cell_of(const Json& document, const std::string& name) {
  const auto value = document.find(name);
  if (value == document.end()) return {};
  return value->is_string() ? to_one_line(value->get<std::string>()) : json_text(*value);
}

}  // namespace

std::vector<std::string> table_of(const std::vector<Json>& documents, std::size_t width) {
  std::vector<Column> columns;
  for (const Json& document : documents) {
    for (const auto& item : document.items()) {
      const std::string& name = item.key();
      const auto known = std::find_if(columns.begin(), columns.end(),
                                      [&](const Column& column) { return column.name == name; });
      Column& column = known == columns.end() ? columns.emplace_back(Column{name}) : *known;
      const std::size_t length =
          std::max(length_of(to_one_line(name)), length_of(cell_of(document, name)));
      column.width = std::max(column.width, std::min(length, kColumnMax));
    }
  }
  const auto line_of = [&](const auto& cell) {
    std::string line;
    std::size_t place = 0;
    for (const Column& column : columns) {
      if (place + column.width > width && place > 0) break;
      line += fitted(cell(column.name), column.width) + std::string(kGap, ' ');
      place += column.width + kGap;
    }
    line.erase(line.find_last_not_of(' ') + 1);
    return line;
  };
  std::vector<std::string> lines;
  if (columns.empty()) return lines;
  lines.push_back(line_of([](const std::string& name) { return to_one_line(name); }));
  for (const Json& document : documents) {
    lines.push_back(line_of([&](const std::string& name) { return cell_of(document, name); }));
  }
  return lines;
}

}  // namespace spreadable::cli
