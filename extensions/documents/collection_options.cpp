#include "extensions/documents/collection_options.h"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <utility>

#include "core/excerpt.h"
#include "core/units.h"
#include "extensions/documents/wire.h"

namespace spreadable::documents {
namespace {

using Who = Permission::Who;

constexpr std::string_view kApprovalPrefix = "approval:";
constexpr std::array<std::pair<std::string_view, Who>, 3> kWhoNames{
    {{"anyone", Who::anyone}, {"owner", Who::owner}, {"nobody", Who::nobody}}};
constexpr std::size_t kFieldNameBytesMax = 256;

/// What an option must be; empty when `value` was read.
using Expected = std::string;
using Reader = Expected (*)(CollectionOptions& options, const Json& value);

Error refusal(std::string_view path, std::string_view expected, const Json& value) {
  return {Errc::invalid_argument,
          fmt::format("option \"{}\": expected {}, got {}", path, expected, describe(value)),
          {}};
}

bool is_field_name(const Json& value) {
  return value.is_string() && !value.get_ref<const std::string&>().empty() &&
         value.get_ref<const std::string&>().size() <= kFieldNameBytesMax;
}

bool is_system_field(std::string_view name) {
  return name.starts_with(wire::kSystemPrefix);
}

Expected read_pk(CollectionOptions& options, const Json& value) {
  const bool is_none = value.is_string() && value.get_ref<const std::string&>().empty();
  if (!is_none && (!is_field_name(value) || is_system_field(value.get<std::string>()))) {
    return "the name of a field that does not begin with \"$\"";
  }
  options.pk = value;
  return {};
}

Expected read_limit(CollectionOptions& options, const Json& value) {
  const double limit = value.is_number() ? value.get<double>() : -1;
  if (!(limit >= 0 && limit <= 1e15) || std::trunc(limit) != limit) {
    return "a number of documents, 0 for any number";
  }
  options.limit = static_cast<std::size_t>(limit);
  return {};
}

Expected read_bytes_max(CollectionOptions& options, const Json& value) {
  const char* const expected = "a size such as \"200mb\", or a number of bytes, 0 for any number";
  if (value.is_string()) {
    const auto bytes = parse_size(value.get_ref<const std::string&>());
    if (!bytes) return expected;
    options.bytes_max = *bytes;
    return {};
  }
  const double bytes = value.is_number() ? value.get<double>() : -1;
  if (!(bytes >= 0 && bytes <= 1e18)) return expected;
  options.bytes_max = static_cast<std::uint64_t>(bytes);
  return {};
}

Expected read_queue(CollectionOptions& options, const Json& value) {
  if (!value.is_boolean()) return "true or false";
  options.is_queue = value;
  return {};
}

std::optional<CollectionOptions::EvictionRule> eviction_rule(const Json& value) {
  const bool is_pair = value.is_array() && value.size() == 2;
  const Json& field = is_pair ? value[0] : value;
  if (!is_field_name(field)) return {};
  if (is_pair && value[1] != "asc" && value[1] != "desc") return {};
  const auto path = field.get<std::string>();
  const bool is_known = path == wire::kAccessedAt || path == wire::kCreatedAt ||
                        path == wire::kUpdatedAt || !is_system_field(path);
  if (!is_known) return {};
  return CollectionOptions::EvictionRule{FieldPath(path), is_pair && value[1] == "desc"};
}

Expected read_eviction_order(CollectionOptions& options, const Json& value) {
  const std::string expected = fmt::format(
      "a field, or a list of at most {} fields or pairs of a field and \"asc\" or \"desc\"; of the "
      "system's fields $accessedAt, $createdAt or $updatedAt",
      CollectionOptions::kEvictionRulesMax);
  const Json list = value.is_array() ? value : Json::array({value});
  if (list.empty() || list.size() > CollectionOptions::kEvictionRulesMax) return expected;
  std::vector<CollectionOptions::EvictionRule> rules;
  for (const Json& item : list) {
    auto rule = eviction_rule(item);
    if (!rule) return expected;
    rules.push_back(std::move(*rule));
  }
  options.eviction_order = std::move(rules);
  return {};
}

Expected read_replicas(CollectionOptions& options, const Json& value) {
  auto rule = CountRule::parse(value);
  if (!rule) return "\"auto\", \"r-<degree>\", \"<share>%\" or a number";
  options.replicas = *rule;
  return {};
}

Expected read_duplication_key(CollectionOptions& options, const Json& value) {
  const std::array<std::string_view, 5> taken{wire::kCollection, wire::kCreatedAt, wire::kUpdatedAt,
                                              wire::kAccessedAt, wire::kRow};
  if (!is_field_name(value) || std::find(taken.begin(), taken.end(), value) != taken.end()) {
    return "the name of a field that is not used already";
  }
  options.duplication_key = value;
  return {};
}

Expected read_indices(CollectionOptions& options, const Json& value) {
  const std::string expected =
      fmt::format("a list of at most {} paths of fields", CollectionOptions::kIndicesMax);
  if (!value.is_array() || value.size() > CollectionOptions::kIndicesMax) return expected;
  std::vector<FieldPath> paths;
  for (const Json& item : value) {
    if (!is_field_name(item) || is_system_field(item.get<std::string>())) return expected;
    FieldPath path(item.get<std::string>());
    if (std::find(paths.begin(), paths.end(), path) == paths.end()) paths.push_back(path);
  }
  options.indices = std::move(paths);
  return {};
}

/// Values by path, as functions that give them.
Expected read_values(std::map<std::string, FieldFunction>& functions, const Json& value) {
  if (!value.is_object()) return "an object of values by path";
  for (const auto& [path, fixed] : value.items()) functions[path] = always(fixed);
  return {};
}

Expected read_defaults(CollectionOptions& options, const Json& value) {
  return read_values(options.defaults, value);
}

Expected read_setters(CollectionOptions& options, const Json& value) {
  return read_values(options.setters, value);
}

Expected read_getters(CollectionOptions& options, const Json& value) {
  return read_values(options.getters, value);
}

constexpr std::array<std::pair<std::string_view, Reader>, 11> kReaders{
    {{"pk", read_pk},
     {"limit", read_limit},
     {"maxSize", read_bytes_max},
     {"queue", read_queue},
     {"limitationOrder", read_eviction_order},
     {"preferredDuplicates", read_replicas},
     {"duplicationKey", read_duplication_key},
     {"indices", read_indices},
     {"defaults", read_defaults},
     {"setters", read_setters},
     {"getters", read_getters}}};

Result<void> read_permissions(CollectionOptions::Permissions& permissions, const std::string& path,
                              const Json& value) {
  if (value == "open") {
    permissions = CollectionOptions::Permissions::open();
    return {};
  }
  if (!value.is_object()) {
    return refusal(path, "\"open\", or an object with \"add\", \"update\" or \"delete\"", value);
  }
  for (const auto& [key, who] : value.items()) {
    Permission* const place = key == "add"      ? &permissions.add
                              : key == "update" ? &permissions.update
                              : key == "delete" ? &permissions.remove
                                                : nullptr;
    if (place == nullptr) {
      return Error{Errc::invalid_argument, fmt::format("unknown option \"{}.{}\"", path, key), {}};
    }
    auto permission = Permission::parse(who);
    if (!permission) return refusal(path + "." + key, permission.error().message, who);
    *place = std::move(*permission);
  }
  return {};
}

Result<void> read_option(CollectionOptions& options, const std::string& path,
                         const std::string& key, const Json& value) {
  if (key == "permissions") return read_permissions(options.permissions, path, value);
  if (key == "schema") {
    auto schema = parse_document_schema(path, value);
    if (!schema) return schema.error();
    options.schema = std::move(*schema);
    return {};
  }
  for (const auto& [name, read] : kReaders) {
    if (name != key) continue;
    const Expected expected = read(options, value);
    return expected.empty() ? Result<void>() : refusal(path, expected, value);
  }
  return Error{Errc::invalid_argument, fmt::format("unknown option \"{}\"", path), {}};
}

}  // namespace

Result<Permission> Permission::parse(const Json& value) {
  const Error refused{
      Errc::invalid_argument, R"("anyone", "owner", "nobody" or "approval:<name>")", {}};
  if (!value.is_string()) return refused;
  const auto& text = value.get_ref<const std::string&>();
  for (const auto& [name, who] : kWhoNames) {
    if (text == name) return Permission{who};
  }
  if (!text.starts_with(kApprovalPrefix) || text.size() == kApprovalPrefix.size()) return refused;
  return Permission{Who::approval, text.substr(kApprovalPrefix.size())};
}

std::string Permission::text() const {
  for (const auto& [name, known] : kWhoNames) {
    if (who == known) return std::string(name);
  }
  return std::string(kApprovalPrefix) + approval;
}

CollectionOptions::Permissions CollectionOptions::Permissions::open() {
  const Permission anyone{Who::anyone};
  return {anyone, anyone, anyone};
}

Result<CollectionOptions> CollectionOptions::parse(std::string_view where, const Json& config) {
  if (!config.is_object()) return refusal(where, "an object", config);
  CollectionOptions options;
  for (const auto& [key, value] : config.items()) {
    auto read = read_option(options, fmt::format("{}.{}", where, key), key, value);
    if (!read) return read.error();
  }
  if (options.duplication_key == options.pk) {
    return Error{
        Errc::invalid_argument,
        fmt::format("option \"{}.duplicationKey\": expected another field than the pk", where),
        {}};
  }
  return options;
}

FieldFunction always(Json value) {
  return [value = std::move(value)](const FieldContext&) { return std::optional<Json>(value); };
}

}  // namespace spreadable::documents
