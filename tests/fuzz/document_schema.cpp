// Options of collections, schemas among them: the first line is a config, the second a document.
#include "core/json.h"
#include "extensions/documents/collection.h"
#include "services/system/system_random.h"
#include "tests/fuzz/fuzz.h"
#include "tests/support/manual_clock.h"

namespace spreadable {

using documents::Collection;
using documents::CollectionOptions;

void fuzz::run(std::string_view input) {
  const Result<Json> config = parse_json(cut_line(input));
  const Result<Json> document = parse_json(input);
  if (!config || !document) return;
  const auto options = CollectionOptions::parse("collections.things", *config);
  if (!options) return check_error(options.error(), {Errc::invalid_argument});
  const Collection collection("things", *options);
  const auto accepted = collection.accepted(*document);
  if (!accepted) return check_error(accepted.error(), {Errc::logical, Errc::too_large});
  const ManualClock clock;
  SeededRandom random(1);
  const auto prepared = collection.prepared(*accepted, nullptr, clock, random);
  if (!prepared) return check_error(prepared.error(), {Errc::logical});
  if (!options->pk.empty()) SPREADABLE_ASSERT(collection.pk_of(*prepared) != nullptr);
  // What was prepared is accepted again as an update of itself.
  const auto again = collection.prepared(*prepared, &*prepared, clock, random);
  if (options->schema && options->pk.empty()) SPREADABLE_ASSERT(again.has_value());
  static_cast<void>(collection.presented(*prepared));
}

}  // namespace spreadable
