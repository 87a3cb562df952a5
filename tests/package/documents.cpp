// A program that uses the installed library of documents: keeps some in memory, and finds one.
#include <iostream>
#include <memory>

#include "extensions/documents/collection_store.h"
#include "extensions/documents/document_store.h"
#include "services/system/system_clock.h"
#include "services/system/system_random.h"

using namespace spreadable;
using namespace spreadable::documents;

namespace {

class SilentLogger final : public Logger {
 public:
  [[nodiscard]] bool is_enabled(LogLevel) const override { return false; }
  void write(LogLevel, std::string_view) override {}
};

bool run() {
  const SystemClock clock;
  SystemRandom random;
  SilentLogger logger;
  auto store = DocumentStore::open(std::make_shared<MemoryDisk>(), {clock, random, logger});
  CollectionOptions options;
  options.pk = "id";
  if (!store || !(*store)->add(std::make_shared<const Collection>("people", options))) return false;
  CollectionStore& people = *(*store)->find("people");
  for (const char* name : {"Ann", "Bob"}) {
    if (!people.add({.fields = {{"id", name}, {"text", std::string("I am ") + name}}}))
      return false;
  }
  const auto filter = Filter::parse({{"text", {{"$rx", {{"source", "b\\b"}, {"flags", "i"}}}}}});
  if (!filter) return false;
  const Deadline deadline = Deadline::after(clock, std::chrono::seconds{10});
  const auto found = people.select_keys(*filter, deadline);
  return found && found->keys.size() == 1 && people.count() == 2;
}

}  // namespace

int main() {
  if (run()) return 0;
  std::cerr << "documents are not found\n";
  return 1;
}
