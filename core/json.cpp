#include "core/json.h"

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <utility>

#include "core/word_bytes.h"

namespace spreadable {
namespace {

/// A parser keeps the memory that its largest text has needed; for larger ones than this a new one
/// is made each time.
constexpr std::size_t kUsualBytes = 65'536;

/// What the allocator adds to a block: its length, and what rounding up to 16 bytes takes.
constexpr std::size_t kBlockBytes = 16;
/// Of an object's item: name and value, and the tree's own three pointers and colour.
constexpr std::size_t kTreeNodeBytes = sizeof(Json::object_t::value_type) + 32 + kBlockBytes;

/// What a text takes beside the string itself, which holds short ones.
std::size_t text_bytes(const std::string& text) {
  constexpr std::size_t kInsideMax = 15;
  return text.capacity() > kInsideMax ? text.capacity() + 1 + kBlockBytes : 0;
}

/// Whether brackets nest deeper than kJsonDepthMax. Looks at brackets outside of strings only.
bool is_too_deep(std::string_view text) {
  std::size_t depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      if (++depth > kJsonDepthMax) return true;
    } else if ((c == '}' || c == ']') && depth > 0) {
      --depth;
    }
  }
  return false;
}

Json value_of(const simdjson::dom::element& element) {
  using Type = simdjson::dom::element_type;
  switch (element.type()) {
    case Type::OBJECT: {
      Json::object_t object;
      for (const auto [name, value] : simdjson::dom::object(element)) {
        object.insert_or_assign(object.end(), std::string(name), value_of(value));
      }
      return object;
    }
    case Type::ARRAY: {
      const simdjson::dom::array elements(element);
      Json::array_t array;
      array.reserve(elements.size());
      for (const auto value : elements) array.push_back(value_of(value));
      return array;
    }
    case Type::STRING:
      return std::string(std::string_view(element));
    case Type::INT64: {
      const auto number = std::int64_t(element);
      return number < 0 ? Json(number) : Json(static_cast<std::uint64_t>(number));
    }
    case Type::UINT64:
      return std::uint64_t(element);
    case Type::DOUBLE:
      return double(element);
    case Type::BOOL:
      return bool(element);
    case Type::NULL_VALUE:
      break;
  }
  return nullptr;
}

/// As read_json; false once `reader` wants no more.
bool tell(const simdjson::dom::element& element, nlohmann::json_sax<Json>& reader) {
  using Type = simdjson::dom::element_type;
  std::string text;
  switch (element.type()) {
    case Type::OBJECT: {
      const simdjson::dom::object members(element);
      if (!reader.start_object(members.size())) return false;
      for (const auto [name, value] : members) {
        text = name;
        if (!reader.key(text) || !tell(value, reader)) return false;
      }
      return reader.end_object();
    }
    case Type::ARRAY: {
      const simdjson::dom::array elements(element);
      if (!reader.start_array(elements.size())) return false;
      for (const auto value : elements) {
        if (!tell(value, reader)) return false;
      }
      return reader.end_array();
    }
    case Type::STRING:
      text = std::string_view(element);
      return reader.string(text);
    case Type::INT64: {
      const auto number = std::int64_t(element);
      return number < 0 ? reader.number_integer(number)
                        : reader.number_unsigned(static_cast<std::uint64_t>(number));
    }
    case Type::UINT64:
      return reader.number_unsigned(std::uint64_t(element));
    case Type::DOUBLE:
      return reader.number_float(double(element), text);
    case Type::BOOL:
      return reader.boolean(bool(element));
    case Type::NULL_VALUE:
      break;
  }
  return reader.null();
}

/// Of a thread: reads texts one after the other.
class QuickParser {
 public:
  explicit QuickParser(std::size_t bytes_max) {
    is_ready_ = parser_.allocate(bytes_max, kJsonDepthMax) == simdjson::SUCCESS;
  }

  /// What `use` makes of the text. Nothing for what simdjson does not read: texts that are wrong,
  /// and integers beyond 64 bits.
  template <class Use>
  auto parse(std::string_view text, const Use& use) -> std::optional<decltype(use({}))> {
    simdjson::dom::element element;
    if (!is_ready_ || text.empty()) return std::nullopt;  // an empty one may lie nowhere
    if (parser_.parse(text.data(), text.size()).get(element) != simdjson::SUCCESS) {
      return std::nullopt;
    }
    return use(element);
  }

 private:
  simdjson::dom::parser parser_;
  bool is_ready_ = false;
};

