// bench/documents_store/filter_bench.h: filters that strangers could send to keep a node busy.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "bench/documents_store/measuring.h"
#include "bench/documents_store/store_bench.h"
#include "extensions/documents/document_store.h"

namespace spreadable::bench {

/// A store in memory with 10,000 documents on which filters are tried. Filters that look at all of
/// them are measured by the processor time of their thread. For one thread.
class FilterBench {
 public:
  /// Both outlive it.
  FilterBench(Ports& ports, Report& report);

  /// A regular expression that takes other engines exponential time.
  void known_attack();
  /// Expressions made to have as many states as can be.
  void adversarial();
  /// The slowest of `count` random filters on a few documents, then on all of them.
  void fuzzed(std::size_t count);

 private:
  /// Of one filter, and whether it came to its end.
  struct Run {
    double millis = 0;
    bool is_complete = false;
  };
  [[nodiscard]] Run run(const documents::Filter& filter);

  Ports& ports_;
  Report& report_;
  std::unique_ptr<documents::DocumentStore> store_;
  std::vector<Json> samples_;
};

}  // namespace spreadable::bench
