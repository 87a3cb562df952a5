#include "bench/documents_store/filter_fuzzer.h"

namespace spreadable::bench {
namespace {

constexpr std::array<const char*, 12> kPaths{
    "id",           "group",       "name",    "email", "active",      "score",
    "address.city", "address.zip", "tags[0]", "text",  "text.length", "missing.deeply.nested"};
constexpr std::array<const char*, 14> kOperators{"$eq",  "$ne",  "$eqs", "$nes", "$gt",
                                                 "$gte", "$lt",  "$lte", "$sw",  "$ew",
                                                 "$lk",  "$isw", "$iew", "$ilk"};
constexpr std::array<const char*, 12> kAtoms{"a",       ".",         "[a-z]",   "\\w",
                                             "\\s",     "[^m]",      "(?:a|o)", "lorem",
                                             "(?:.*e)", "(?:\\w+ )", "i",       "(a+)"};
constexpr std::array<const char*, 8> kQuantifiers{"", "", "*", "+", "?", "{2,9}", "{0,30}", "{20}"};

}  // namespace

Json FilterFuzzer::filter(int depth) {
  Json out = Json::object();
  const std::size_t members = 1 + random_.below(depth > 2 ? 4 : 2);
  for (std::size_t i = 0; i < members; ++i) {
    if (depth > 0 && random_.below(3) == 0) {
      Json list = Json::array();
      const std::size_t items = random_.below(12);
      for (std::size_t item = 0; item < items; ++item) list.push_back(filter(depth - 1));
      out[random_.below(2) == 0 ? "$and" : "$or"] = list;
    } else {
      out[pick(kPaths)] = condition();
    }
  }
  return out;
}

std::string FilterFuzzer::regex() {
  std::string source;
  const std::size_t atoms = 1 + random_.below(8);
  for (std::size_t i = 0; i < atoms; ++i) source += std::string(pick(kAtoms)) + pick(kQuantifiers);
  if (random_.below(4) == 0) source = "(?:" + source + ")" + pick(kQuantifiers);
  return source + (random_.below(3) == 0 ? "$" : "");
}

Json FilterFuzzer::condition() {
  const std::size_t kind = random_.below(8);
  if (kind == 0)
    return {{"$rx", {{"source", regex()}, {"flags", random_.below(2) == 0 ? "i" : ""}}}};
  if (kind == 1) {
    Json list = Json::array();
    const std::size_t items = random_.below(100);
    for (std::size_t i = 0; i < items; ++i) list.push_back(value());
    return {{"$in", list}};
  }
  const std::string name = pick(kOperators);
  const bool needs_text = name.back() == 'w' || name.back() == 'k';
  return {{name, needs_text ? text() : value()}};
}

Json FilterFuzzer::text() {
  static constexpr std::array<const char*, 6> kTexts{
      "lorem", "dolor sit amet", "LOREM IPSUM", "e", "zzz", ""};
  return pick(kTexts);
}

Json FilterFuzzer::value() {
  switch (random_.below(4)) {
    case 0:
      return text();
    case 1:
      return random_.below(2) == 0;
    default:
      return random_.below(10'000);
  }
}

}  // namespace spreadable::bench
