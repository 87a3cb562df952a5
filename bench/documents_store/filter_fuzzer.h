// bench/documents_store/filter_fuzzer.h: filters drawn at random.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "core/json.h"
#include "services/system/system_random.h"

namespace spreadable::bench {

/// Filters of all operators on the fields of sample_document(), and others that look costly. Equal
/// seeds give equal filters. For one thread.
class FilterFuzzer {
 public:
  explicit FilterFuzzer(std::uint64_t seed) : random_(seed) {}

  /// The next filter, with conditions nested so deep at most.
  [[nodiscard]] Json filter(int depth = 3);

 private:
  template <std::size_t N>
  const char* pick(const std::array<const char*, N>& from) {
    return from[random_.below(N)];
  }

  std::string regex();
  Json condition();
  Json text();
  Json value();

  SeededRandom random_;
};

}  // namespace spreadable::bench
