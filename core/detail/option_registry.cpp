#include "core/detail/option_registry.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "core/assert.h"

namespace spreadable::detail {
namespace {

std::string default_text_of(const OptionRow& row) {
  const Json value = row.write(NodeOptions{});
  if (value.is_string()) return value.get<std::string>();
  return value.is_array() || value.empty() ? std::string() : dump_json(value);
}

/// Whether an option takes values, and its own default among them.
bool is_sound(const KindOption& option) {
  if (option.path.empty() || !option.accept) return false;
  Json kept = option.fallback;
  return kept.is_null() || (!option.accept(kept) && kept == option.fallback);
}

/// Whether both are one option, as far as can be seen.
bool is_alike(const KindOption& a, const KindOption& b) {
  return a.type == b.type && a.help == b.help && a.fallback == b.fallback;
}

}  // namespace

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

OptionRegistry::OptionRegistry() {
  for (OptionRow& row : common_option_rows()) add(std::move(row));
}

OptionRegistry& OptionRegistry::get() {
  static OptionRegistry all;
  return all;
}

void OptionRegistry::declare(KindOption option) {
  SPREADABLE_ASSERT(is_sound(option));
  const auto has_path = [&](const auto& other) { return other.path == option.path; };
  const auto same = std::find_if(declared_.begin(), declared_.end(), has_path);
  if (same != declared_.end() && is_alike(*same, option)) return;
  if (std::any_of(infos_.begin(), infos_.end(), has_path)) {
    throw std::invalid_argument("option \"" + option.path +
                                "\" of a kind: there is another one of this name");
  }
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
