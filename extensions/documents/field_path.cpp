#include "extensions/documents/field_path.h"

#include <optional>
#include <utility>

#include "core/ascii.h"
#include "core/assert.h"
#include "extensions/documents/detail/javascript.h"

namespace spreadable::documents {
namespace {

constexpr std::string_view kBrackets = ".[]";

bool is_line_end(std::string_view text, std::size_t at) {
  return text[at] == '\n' || text[at] == '\r' || text.substr(at).starts_with("\u2028") ||
         text.substr(at).starts_with("\u2029");
}

/// The end of the quoted text that begins at `at`, behind its closing quote. A backslash takes the
/// next character with it, save for a line end.
std::optional<std::size_t> quoted_end(std::string_view text, std::size_t at) {
  const char quote = text[at];
  if (quote != '"' && quote != '\'') return {};
  for (++at; at < text.size(); ++at) {
    if (text[at] == quote) return at + 1;
    if (text[at] != '\\') continue;
    if (at + 1 == text.size() || is_line_end(text, at + 1)) return {};
    ++at;
  }
  return {};
}

/// The end of `-12.5` at `at`; nothing when no number stands there.
std::optional<std::size_t> number_end(std::string_view text, std::size_t at) {
  const auto skip_digits = [&] {
    const std::size_t begin = at;
    while (at < text.size() && ascii::is_digit(text[at])) ++at;
    return at > begin;
  };
  if (at < text.size() && text[at] == '-') ++at;
  if (!skip_digits()) return {};
  const std::size_t end = at;
  if (at < text.size() && text[at] == '.') {
    ++at;
    if (skip_digits()) return at;
  }
  return end;
}

bool closes(std::string_view text, std::optional<std::size_t> at) {
  return at && *at < text.size() && text[*at] == ']';
}

/// Whether a dot stands in `text`, or brackets with anything between them.
bool is_taken_apart(std::string_view text) {
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '.') return true;
    if (text[at] != '[') continue;
    if (closes(text, text.find_first_of("[]", at + 1))) return true;
    if (at + 1 < text.size() && closes(text, quoted_end(text, at + 1))) return true;
  }
  return false;
}

std::string unescaped(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '\\' && (at + 1 == text.size() || text[at + 1] != '\\')) continue;
    if (text[at] == '\\') ++at;
    out += text[at];
  }
  return out;
}

/// Whether nothing stands between the separator at `at` and the next one, or the end: a part
/// without a name.
bool is_empty_part(std::string_view text, std::size_t at) {
  const auto separator_end = [&](std::size_t place) {
    if (text.substr(place).starts_with('.')) return place + 1;
    return text.substr(place).starts_with("[]") ? place + 2 : place;
  };
  const std::size_t behind = separator_end(at);
  return behind > at && (behind == text.size() || separator_end(behind) > behind);
}

/// The part in brackets at `at`, which is moved behind them; nothing when it is neither a number
/// nor quoted.
std::optional<std::string> bracketed(std::string_view text, std::size_t& at) {
  const std::size_t begin = at + 1;
  if (const auto end = number_end(text, begin); closes(text, end)) {
    at = *end + 1;
    return std::string(text.substr(begin, *end - begin));
  }
  if (begin == text.size()) return {};
  const auto end = quoted_end(text, begin);
  if (!closes(text, end)) return {};
  at = *end + 1;
  return unescaped(text.substr(begin + 1, *end - begin - 2));
}

std::vector<std::string> parts_of(std::string_view text) {
  std::vector<std::string> parts;
  if (text.starts_with('.')) parts.emplace_back();
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find_first_of(kBrackets, at), text.size());
    if (end > at) {
      parts.emplace_back(text.substr(at, end - at));
      at = end;
      continue;
    }
    auto part = text[at] == '[' ? bracketed(text, at) : std::nullopt;
    if (part) {
      parts.push_back(std::move(*part));
      continue;
    }
    if (is_empty_part(text, at)) parts.emplace_back();
    ++at;
  }
  return parts;
}

/// The field or item `key` of `value`, or nullptr.
Json* member(Json& value, const std::string& key) {
  if (value.is_object()) {
    const auto found = value.find(key);
    return found == value.end() ? nullptr : &*found;
  }
  const auto index = value.is_array() ? detail::list_index(key) : std::nullopt;
  return index && *index < value.size() ? &value[*index] : nullptr;
}

/// As member, made when missing. Requires: `value` is an object, or an array and `key` an index.
Json& made_member(Json& value, const std::string& key) {
  if (value.is_object()) return value[key];
  const std::size_t index = *detail::list_index(key);
  while (value.size() <= index) value.push_back(nullptr);
  return value[index];
}

bool is_array_place(const std::string& key) {
  return detail::list_index(key).has_value();
}

}  // namespace

FieldPath::FieldPath(std::string text) : text_(std::move(text)), is_deep_(is_taken_apart(text_)) {
  if (is_deep_) {
    parts_ = parts_of(text_);
  } else {
    parts_.push_back(text_);
  }
}

std::string_view FieldPath::top() const {
  return parts_.empty() ? std::string_view(text_) : parts_.front();
}

const Json* FieldPath::find(const Json& document) const {
  auto& place = const_cast<Json&>(document);  // only looked at
  if (is_deep_ && place.is_object()) {
    if (Json* const whole = member(place, text_)) return whole;
  }
  Json* at = parts_.empty() ? nullptr : &place;
  for (const std::string& part : parts_) {
    if (at != nullptr) at = member(*at, part);
  }
  return at;
}

bool FieldPath::set(Json& document, Json value) const {
  SPREADABLE_ASSERT(document.is_object());
  if (is_deep_ && document.contains(text_)) {
    document[text_] = std::move(value);
    return true;
  }
  for (std::size_t i = 1; i < parts_.size(); ++i) {
    const auto index = detail::list_index(parts_[i]);
    if (index && *index > kIndexMax) return false;
  }
  if (parts_.empty()) return false;
  Json* place = &document;
  for (std::size_t i = 0; i < parts_.size(); ++i) {
    // An array has no places but numbered ones, and a single value has none.
    const bool fits = place->is_object() || (place->is_array() && is_array_place(parts_[i]));
    if (!fits) *place = i > 0 && is_array_place(parts_[i]) ? Json::array() : Json::object();
    place = &made_member(*place, parts_[i]);
  }
  *place = std::move(value);
  return true;
}

void FieldPath::remove(Json& document) const {
  if (is_deep_ && document.is_object() && document.erase(text_) > 0) return;
  Json* place = parts_.empty() ? nullptr : &document;
  for (std::size_t i = 0; i + 1 < parts_.size() && place != nullptr; ++i) {
    place = member(*place, parts_[i]);
  }
  if (place == nullptr) return;
  if (place->is_object()) {
    place->erase(parts_.back());
  } else if (Json* const item = member(*place, parts_.back())) {
    *item = nullptr;
  }
}

}  // namespace spreadable::documents
