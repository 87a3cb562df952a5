// Where libFuzzer enters every target.
#include <cstddef>

#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  spreadable::fuzz::run(std::string_view(reinterpret_cast<const char*>(data), size));
  return 0;
}
