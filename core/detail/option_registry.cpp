#include "core/detail/option_registry.h"

#include <algorithm>
#include <utility>

namespace spreadable::detail {
namespace {

std::string default_text_of(const OptionRow& row) {
  const Json value = row.write(NodeOptions{});
  if (value.is_string()) return value.get<std::string>();
  return value.is_null() || value.is_array() ? std::string() : dump_json(value);
}

/// The row of an option that a kind has declared, which outlives it.
OptionRow kind_row(const KindOption& option) {
  return {{option.path, option.type, {}, option.help},
          [&option](NodeOptions& options, const Json& value) -> OptionRow::Refusal {
            Json accepted = value;
            if (OptionRow::Refusal refusal = option.accept(accepted)) return refusal;
            if (accepted == option.fallback) {
              options.of_kind.erase(option.path);
            } else {
              options.of_kind[option.path] = std::move(accepted);
            }
            return {};
          },
          [&option](const NodeOptions& options) {
            return options.of_kind.value(option.path, option.fallback);
          }};
}

}  // namespace

OptionRegistry::OptionRegistry() {
  for (OptionRow& row : common_option_rows()) add(std::move(row));
}

OptionRegistry& OptionRegistry::get() {
  static OptionRegistry all;
  return all;
}

void OptionRegistry::declare(KindOption option) {
  const bool is_known = std::any_of(rows_.begin(), rows_.end(), [&](const OptionRow& row) {
    return row.info.path == option.path;
  });
  if (is_known) return;
  declared_.push_back(std::move(option));
  add(kind_row(declared_.back()));
}

void OptionRegistry::add(OptionRow row) {
  row.info.default_text = default_text_of(row);
  infos_.push_back(row.info);
  rows_.push_back(std::move(row));
}

const std::vector<OptionRow>& option_rows() {
  return OptionRegistry::get().rows();
}

}  // namespace spreadable::detail
