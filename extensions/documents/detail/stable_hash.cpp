#include "extensions/documents/detail/stable_hash.h"

namespace spreadable::documents::detail {

std::uint64_t stable_hash(std::initializer_list<std::string_view> parts) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const std::string_view part : parts) {
    for (const char byte : part) hash = (hash ^ static_cast<unsigned char>(byte)) * 0x100000001b3;
  }
  return hash;
}

}  // namespace spreadable::documents::detail
