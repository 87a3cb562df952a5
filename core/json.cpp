#include "core/json.h"

#include <simdjson.h>

#include <optional>

namespace spreadable {
namespace {

/// A parser keeps the memory that its largest text has needed; for larger ones than this a new one
/// is made each time.
constexpr std::size_t kUsualBytes = 65'536;

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

/// Of a thread: reads texts one after the other.
class QuickParser {
 public:
  explicit QuickParser(std::size_t bytes_max) {
    is_ready_ = parser_.allocate(bytes_max, kJsonDepthMax) == simdjson::SUCCESS;
  }

  /// Nothing for what simdjson does not read: texts that are wrong, and integers beyond 64 bits.
  std::optional<Json> parse(std::string_view text) {
    simdjson::dom::element element;
    if (!is_ready_) return std::nullopt;
    if (parser_.parse(text.data(), text.size()).get(element) != simdjson::SUCCESS) {
      return std::nullopt;
    }
    return value_of(element);
  }

 private:
  simdjson::dom::parser parser_;
  bool is_ready_ = false;
};

std::optional<Json> quickly_parsed(std::string_view text) {
  if (text.size() > kUsualBytes) return QuickParser(text.size()).parse(text);
  thread_local QuickParser parser(kUsualBytes);
  return parser.parse(text);
}

}  // namespace

Result<Json> parse_json(std::string_view text) {
  if (auto value = quickly_parsed(text)) return std::move(*value);
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

std::string dump_json(const Json& value) {
  return value.dump(-1, ' ', /*ensure_ascii=*/false, Json::error_handler_t::replace);
}

}  // namespace spreadable
