// document_functions: reads a JSON array `[function, argument…]` per line and writes its result as
// JSON per line, null where the function refuses. Lets a test compare what our nodes make of
// documents with what the package makes of them.
#include <map>
#include <string>
#include <vector>

#include "core/json.h"
#include "extensions/documents/collection.h"
#include "extensions/documents/document.h"
#include "extensions/documents/document_query.h"
#include "extensions/documents/filter.h"
#include "function_calls.h"

using namespace spreadable;
using namespace spreadable::documents;

namespace {

/// [filter, document] -> whether it matches.
Json matches(const Json& call) {
  const auto filter = Filter::parse(call[1]);
  return filter ? Json(filter->matches(call[2])) : Json();
}

/// [actions, documents] -> {documents, totalCount}: what a node answers when it alone is asked.
Json answer(const Json& call) {
  const auto query = DocumentQuery::parse(call[1]);
  if (!query) return {};
  std::vector<Json> found;
  for (const Json& document : call[2]) {
    if (query->filter().matches(document)) found.push_back(query->projected(document));
  }
  auto finished = query->finished(std::move(found), "$duplicate");
  for (Json& document : finished.documents) document = without_system_fields(std::move(document));
  return {{"documents", finished.documents}, {"totalCount", finished.total_count}};
}

/// [document, change, whether it replaces] -> the changed document.
Json changed(const Json& call) {
  return Collection("test", {}).changed(call[1], call[2], call[3]);
}

const std::map<std::string, interop::Function> kFunctions{
    {"answer", answer},
    {"bytes", [](const Json& call) -> Json { return estimated_bytes(call[1]); }},
    {"changed", changed},
    {"matches", matches},
};

}  // namespace

int main() {
  return interop::answer_calls(kFunctions);
}
