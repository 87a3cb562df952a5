#include "core/options.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <numeric>
#include <tuple>

#include "core/ascii.h"
#include "core/detail/option_registry.h"
#include "core/detail/option_values.h"
#include "core/excerpt.h"

namespace spreadable {
namespace {

using detail::OptionRow;
using detail::read_row;
using detail::refused_value;

const OptionRow* find_row(std::string_view path) {
  const auto& rows = detail::option_rows();
  const auto row = std::find_if(rows.begin(), rows.end(),
                                [&](const OptionRow& item) { return item.info.path == path; });
  return row == rows.end() ? nullptr : &*row;
}

bool is_inside(std::string_view path, std::string_view group) {
  return path.size() > group.size() && path.starts_with(group) && path[group.size()] == '.';
}

/// Whether options lie below `path`.
bool is_group(std::string_view path) {
  const auto& rows = detail::option_rows();
  return std::any_of(rows.begin(), rows.end(),
                     [&](const OptionRow& row) { return is_inside(row.info.path, path); });
}

/// The number of single-character edits between two texts (Levenshtein's distance).
std::size_t edit_distance(std::string_view from, std::string_view to) {
  std::vector<std::size_t> costs(to.size() + 1);
  std::iota(costs.begin(), costs.end(), std::size_t{0});
  for (std::size_t i = 0; i < from.size(); ++i) {
    std::size_t diagonal = std::exchange(costs[0], i + 1);
    for (std::size_t j = 0; j < to.size(); ++j) {
      const std::size_t changed = diagonal + (from[i] == to[j] ? 0 : 1);
      diagonal = costs[j + 1];
      costs[j + 1] = std::min({changed, diagonal + 1, costs[j] + 1});
    }
  }
  return costs.back();
}

std::string_view last_part(std::string_view path) {
  const std::size_t dot = path.rfind('.');
  return dot == std::string_view::npos ? path : path.substr(dot + 1);
}

/// The known option that `path` most likely means, or nothing when none comes near.
std::string_view closest_option(std::string_view path) {
  std::string_view best;
  std::size_t best_cost = std::max<std::size_t>(2, path.size() / 4) + 1;
  for (const OptionRow& row : detail::option_rows()) {
    // The right name in the wrong group is a near miss too.
    const bool is_same_name = last_part(row.info.path) == last_part(path);
    const std::size_t cost = is_same_name ? 1 : edit_distance(path, row.info.path);
    if (cost < best_cost) {
      best = row.info.path;
      best_cost = cost;
    }
  }
  return best;
}

Error unknown_option(std::string_view path) {
  std::string message = fmt::format("unknown option {}", quote(path));
  // The excerpt bounds the work: the distance takes time by the product of both lengths.
  const std::string_view closest = closest_option(path.substr(0, kExcerptBytesMax));
  if (!closest.empty()) message += fmt::format(": did you mean \"{}\"?", closest);
  return Error{Errc::invalid_argument, std::move(message), {}};
}

Result<void> set_members(NodeOptions& options, std::string_view group, const Json& object) {
  for (const auto& [key, value] : object.items()) {
    const std::string path = group.empty() ? key : fmt::format("{}.{}", group, key);
    const auto result = set_option(options, path, value);
    if (!result) return result;
  }
  return {};
}

/// Options that are fine one by one, but not together.
Result<void> check_combinations(const NodeOptions& options) {
  const auto& network = options.network;
  if (network.sync_time_calculation_period < network.sync_interval) {
    return refused_value("network.syncTimeCalculationPeriod", "at least network.syncInterval",
                         detail::time_text(network.sync_time_calculation_period));
  }
  if (network.auth && (network.auth->username.empty() || network.auth->password.empty())) {
    return refused_value("network.auth", "both username and password", "only one of them");
  }
  const auto& https = options.server.https;
  if (https.key.empty() != https.certificate.empty()) {
    return refused_value("server.https", "both key and cert", "only one of them");
  }
  if (!https.is_enabled && !https.key.empty()) {
    return refused_value("server.https", "true, since a key is given", "false");
  }
  return {};
}

/// `text` with every comment outside of strings turned into spaces, so that places stay the same.
/// Nothing when a comment does not end.
std::optional<std::string> without_comments(std::string_view text) {
  std::string result(text);
  std::size_t i = 0;
  while (i < text.size()) {
    const std::string_view rest = text.substr(i);
    std::size_t length = 1;
    if (rest.front() == '"') {
      while (length < rest.size() && rest[length] != '"') length += rest[length] == '\\' ? 2 : 1;
      ++length;
    } else if (rest.starts_with("//") || rest.starts_with("/*")) {
      const bool is_line = rest[1] == '/';
      const std::size_t end = rest.find(is_line ? "\n" : "*/", 2);
      if (end == std::string_view::npos && !is_line) return {};
      length = end == std::string_view::npos ? rest.size() : end + (is_line ? 0 : 2);
      const auto from = result.begin() + static_cast<std::ptrdiff_t>(i);
      std::replace_if(
          from, from + static_cast<std::ptrdiff_t>(length), [](char c) { return c != '\n'; }, ' ');
    }
    i += length;
  }
  return result;
}

/// Where nlohmann's parser stops in `text`, as `line 2, column 7`; nothing when it does not.
std::string place_of_error(std::string_view text) {
  try {
    // Nothing is kept, so that a deeply nested text does no harm here.
    const auto drop = [](int, Json::parse_event_t, Json&) { return false; };
    std::ignore = Json::parse(text.begin(), text.end(), drop);
  } catch (const Json::parse_error& error) {
    const std::string_view before = text.substr(0, std::max<std::size_t>(error.byte, 1) - 1);
    const auto line = std::count(before.begin(), before.end(), '\n') + 1;
    const std::size_t column = before.size() - (before.rfind('\n') + 1) + 1;
    return fmt::format(" at line {}, column {}", line, column);
  } catch (const Json::exception&) {
    // A number out of range carries no place.
  }
  return {};
}

}  // namespace

std::span<const OptionInfo> option_table() {
  return detail::OptionRegistry::get().infos();
}

std::string environment_name(std::string_view path) {
  std::string name = "SPREADABLE_";
  for (const char c : path) {
    if (ascii::is_upper(c)) name += '_';
    name += c == '.' ? '_' : ascii::to_upper(c);
  }
  return name;
}

Result<void> set_option(NodeOptions& options, std::string_view path, const Json& value) {
  const OptionRow* const row = find_row(path);
  if (value.is_object() && is_group(path)) return set_members(options, path, value);
  if (row != nullptr) return read_row(*row, options, value);
  if (is_group(path)) return refused_value(path, "an object", describe(value));
  return unknown_option(path);
}

Result<void> set_option_text(NodeOptions& options, std::string_view path, std::string_view text) {
  const OptionRow* const row = find_row(path);
  if (row == nullptr) return unknown_option(path);
  Json value(text);
  if (row->info.type == "list") {
    value = Json::array();
    while (!text.empty()) {
      const std::size_t comma = std::min(text.find(','), text.size());
      value.push_back(text.substr(0, comma));
      text.remove_prefix(std::min(comma + 1, text.size()));
    }
  } else if (row->info.type == "boolean" || row->info.type == "integer" ||
             row->info.type == "object" || text == "false") {
    // What is no JSON stays a text, which the row then refuses by its own words.
    auto parsed = parse_json(text);
    if (parsed && row->info.type != "text") value = std::move(*parsed);
  }
  if (value.is_object() && is_group(path)) return set_members(options, path, value);
  return read_row(*row, options, value);
}

Result<void> check_options(const NodeOptions& options) {
  for (const OptionRow& row : detail::option_rows()) {
    const Json value = row.write(options);
    if (value.is_null()) continue;
    // What a row writes, it must be able to read: so there is one place that knows the range.
    NodeOptions scratch = options;
    const auto result = read_row(row, scratch, value);
    if (!result) return result;
  }
  return check_combinations(options);
}

Result<NodeOptions> parse_options(const Json& config) {
  if (!config.is_object()) {
    return Error{Errc::invalid_argument,
                 "expected the options as a JSON object, got " + describe(config),
                 {}};
  }
  NodeOptions options;
  const auto read = set_members(options, {}, config);
  if (!read) return read.error();
  const auto checked = check_options(options);
  if (!checked) return checked.error();
  return options;
}

Result<Json> parse_config(std::string_view text) {
  const auto bare = without_comments(text);
  if (!bare) return Error{Errc::invalid_argument, "invalid config: a comment does not end", {}};
  auto value = parse_json(*bare);
  if (value) return value;
  const std::string place = place_of_error(*bare);
  // Without a place of its own the reason is nesting or a number, which parse_json names.
  std::string message = "invalid config" + (place.empty() ? ": " + value.error().message : place);
  return Error{Errc::invalid_argument, std::move(message), {}};
}

}  // namespace spreadable
