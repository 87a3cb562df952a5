#include "extensions/documents/detail/field_scan.h"

#include <algorithm>
#include <cstring>

namespace spreadable::documents::detail {
namespace {

/// The end of the quoted text that begins at `at`, behind its closing quote.
std::size_t text_end(std::string_view json, std::size_t at) {
  for (++at; at < json.size(); ++at) {
    const void* const quote = std::memchr(json.data() + at, '"', json.size() - at);
    if (quote == nullptr) return json.size();
    at = static_cast<std::size_t>(static_cast<const char*>(quote) - json.data());
    std::size_t backslashes = 0;
    while (json[at - 1 - backslashes] == '\\') ++backslashes;
    if (backslashes % 2 == 0) return at + 1;
  }
  return json.size();
}

/// The end of the value that begins at `at`.
std::size_t value_end(std::string_view json, std::size_t at) {
  if (json[at] == '"') return text_end(json, at);
  if (json[at] != '{' && json[at] != '[')
    return std::min(json.find_first_of(",}", at), json.size());
  std::size_t depth = 0;
  while (at < json.size()) {
    const char c = json[at];
    if (c == '"') {
      at = text_end(json, at);
      continue;
    }
    ++at;
    if (c == '{' || c == '[') ++depth;
    if ((c == '}' || c == ']') && --depth == 0) return at;
  }
  return json.size();
}

/// The name that is quoted from `begin` to `end`.
std::string name_between(std::string_view json, std::size_t begin, std::size_t end) {
  const std::string_view quoted = json.substr(begin, end - begin);
  if (quoted.find('\\') == quoted.npos) return std::string(quoted.substr(1, quoted.size() - 2));
  return Json::parse(quoted).get<std::string>();
}

/// The value that stands from `begin` to `end`. Texts without escapes, which most are, need no
/// parser.
Json value_between(std::string_view json, std::size_t begin, std::size_t end) {
  const std::string_view value = json.substr(begin, end - begin);
  const bool is_plain_text = value.size() >= 2 && value.front() == '"' && value.back() == '"' &&
                             value.find('\\') == value.npos;
  if (is_plain_text) return value.substr(1, value.size() - 2);
  return Json::parse(value);
}

}  // namespace

Json scan_fields(std::string_view text, std::span<const std::string> names) {
  Json found = Json::object();
  std::size_t wanted = 0;  // names before it are behind us: keys are in order as well
  for (std::size_t at = 1; at < text.size() && text[at] == '"' && wanted < names.size();) {
    const std::size_t name_end = text_end(text, at);
    const std::string name = name_between(text, at, name_end);
    const std::size_t begin = name_end + 1;  // behind the colon
    if (begin >= text.size()) break;
    const std::size_t end = value_end(text, begin);
    while (wanted < names.size() && names[wanted] < name) ++wanted;
    if (wanted < names.size() && names[wanted] == name) {
      found[name] = value_between(text, begin, end);
    }
    at = end + 1;  // behind the comma
  }
  return found;
}

}  // namespace spreadable::documents::detail
