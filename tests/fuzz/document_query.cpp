// Queries of documents: the first line has the actions, each further line is a document.
#include "extensions/documents/document_query.h"

#include <algorithm>
#include <vector>

#include "core/json.h"
#include "extensions/documents/collection.h"
#include "extensions/documents/document.h"
#include "tests/fuzz/fuzz.h"

namespace spreadable {

using documents::Collection;
using documents::DocumentQuery;
using documents::without_system_fields;

void fuzz::run(std::string_view input) {
  const Result<Json> actions = parse_json(cut_line(input));
  if (!actions) return;
  const auto query = DocumentQuery::parse(*actions);
  if (!query) return check_error(query.error(), {Errc::logical});
  std::vector<Json> documents;
  while (!input.empty()) {
    const Result<Json> document = parse_json(cut_line(input));
    if (!document || !document->is_object()) continue;
    if (query->filter().matches(*document)) documents.push_back(query->projected(*document));
  }
  const std::vector<Json> merged = query->merged(documents, "$duplicate");
  SPREADABLE_ASSERT(merged.size() <= documents.size());
  const auto answer = query->finished(documents, "$duplicate");
  SPREADABLE_ASSERT(answer.total_count == merged.size());
  SPREADABLE_ASSERT(answer.documents.size() <= answer.total_count);
  // Merging what masters have merged changes nothing, and sorting loses nothing.
  SPREADABLE_ASSERT(query->merged(merged, "$duplicate").size() == merged.size());
  std::vector<Json> sorted = merged;
  query->sort(sorted);
  for (const Json& document : sorted) {
    SPREADABLE_ASSERT(std::count(sorted.begin(), sorted.end(), document) ==
                      std::count(merged.begin(), merged.end(), document));
  }
  // The first ones in order are enough for the page.
  if (const auto first = query->first_needed(); first && *first < sorted.size()) {
    sorted.resize(*first);
    SPREADABLE_ASSERT(query->page(sorted) == answer.documents);
  }
  // Changing a document by itself changes nothing but its system fields.
  const Collection collection("things", {});
  for (const Json& document : merged) {
    const Json own = without_system_fields(document);
    SPREADABLE_ASSERT(collection.changed(own, document, /*replaces=*/true) == own);
    SPREADABLE_ASSERT(collection.changed(own, own, /*replaces=*/false) == own);
  }
}

}  // namespace spreadable
