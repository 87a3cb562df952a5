// Regular expressions of filters: JavaScript's, found by RE2.
#include <doctest/doctest.h>

#include <chrono>

#include "extensions/documents/filter.h"
#include "tests/support/slowdown.h"

namespace spreadable::documents {
namespace {

Result<Filter> regex_filter(const std::string& source, const std::string& flags = "") {
  return Filter::parse({{"x", {{"$rx", {{"source", source}, {"flags", flags}}}}}});
}

struct Row {
  const char* source;
  const char* flags;
  const char* text;
  bool is_found;
};

void check(std::initializer_list<Row> rows) {
  for (const Row& row : rows) {
    INFO("/", row.source, "/", row.flags, " in ", row.text);
    const auto filter = regex_filter(row.source, row.flags);
    REQUIRE_MESSAGE(filter, (filter ? "" : filter.error().message));
    CHECK(filter->matches({{"x", row.text}}) == row.is_found);
  }
}

}  // namespace

TEST_CASE(
    "filter: regular expressions: what RE2 writes differently means what it means in JavaScript") {
  check({
      {"^a$", "", "a\n", false},
      {"^b$", "", "a\nb", false},
      {"^b$", "m", "a\nb", true},
      {"^b", "y", "ab", false},
      {"b", "y", "ab", false},
      {"a", "gdy", "ab", true},
      {"a.b", "", "a\nb", false},
      {"a.b", "", "a\u2028b", false},
      {"a.b", "s", "a\nb", true},
      {"[^]", "", "\n", true},
      {"[]", "", "a", false},
      {"\\s", "", "\u00a0", true},
      {"\\s", "", "\u3000", true},
      {"^\\S$", "", "\ufeff", false},
      {"[\\S]", "", " a", true},
      {"^[\\d-x]+$", "", "5-x", true},
      {"^[\\w.]+$", "", "a.b_1", true},
      {"\\d", "", "٣", false},
      {"a{,2}", "", "a{,2}", true},
      {"a{2", "", "a{2", true},
      {"^a{2}$", "", "aa", true},
      {"^a{2,}?$", "", "aaa", true},
      {"^(?:a|bc){1,2}$", "", "abc", true},
      {"(?<name>a)b", "", "ab", true},
      {"\\cJ", "", "\n", true},
      {"\\x41\\u0042\\103", "", "ABC", true},
      {"\\x4", "", "x4", true},
      {"\\0", "", "a", false},
      {"\\/\\-\\e", "", "/-e", true},
      {"[\\b]", "", "\b", true},
      {"\\bword\\b", "", "a word.", true},
      {"\\Bord", "", "word", true},
      {"]}", "", "]}", true},
      {"[a-]", "", "-", true},
      {"\\1", "", "\x01", true},
      {"\\8", "", "8", true},
      {"\\u{41}", "u", "A", true},
      {"^u{3}$", "", "uuu", true},
      {"\\p{L}+\\p{Script=Greek}", "u", "aλ", true},
      {"[\\p{Lu}5]", "u", "5", true},
      {"ÄÖ", "i", "äö", true},
      {"(|a)", "", "", true},
  });
}

TEST_CASE("filter: regular expressions: units of UTF-16 without the flag u, code points with it") {
  check({
      {"^.$", "", "😀", false},
      {"^..$", "", "😀", true},
      {"^.$", "u", "😀", true},
      {"😀", "", "a😀", true},
      {"^[^a]{2}$", "", "😀", true},
      {"\\ud83d", "", "😀", true},
      {"^\\ud83d\\ude00$", "", "😀", true},
      {"^\\ud83d\\ude00$", "u", "😀", true},
      {"^[😀]$", "u", "😀", true},
      {"^[😀]$", "", "😀", false},
      {"^[😀-😂]$", "u", "😁", true},
      {"^\\u{1F600}$", "u", "😀", true},
  });
}

TEST_CASE("filter: regular expressions: what cannot be used is refused with the reason") {
  struct Refusal {
    std::string source;
    const char* flags;
    const char* reason;
  };
  for (const Refusal& row : {
           Refusal{"(a)\\1", "", "back-references are not supported"},
           Refusal{"\\1(a)", "", "back-references are not supported"},
           Refusal{"(?<n>a)\\k<n>", "", "back-references are not supported"},
           Refusal{"(?=a)", "", "look-ahead and look-behind are not supported"},
           Refusal{"(?!a)", "", "look-ahead and look-behind are not supported"},
           Refusal{"(?<=a)", "", "look-ahead and look-behind are not supported"},
           Refusal{"(?<!a)", "", "look-ahead and look-behind are not supported"},
           Refusal{"(?i:a)", "", "invalid group"},
           Refusal{"(?<>a)", "", "invalid name of a group"},
           Refusal{"(?<n>a)(?<n>a)", "", "two groups have the same name"},
           Refusal{"a)", "", "unmatched \")\""},
           Refusal{"(a", "", "unterminated group"},
           Refusal{"[a", "", "unterminated character class"},
           Refusal{"[b-a]", "", "range out of order in a character class"},
           Refusal{"[😀-😂]", "", "range out of order in a character class"},
           Refusal{"*", "", "nothing to repeat"},
           Refusal{"a**", "", "nothing to repeat"},
           Refusal{"^*", "", "nothing to repeat"},
           Refusal{"{2}", "", "nothing to repeat"},
           Refusal{"a{3,2}", "", "numbers out of order in a quantifier"},
           Refusal{"a{1001}", "", "more than 1000 repetitions"},
           Refusal{"\\", "", "\\ at the end"},
           Refusal{"\\e", "u", "invalid escape"},
           Refusal{"\\u{110000}", "u", "invalid escape"},
           Refusal{"a{", "u", "incomplete quantifier"},
           Refusal{"}", "u", "lone quantifier bracket"},
           Refusal{"[\\d-x]", "u", "invalid character class"},
           Refusal{"\\p{L", "u", "invalid property name"},
           Refusal{"\\p{Emoji}", "u", "invalid character class range: \\p{Emoji}"},
           Refusal{"a", "ii", "a flag is repeated"},
           Refusal{"a", "v", "the flag v is not supported"},
           Refusal{"a", "x", "an unknown flag"},
           Refusal{"(a{999}){999}", "", "invalid repetition size: {999}"},
           Refusal{"(([ab]{1,30}a){1,30})c", "", "it takes 1834 steps, and 1500 is the limit"},
           Refusal{std::string(200, '(') + std::string(200, ')'), "",
                   "groups are nested too deeply"},
       }) {
    INFO("/", row.source, "/", row.flags);
    const auto filter = regex_filter(row.source, row.flags);
    REQUIRE_FALSE(filter);
    CHECK(filter.error().message ==
          std::string("filter at \"x.$rx\": the regular expression cannot be used: ") + row.reason);
  }
}

TEST_CASE("filter: regular expressions: those that take JavaScript exponential time are quick") {
  const std::string text(100'000, 'a');
  for (const char* source :
       {"(a+)+$", "(a|a)*$", "(a|aa)+$", "(.*a){20}$", "^(([a-z])+.)+[A-Z]$"}) {
    INFO(source);
    const auto filter = regex_filter(source);
    REQUIRE(filter);
    const auto begin = std::chrono::steady_clock::now();
    static_cast<void>(filter->matches({{"x", text + "!"}}));
    const auto took = std::chrono::steady_clock::now() - begin;
    CHECK(took < std::chrono::seconds{1} * kSlowdown);
  }
}

}  // namespace spreadable::documents
