// Filters of documents: the first line is a filter, the second a document.
#include "core/json.h"
#include "extensions/documents/detail/field_scan.h"
#include "extensions/documents/detail/index_plan.h"
#include "extensions/documents/detail/javascript.h"
#include "extensions/documents/filter.h"
#include "extensions/documents/wire.h"
#include "tests/fuzz/fuzz.h"

namespace spreadable {
namespace {

using documents::CollectionOptions;
using documents::Filter;
namespace inner = documents::detail;

void check_refusal(const Error& error) {
  fuzz::check_error(error, {Errc::logical});
  const bool is_known = error.wire_code == documents::wire::kWrongFilter ||
                        error.wire_code == documents::wire::kUnknownOperator ||
                        error.wire_code == documents::wire::kWrongOperand;
  SPREADABLE_ASSERT(is_known);
}

/// What an index promises: a document that matches is in one of the places that its plan names.
void check_plan(const Filter& filter, const Json& document) {
  CollectionOptions options;
  for (const std::string& name : filter.names()) {
    if (options.indices.size() < CollectionOptions::kIndicesMax) options.indices.emplace_back(name);
  }
  if (filter.matches_everything() || !filter.matches(document)) return;
  const auto plan = inner::plan_of(*filter.root(), options);
  if (!plan) return;
  bool is_inside = false;
  for (const inner::IndexRange& range : plan->ranges) {
    const auto value = inner::get(inner::Value::of(document), options.indices[range.field]);
    if (value.kind == inner::Kind::undefined) continue;
    const auto key = inner::IndexKey::of(value);
    is_inside = is_inside || (!(key < range.low) && !(range.high < key));
  }
  SPREADABLE_ASSERT(is_inside);
}

}  // namespace

void fuzz::run(std::string_view input) {
  const Result<Json> text = parse_json(cut_line(input));
  const Result<Json> document = parse_json(input);
  if (!text || !document) return;
  const auto filter = Filter::parse(*text);
  if (!filter) return check_refusal(filter.error());
  const bool matches = filter->matches(*document);
  // The same filter read again says the same.
  SPREADABLE_ASSERT(Filter::parse(*parse_json(dump_json(*text)))->matches(*document) == matches);
  if (!document->is_object()) return;
  // A document cut down to the fields that the filter looks at gives the same answer.
  const Json part = inner::scan_fields(dump_json(*document), filter->names());
  const bool looks_at_all = text->is_object() && !filter->names().empty();
  if (looks_at_all) SPREADABLE_ASSERT(filter->matches(part) == matches);
  check_plan(*filter, *document);
}

}  // namespace spreadable
