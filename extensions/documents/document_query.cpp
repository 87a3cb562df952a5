#include "extensions/documents/document_query.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "core/excerpt.h"
#include "extensions/documents/detail/javascript.h"
#include "extensions/documents/detail/merge_sort.h"
#include "extensions/documents/wire.h"

namespace spreadable::documents {
namespace {

using detail::Kind;
using detail::Value;

/// The greatest key of an object that JavaScript puts in numeric order before all others.
constexpr std::size_t kArrayIndexMax = 4'294'967'294;
/// A place above this is beyond any page.
constexpr double kPlaceMax = 1e9;

Error refusal(std::string_view code, std::string message) {
  return {Errc::logical, std::move(message), std::string(code)};
}

Result<void> check_actions(const Json& actions) {
  if (actions.is_object()) return {};
  return refusal(wire::kWrongActions,
                 fmt::format("actions: expected an object, got {}", describe(actions)));
}

/// The value of `key`, or null when there is none.
const Json& member(const Json& actions, const char* key) {
  static const Json kNull;
  const auto found = actions.find(key);
  return found == actions.end() ? kNull : *found;
}

Result<SortRule> sort_rule(const Json& rule) {
  const Json* path = &rule;
  bool is_descending = false;
  if (rule.is_array() && !rule.empty()) {
    path = &rule.front();
    is_descending = rule.size() > 1 && rule[1] == "desc";
  }
  if (!path->is_string()) {
    return refusal(wire::kSortType,
                   fmt::format("sort: expected a path, or a list of path and direction, got {}",
                               describe(*path)));
  }
  return SortRule{FieldPath(path->get<std::string>()), is_descending};
}

Result<std::vector<SortRule>> sort_rules(const Json& sort) {
  std::vector<SortRule> rules;
  if (!detail::is_truthy(sort)) return rules;
  if (!sort.is_array()) {
    return refusal(wire::kSortType, fmt::format("sort: expected a list, got {}", describe(sort)));
  }
  if (sort.size() > DocumentQuery::kSortRulesMax) {
    return refusal(wire::kSortType,
                   fmt::format("sort: more than {} rules", DocumentQuery::kSortRulesMax));
  }
  for (const Json& item : sort) {
    auto rule = sort_rule(item);
    if (!rule) return rule.error();
    rules.push_back(std::move(*rule));
  }
  return rules;
}

Result<std::optional<std::vector<std::string>>> field_names(const Json& fields) {
  if (!detail::is_truthy(fields)) return std::optional<std::vector<std::string>>();
  if (!fields.is_array()) {
    return refusal(wire::kFieldType,
                   fmt::format("fields: expected a list, got {}", describe(fields)));
  }
  if (fields.size() > DocumentQuery::kFieldsMax) {
    return refusal(wire::kFieldType,
                   fmt::format("fields: more than {} names", DocumentQuery::kFieldsMax));
  }
  std::vector<std::string> names;
  for (const Json& name : fields) {
    if (name.is_string()) names.push_back(name);  // nothing else names a field
  }
  std::sort(names.begin(), names.end());
  return std::optional(std::move(names));
}

/// -1, 0 or 1 as `a` comes before, with or after `b` in ascending order: values, null, nothing.
int sort_order(const Value& a, const Value& b) {
  const auto rank = [](const Value& value) {
    return value.kind == Kind::undefined ? 2 : value.kind == Kind::null ? 1 : 0;
  };
  if (rank(a) != rank(b)) return rank(a) < rank(b) ? -1 : 1;
  if (rank(a) > 0) return 0;
  const std::partial_ordering order = detail::order_of(a, b);
  return order == std::partial_ordering::less      ? -1
         : order == std::partial_ordering::greater ? 1
                                                   : 0;
}

/// The values by which a document is put in order, looked up once.
using SortKey = std::vector<Value>;

SortKey sort_key(const Json& document, const std::vector<SortRule>& rules) {
  SortKey key;
  key.reserve(rules.size());
  const Value value = Value::of(document);
  for (const SortRule& rule : rules) key.push_back(detail::get(value, rule.path));
  return key;
}

bool is_key_before(const SortKey& a, const SortKey& b, const std::vector<SortRule>& rules) {
  for (std::size_t i = 0; i < rules.size(); ++i) {
    const int order = sort_order(a[i], b[i]);
    if (order != 0) return (order < 0) != rules[i].is_descending;
  }
  return false;
}

/// Where slice() of JavaScript cuts a list of `size` when told `place`.
std::size_t cut_at(double place, std::size_t size) {
  if (std::isnan(place)) return 0;
  const auto length = static_cast<double>(size);
  const double whole = std::trunc(place);
  const double from_begin = whole < 0 ? std::max(0.0, length + whole) : std::min(whole, length);
  return static_cast<std::size_t>(from_begin);
}

}  // namespace

Result<DocumentQuery> DocumentQuery::parse(const Json& actions) {
  if (auto checked = check_actions(actions); !checked) return checked.error();
  auto filter = Filter::parse(member(actions, "filter"));
  if (!filter) return filter.error();
  auto order = sort_rules(member(actions, "sort"));
  if (!order) return order.error();
  auto fields = field_names(member(actions, "fields"));
  if (!fields) return fields.error();
  const Json& offset = member(actions, "offset");
  const Json& limit = member(actions, "limit");
  DocumentQuery query;
  query.filter_ = std::move(*filter);
  query.order_ = std::move(*order);
  query.fields_ = std::move(*fields);
  query.offset_ = detail::to_number(Value::of(offset));
  query.limit_ = detail::to_number(Value::of(limit));
  query.has_page_ = detail::is_truthy(offset) || detail::is_truthy(limit);
  if (actions.contains("removeDuplicates")) {
    query.removes_duplicates_ = detail::is_truthy(actions["removeDuplicates"]);
  }
  return query;
}

Json DocumentQuery::projected(Json document) const {
  if (!fields_ || !document.is_object()) return document;
  for (auto field = document.begin(); field != document.end();) {
    const bool is_kept = field.key().starts_with(wire::kSystemPrefix) ||
                         std::binary_search(fields_->begin(), fields_->end(), field.key());
    field = is_kept ? std::next(field) : document.erase(field);
  }
  return document;
}

std::vector<Json> DocumentQuery::merged(std::vector<Json> documents,
                                        std::string_view duplication_key) const {
  if (!removes_duplicates_) return documents;
  const FieldPath key_path{std::string(duplication_key)};
  const FieldPath created_at{std::string(wire::kCreatedAt)};
  std::map<std::string, std::size_t> places;  // of groups in `chosen`
  std::vector<std::pair<std::optional<std::size_t>, Json>> chosen;
  for (Json& document : documents) {
    std::string key = detail::text_of(Value::of(key_path.find(document)), detail::kAnyLength);
    auto index = detail::list_index(key);
    if (index && *index > kArrayIndexMax) index.reset();
    const auto [place, is_new] = places.emplace(std::move(key), chosen.size());
    if (is_new) {
      chosen.emplace_back(index, std::move(document));
      continue;
    }
    Json& own = chosen[place->second].second;
    const auto age = [&](const Json& copy) { return Value::of(created_at.find(copy)); };
    if (sort_order(age(document), age(own)) < 0) own = std::move(document);
  }
  detail::merge_sort(chosen, [](const auto& a, const auto& b) {
    return a.first && (!b.first || *a.first < *b.first);
  });
  std::vector<Json> out;
  out.reserve(chosen.size());
  for (auto& [index, document] : chosen) out.push_back(std::move(document));
  return out;
}

DocumentQuery::Answer DocumentQuery::finished(std::vector<Json> documents,
                                              std::string_view duplication_key) const {
  documents = merged(std::move(documents), duplication_key);
  sort(documents);
  const std::size_t count = documents.size();
  return {page(std::move(documents)), count};
}

void DocumentQuery::sort(std::vector<Json>& documents) const {
  if (order_.empty()) return;
  std::vector<std::pair<SortKey, std::size_t>> keys;
  keys.reserve(documents.size());
  for (const Json& document : documents) keys.emplace_back(sort_key(document, order_), keys.size());
  detail::merge_sort(
      keys, [&](const auto& a, const auto& b) { return is_key_before(a.first, b.first, order_); });
  std::vector<Json> sorted;
  sorted.reserve(documents.size());
  for (const auto& [key, place] : keys) sorted.push_back(std::move(documents[place]));
  documents = std::move(sorted);
}

bool DocumentQuery::is_before(const Json& a, const Json& b) const {
  return is_key_before(sort_key(a, order_), sort_key(b, order_), order_);
}

std::vector<Json> DocumentQuery::page(std::vector<Json> documents) const {
  if (!has_page_) return documents;
  const double start = offset_ * limit_;
  const std::size_t begin = cut_at(start, documents.size());
  const std::size_t end = cut_at(start + limit_, documents.size());
  if (begin >= end) return {};
  documents.resize(end);
  documents.erase(documents.begin(), documents.begin() + static_cast<std::ptrdiff_t>(begin));
  return documents;
}

std::optional<std::size_t> DocumentQuery::first_needed() const {
  if (!has_page_) return {};
  const double start = offset_ * limit_;
  const double end = start + limit_;
  // Compared so that what is no number cuts nothing away.
  if (!(start >= 0 && end >= start && end <= kPlaceMax)) return {};
  return static_cast<std::size_t>(std::trunc(end));
}

Result<ChangeQuery> ChangeQuery::parse(const Json& actions) {
  if (auto checked = check_actions(actions); !checked) return checked.error();
  auto filter = Filter::parse(member(actions, "filter"));
  if (!filter) return filter.error();
  return ChangeQuery{std::move(*filter), detail::is_truthy(member(actions, "replace"))};
}

}  // namespace spreadable::documents
