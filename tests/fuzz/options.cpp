// A config file, and options as flags and the environment give them: the first line is a path.
#include "core/options.h"

#include "core/detail/option_registry.h"
#include "core/kind_options.h"
#include "tests/fuzz/fuzz.h"

namespace spreadable {
namespace {

const bool kHasKind = [] {
  declare_options({boolean_option("kind.flag", false, "a flag"),
                   time_option("kind.time", Millis{1'000}, {Millis{1}, Millis{60'000}}, "a time")});
  return true;
}();

/// `options` as a config.
Json written(const NodeOptions& options) {
  Json config = Json::object();
  for (const detail::OptionRow& row : detail::option_rows()) {
    Json value = row.write(options);
    if (!value.is_null()) config[std::string(row.info.path)] = std::move(value);
  }
  return config;
}

void check_config(std::string_view text) {
  const Result<Json> config = parse_config(text);
  if (!config) return fuzz::check_error(config.error(), {Errc::invalid_argument});
  const Result<NodeOptions> options = parse_options(*config);
  if (!options) return fuzz::check_error(options.error(), {Errc::invalid_argument});
  SPREADABLE_ASSERT(check_options(*options));
  const Result<NodeOptions> again = parse_options(written(*options));
  SPREADABLE_ASSERT(again && *again == *options);
}

void check_text(std::string_view path, std::string_view text) {
  NodeOptions options;
  const Result<void> set = set_option_text(options, path, text);
  if (!set) return fuzz::check_error(set.error(), {Errc::invalid_argument});
  if (check_options(options)) {
    const Result<NodeOptions> again = parse_options(written(options));
    SPREADABLE_ASSERT(again && *again == options);
  }
}

}  // namespace

void fuzz::run(std::string_view input) {
  SPREADABLE_ASSERT(kHasKind);
  check_config(input);
  const std::string_view path = cut_line(input);
  check_text(path, input);
}

}  // namespace spreadable