QuickParser& usual_parser() {
  thread_local QuickParser parser(kUsualBytes);
  return parser;
}

/// As QuickParser::parse, by that of this thread or, for a long text, one for it alone.
template <class Use>
auto quickly_parsed(std::string_view text, const Use& use) {
  if (text.size() > kUsualBytes) return QuickParser(text.size()).parse(text, use);
  return usual_parser().parse(text, use);
}

/// Whether all of `text` is ASCII that stands for itself in a JSON text.
bool is_plain(std::string_view text) {
  return word_bytes::has_none(text, ' ', [](std::uint64_t word) {
    return word_bytes::below(word, ' ') | word_bytes::equal(word, '"') |
           word_bytes::equal(word, '\\') | word_bytes::beyond_ascii(word);
  });
}

/// What is seldom, or hard, is left to nlohmann/json.
void write_slowly(std::string& out, const Json& value) {
  out += value.dump(-1, ' ', /*ensure_ascii=*/false, Json::error_handler_t::replace);
}

void write(std::string& out, const std::string& text) {
  if (!is_plain(text)) return write_slowly(out, Json(text));
  out += '"';
  out += text;
  out += '"';
}

template <class Number>
void write_number(std::string& out, Number number) {
  std::array<char, 24> digits{};
  out.append(digits.data(), std::to_chars(digits.begin(), digits.end(), number).ptr);
}

void write(std::string& out, const Json& value) {
  switch (value.type()) {
    case Json::value_t::object: {
      char before = '{';
      for (const auto& [name, item] : value.get_ref<const Json::object_t&>()) {
        out += std::exchange(before, ',');
        write(out, name);
        out += ':';
        write(out, item);
      }
      out += value.empty() ? "{}" : "}";
      return;
    }
    case Json::value_t::array: {
      char before = '[';
      for (const Json& item : value.get_ref<const Json::array_t&>()) {
        out += std::exchange(before, ',');
        write(out, item);
      }
      out += value.empty() ? "[]" : "]";
      return;
    }
    case Json::value_t::string:
      return write(out, value.get_ref<const std::string&>());
    case Json::value_t::number_integer:
      return write_number(out, value.get<std::int64_t>());
    case Json::value_t::number_unsigned:
      return write_number(out, value.get<std::uint64_t>());
    default:
      return write_slowly(out, value);
  }
}

}  // namespace

Result<Json> parse_json(std::string_view text) {
  if (auto value = quickly_parsed(text, value_of)) return std::move(*value);
  if (is_too_deep(text)) {
    return Error{Errc::bad_request,
                 "JSON is nested deeper than " + std::to_string(kJsonDepthMax) + " levels",
                 {}};
  }
  try {
    return Json::parse(text.begin(), text.end());
  } catch (const Json::parse_error& error) {
    return Error{Errc::bad_request, "invalid JSON at byte " + std::to_string(error.byte), {}};
  } catch (const Json::exception&) {  // a number out of range
    return Error{Errc::bad_request, "invalid JSON: a number is out of range", {}};
  }
}

bool read_json(std::string_view text, nlohmann::json_sax<Json>& reader) {
  const auto is_told = quickly_parsed(
      text, [&](const simdjson::dom::element& element) { return tell(element, reader); });
  return is_told ? *is_told : Json::sax_parse(text.begin(), text.end(), &reader);
}

std::string dump_json(const Json& value, std::size_t bytes) {
  constexpr std::size_t kUsual = 120;
  std::string out;
  if (value.is_structured()) out.reserve(std::max(kUsual, bytes));
  write(out, value);
  return out;
}

std::size_t memory_of(const Json& value) {
  std::size_t bytes = 0;
  switch (value.type()) {
    case Json::value_t::object:
      bytes = sizeof(Json::object_t) + kBlockBytes;
      for (const auto& [name, item] : value.get_ref<const Json::object_t&>()) {
        bytes += kTreeNodeBytes + text_bytes(name) + memory_of(item);
      }
      return bytes;
    case Json::value_t::array: {
      const auto& items = value.get_ref<const Json::array_t&>();
      bytes = sizeof items + items.capacity() * sizeof(Json) + 2 * kBlockBytes;
      for (const Json& item : items) bytes += memory_of(item);
      return bytes;
    }
    case Json::value_t::string: {
      const auto& text = value.get_ref<const std::string&>();
      return sizeof text + kBlockBytes + text_bytes(text);
    }
    default:
      return 0;
  }
}

}  // namespace spreadable
