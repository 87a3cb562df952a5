#include "core/kind_options.h"

#include <utility>

#include "core/detail/option_registry.h"
#include "core/detail/option_values.h"
#include "core/options.h"

namespace spreadable {
namespace {

/// Who writes NodeOptions::of_kind by hand may write anything.
Result<void> check_kept(const NodeOptions& options) {
  if (options.of_kind.is_object()) return {};
  return Error{Errc::invalid_argument,
               "the options of a kind (NodeOptions::of_kind) must be an object, got " +
                   dump_json(options.of_kind),
               {}};
}

}  // namespace

KindOption boolean_option(std::string path, bool fallback, std::string help) {
  return {.path = std::move(path),
          .type = "boolean",
          .help = std::move(help),
          .fallback = fallback,
          .accept = [](Json& value) -> std::optional<std::string> {
            if (value.is_boolean()) return std::nullopt;
            return "true or false";
          }};
}

KindOption time_option(std::string path, Millis fallback, TimeRange range, std::string help) {
  return {.path = std::move(path),
          .type = "time",
          .help = std::move(help),
          .fallback = detail::time_text(fallback),
          .accept = [range](Json& value) -> std::optional<std::string> {
            Millis time{};
            if (auto refusal = detail::read_time(value, range, time)) return refusal;
            value = detail::time_text(time);
            return std::nullopt;
          }};
}

Result<Json> kind_value(const NodeOptions& options, const KindOption& option) {
  if (const auto checked = check_kept(options); !checked) return checked.error();
  const detail::OptionRow row = detail::kind_row(option);
  const Json value = row.write(options);
  if (value.is_null() && option.fallback.is_null()) return value;
  NodeOptions kept;
  if (const auto read = detail::read_row(row, kept, value); !read) return read.error();
  return row.write(kept);
}

Result<void> set_kind_value(NodeOptions& options, const KindOption& option, const Json& value) {
  if (auto checked = check_kept(options); !checked) return checked;
  return detail::read_row(detail::kind_row(option), options, value);
}

void declare_options(std::vector<KindOption> options) {
  for (KindOption& option : options) {
    detail::OptionRegistry::get().declare(std::move(option));
  }
}

}  // namespace spreadable
