#include "bench/documents_store/sample.h"

namespace spreadable::bench {

std::string id_of(std::size_t n) {
  return "user-" + std::to_string(n);
}

Json sample_document(std::size_t n) {
  Json fields = {{"id", id_of(n)},
                 {"group", n % kGroups},
                 {"name", "Person number " + std::to_string(n * 7919 % 1'000'003)},
                 {"email", "person" + std::to_string(n) + "@example.com"},
                 {"active", n % 3 == 0},
                 {"score", static_cast<double>(n % 1'000) / 8},
                 {"address", {{"city", "City " + std::to_string(n % 97)}, {"zip", n % 100'000}}},
                 {"tags", {"alpha", "beta"}},
                 {"text", ""}};
  const std::size_t bytes = dump_json(fields).size();
  std::string text;
  while (bytes + text.size() < kDocumentBytes) text += "lorem ipsum dolor sit amet ";
  text.resize(kDocumentBytes > bytes ? kDocumentBytes - bytes : 0);
  fields["text"] = text;
  return fields;
}

}  // namespace spreadable::bench
