// JSON from anywhere.
#include "core/json.h"

#include "core/excerpt.h"
#include "tests/fuzz/fuzz.h"

namespace spreadable {
namespace {

std::size_t depth_of(const Json& value) {
  std::size_t deepest = 0;
  if (!value.is_structured()) return 0;
  for (const Json& item : value) deepest = std::max(deepest, depth_of(item));
  return deepest + 1;
}

}  // namespace

void fuzz::run(std::string_view input) {
  const Result<Json> value = parse_json(input);
  if (!value) {
    check_error(value.error(), {Errc::bad_request});
    // A text that any reader takes is refused for its depth alone.
    const bool is_json = Json::accept(input.begin(), input.end());
    SPREADABLE_ASSERT(!is_json || value.error().message.find("deeper") != std::string::npos);
    return;
  }
  SPREADABLE_ASSERT(depth_of(*value) <= kJsonDepthMax);
  const std::string text = dump_json(*value);
  const Result<Json> again = parse_json(text);
  SPREADABLE_ASSERT(again && *again == *value && dump_json(*again) == text);
  SPREADABLE_ASSERT(describe(*value).size() < 128);
}

}  // namespace spreadable
