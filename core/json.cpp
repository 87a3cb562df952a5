#include "core/json.h"

namespace spreadable {
namespace {

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

}  // namespace

Result<Json> parse_json(std::string_view text) {
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
