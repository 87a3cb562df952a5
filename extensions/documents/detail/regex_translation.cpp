#include "extensions/documents/detail/regex_translation.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>
#include <vector>

#include "core/ascii.h"
#include "extensions/documents/detail/code_points.h"
#include "extensions/documents/detail/regex_class.h"

namespace spreadable::documents::detail {
namespace {

constexpr std::size_t kGroupDepthMax = 100;
constexpr std::size_t kRepetitionsMax = 1'000;  // RE2's own limit
constexpr std::u32string_view kSyntaxCharacters = U"^$\\.*+?()[]{}|/";

Error refusal(std::string message) {
  return {Errc::invalid_argument, std::move(message), {}};
}

/// The source as the characters that it is read by: code points with the flag u, else units.
std::u32string characters_of(std::string_view source, bool is_unicode) {
  const std::string units = is_unicode ? std::string() : with_surrogates(source);
  const std::string_view text = is_unicode ? source : std::string_view(units);
  std::u32string out;
  for (std::size_t at = 0; at < text.size();) out += next_code_point(text, at);
  return out;
}

std::string ascii_text(std::u32string_view text) {
  std::string out;
  for (const char32_t c : text) append_code_point(out, c);
  return out;
}

bool is_digit(char32_t c) {
  return c >= '0' && c <= '9';
}

bool is_ascii_letter(char32_t c) {
  return c < 0x80 && ascii::is_letter(static_cast<char>(c));
}

bool is_hex_digit(char32_t c) {
  return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/// Reads a source from its first character to its last, and writes what RE2 is to read.
class Translator {
 public:
  Translator(std::u32string source, const RegexFlags& flags)
      : source_(std::move(source)), flags_(flags) {
    count_groups();
  }

  Result<std::string> run() {
    if (auto read = alternatives(0); !read) return read.error();
    if (at_ < source_.size()) return refusal("unmatched \")\"");
    std::string out = flags_.ignores_case ? "(?i)" : "";
    return out + (flags_.is_sticky ? "\\A(?:" + out_ + ")" : out_);
  }

 private:
  [[nodiscard]] bool is_at_end() const { return at_ == source_.size(); }
  [[nodiscard]] bool is_next(std::u32string_view text) const {
    return std::u32string_view(source_).substr(at_).starts_with(text);
  }
  bool take(std::u32string_view text) {
    if (!is_next(text)) return false;
    at_ += text.size();
    return true;
  }

  /// Capturing groups, which tell a back-reference from an octal escape.
  void count_groups() {
    bool is_in_class = false;
    for (std::size_t i = 0; i < source_.size(); ++i) {
      const std::u32string_view rest = std::u32string_view(source_).substr(i);
      if (rest[0] == '\\') {
        ++i;
      } else if (rest[0] == '[') {
        is_in_class = true;
      } else if (rest[0] == ']') {
        is_in_class = false;
      } else if (rest[0] == '(' && !is_in_class) {
        const bool is_named =
            rest.starts_with(U"(?<") && !rest.starts_with(U"(?<=") && !rest.starts_with(U"(?<!");
        has_names_ = has_names_ || is_named;
        if (is_named || !rest.starts_with(U"(?")) ++groups_;
      }
    }
  }

  Result<void> alternatives(std::size_t depth) {
    if (depth > kGroupDepthMax) return refusal("groups are nested too deeply");
    while (!is_at_end() && !is_next(U")")) {
      if (take(U"|")) {
        out_ += '|';
      } else if (auto read = term(depth); !read) {
        return read;
      }
    }
    return {};
  }

  Result<void> term(std::size_t depth) {
    if (const auto assertion = taken_assertion()) {
      out_ += *assertion;
      return {};
    }
    if (auto read = atom(depth); !read) return read;
    return quantifier();
  }

  std::optional<std::string_view> taken_assertion() {
    if (take(U"^")) return flags_.is_multiline ? "(?m:^)" : "\\A";
    if (take(U"$")) return flags_.is_multiline ? "(?m:$)" : "\\z";
    if (take(U"\\b")) return "\\b";
    if (take(U"\\B")) return "\\B";
    return {};
  }

  Result<void> atom(std::size_t depth) {
    const char32_t c = source_[at_];
    switch (c) {
      case '(':
        return group(depth);
      case '[':
        return bracketed_class();
      case '\\':
        return escape();
      case '.':
        ++at_;
        out_ += flags_.dot_is_all ? "(?s:.)" : "[^\\n\\r\\x{2028}\\x{2029}]";
        return {};
      case '*':
      case '+':
      case '?':
        return refusal("nothing to repeat");
      case '{':
        if (flags_.is_unicode || repetitions()) return refusal("nothing to repeat");
        break;
      case '}':
      case ']':
        if (flags_.is_unicode) return refusal("lone quantifier bracket");
        break;
      default:
        break;
    }
    ++at_;
    out_ += escaped(c);
    return {};
  }

  Result<void> group(std::size_t depth) {
    for (const std::u32string_view look : {U"(?=", U"(?!", U"(?<=", U"(?<!"}) {
      if (is_next(look)) return refusal("look-ahead and look-behind are not supported");
    }
    if (take(U"(?<")) {
      const std::size_t end = source_.find(U'>', at_);
      if (end == source_.npos || end == at_) return refusal("invalid name of a group");
      if (!names_.insert(source_.substr(at_, end - at_)).second) {
        return refusal("two groups have the same name");
      }
      at_ = end + 1;
    } else if (!take(U"(?:")) {
      if (is_next(U"(?")) return refusal("invalid group");
      ++at_;
    }
    out_ += "(?:";  // a test asks for no groups
    if (auto read = alternatives(depth + 1); !read) return read;
    if (!take(U")")) return refusal("unterminated group");
    out_ += ')';
    return {};
  }

  struct Repetitions {
    std::size_t least = 0;
    std::optional<std::size_t> most;
    bool is_open = false;  ///< without an upper end
    std::size_t end = 0;   ///< where the source goes on
  };

  /// Digits at `at`, which is moved behind them; large numbers become just too large.
  std::optional<std::size_t> number_at(std::size_t& at) const {
    if (at >= source_.size() || !is_digit(source_[at])) return {};
    std::size_t number = 0;
    for (; at < source_.size() && is_digit(source_[at]); ++at) {
      number = std::min<std::size_t>(number * 10 + (source_[at] - '0'), 1'000'000'000);
    }
    return number;
  }

  /// `{2}`, `{2,}` or `{2,5}` at the place reached, without taking it.
  [[nodiscard]] std::optional<Repetitions> repetitions() const {
    std::size_t at = at_ + 1;
    const auto least = number_at(at);
    if (!least) return {};
    Repetitions found{.least = *least};
    if (at < source_.size() && source_[at] == ',') {
      ++at;
      found.most = number_at(at);
      found.is_open = !found.most;
    }
    if (at == source_.size() || source_[at] != '}') return {};
    found.end = at + 1;
    return found;
  }

  Result<void> quantifier() {
    if (is_at_end()) return {};
    const char32_t c = source_[at_];
    if (c == '*' || c == '+' || c == '?') {
      ++at_;
      out_ += static_cast<char>(c);
    } else if (c == '{') {
      const auto found = repetitions();
      if (!found) {
        return flags_.is_unicode ? Result<void>(refusal("incomplete quantifier")) : Result<void>();
      }
      if (found->most && *found->most < found->least) {
        return refusal("numbers out of order in a quantifier");
      }
      if (std::max(found->least, found->most.value_or(0)) > kRepetitionsMax) {
        return refusal("more than 1000 repetitions");
      }
      at_ = found->end;
      out_ += fmt::format("{{{}", found->least);
      if (found->is_open) out_ += ',';
      if (found->most) out_ += fmt::format(",{}", *found->most);
      out_ += '}';
    } else {
      return {};
    }
    take(U"?");  // whether it is found does not depend on how much is taken
    return {};
  }

  Result<void> escape() {
    if (at_ + 1 == source_.size()) return refusal("\\ at the end");
    const char32_t c = source_[at_ + 1];
    if (c < 0x80 &&
        std::string_view("dDwWsS").find(static_cast<char>(c)) != std::string_view::npos) {
      at_ += 2;
      RegexClass set;
      set.add_class(static_cast<char>(c));
      out_ += set.text();
      return {};
    }
    if (flags_.is_unicode && (c == 'p' || c == 'P')) {
      auto text = property();
      if (!text) return text.error();
      out_ += *text;
      return {};
    }
    if (c == 'k' && (flags_.is_unicode || has_names_)) {
      return refusal("back-references are not supported");
    }
    if (c >= '1' && c <= '9') {
      std::size_t at = at_ + 1;
      const std::size_t number = *number_at(at);
      if (number <= groups_) return refusal("back-references are not supported");
    }
    auto character = escaped_character(/*is_in_class=*/false);
    if (!character) return character.error();
    out_ += escaped(*character);
    return {};
  }

  /// `\p{…}` in RE2's notation: general categories by their short names, scripts by their long
  /// ones.
  Result<std::string> property() {
    const bool is_negated = source_[at_ + 1] == 'P';
    const std::size_t end = source_.find(U'}', at_);
    if (at_ + 2 >= source_.size() || source_[at_ + 2] != '{' || end == source_.npos) {
      return refusal("invalid property name");
    }
    std::string name = ascii_text(std::u32string_view(source_).substr(at_ + 3, end - at_ - 3));
    for (const std::string_view prefix :
         {"Script=", "sc=", "Script_Extensions=", "scx=", "General_Category=", "gc="}) {
      if (name.starts_with(prefix)) name.erase(0, prefix.size());
    }
    const bool is_plain = std::all_of(name.begin(), name.end(),
                                      [](char c) { return ascii::is_letter(c) || c == '_'; });
    if (name.empty() || !is_plain) return refusal("invalid property name");
    at_ = end + 1;
    return fmt::format("\\{}{{{}}}", is_negated ? 'P' : 'p', name);
  }

  /// Hexadecimal digits, exactly `count`, from `at` on.
  [[nodiscard]] std::optional<char32_t> hex_at(std::size_t at, std::size_t count) const {
    if (at + count > source_.size()) return {};
    char32_t value = 0;
    for (std::size_t i = at; i < at + count; ++i) {
      const char32_t c = source_[i];
      if (!is_hex_digit(c)) return {};
      value = value * 16 + (is_digit(c) ? c - '0' : (c | 0x20) - 'a' + 10);
    }
    return value;
  }

  /// `\u{1F600}` at the place reached, which is moved behind it.
  std::optional<char32_t> braced_code_point() {
    const std::size_t end = source_.find(U'}', at_);
    if (end == source_.npos || end <= at_ + 3) return {};
    char32_t value = 0;
    for (std::size_t i = at_ + 3; i < end; ++i) {
      const auto digit = hex_at(i, 1);
      if (!digit || value > kLastCodePoint) return {};
      value = value * 16 + *digit;
    }
    if (value > kLastCodePoint) return {};
    at_ = end + 1;
    return value;
  }

  /// A character by its number, behind `\x` or `\u`; nothing when no number follows.
  std::optional<char32_t> numbered_character() {
    const bool is_short = source_[at_ + 1] == 'x';
    if (!is_short && flags_.is_unicode && at_ + 2 < source_.size() && source_[at_ + 2] == '{') {
      return braced_code_point();
    }
    const std::size_t digits = is_short ? 2 : 4;
    const auto value = hex_at(at_ + 2, digits);
    if (!value) return {};
    at_ += 2 + digits;
    const bool is_high = *value >= 0xD800 && *value < 0xDC00;
    if (is_short || !flags_.is_unicode || !is_high || !is_next(U"\\u")) return value;
    const auto low = hex_at(at_ + 2, 4);
    if (!low || *low < 0xDC00 || *low >= 0xE000) return value;
    at_ += 6;
    return kTwoUnits + ((*value - 0xD800) << 10) + (*low - 0xDC00);
  }

  /// `\101` and the like, at most 255.
  char32_t octal_character() {
    char32_t value = 0;
    std::size_t at = at_ + 1;
    for (; at < source_.size() && at < at_ + 4; ++at) {
      const char32_t c = source_[at];
      if (c < '0' || c > '7' || value * 8 + (c - '0') > 0xFF) break;
      value = value * 8 + (c - '0');
    }
    at_ = at;
    return value;
  }

  static std::optional<char32_t> control_character(char32_t letter) {
    switch (letter) {
      case 't':
        return '\t';
      case 'n':
        return '\n';
      case 'v':
        return '\v';
      case 'f':
        return '\f';
      case 'r':
        return '\r';
      default:
        return {};
    }
  }

  /// The character that an escape stands for. Requires: one begins at the place reached.
  Result<char32_t> escaped_character(bool is_in_class) {
    if (at_ + 1 == source_.size()) return refusal("\\ at the end");
    const char32_t c = source_[at_ + 1];
    if (const auto control = control_character(c)) {
      at_ += 2;
      return *control;
    }
    if (c == 'c') return control_escape(is_in_class);
    if (c == 'x' || c == 'u') {
      if (const auto character = numbered_character()) return *character;
      if (flags_.is_unicode) return refusal("invalid escape");
    } else if (is_digit(c)) {
      const bool is_nul = c == '0' && (at_ + 2 == source_.size() || !is_digit(source_[at_ + 2]));
      if (flags_.is_unicode && !is_nul) return refusal("invalid escape");
      if (c < '8') return octal_character();
    } else if (flags_.is_unicode) {
      const bool is_allowed =
          kSyntaxCharacters.find(c) != kSyntaxCharacters.npos || (is_in_class && c == '-');
      if (!is_allowed) return refusal("invalid escape");
    }
    at_ += 2;
    return c;
  }

  /// `\cA` is control-A; elsewhere the backslash stands for itself.
  Result<char32_t> control_escape(bool is_in_class) {
    if (at_ + 2 < source_.size()) {
      const char32_t letter = source_[at_ + 2];
      const bool is_control = is_ascii_letter(letter) || (is_in_class && !flags_.is_unicode &&
                                                          (is_digit(letter) || letter == '_'));
      if (is_control) {
        at_ += 3;
        return letter % 32;
      }
    }
    if (flags_.is_unicode) return refusal("invalid escape");
    ++at_;
    return U'\\';
  }

  Result<void> bracketed_class() {
    ++at_;
    RegexClass set{.is_negated = take(U"^")};
    while (!take(U"]")) {
      if (is_at_end()) return refusal("unterminated character class");
      if (auto read = class_item(set); !read) return read;
    }
    out_ += set.text();
    return {};
  }

  /// A character or a range of them; nothing when what was read has been added to `set`.
  Result<void> class_item(RegexClass& set) {
    auto first = class_character(set);
    if (!first) return first.error();
    const bool is_range = is_next(U"-") && at_ + 1 < source_.size() && source_[at_ + 1] != ']';
    if (!is_range) {
      if (*first) set.ranges.push_back({**first, **first});
      return {};
    }
    ++at_;
    auto last = class_character(set);
    if (!last) return last.error();
    if (*first && *last) {
      if (**last < **first) return refusal("range out of order in a character class");
      set.ranges.push_back({**first, **last});
      return {};
    }
    if (flags_.is_unicode) return refusal("invalid character class");
    // Beside a class, the hyphen stands for itself.
    for (const auto& end : {*first, *last}) {
      if (end) set.ranges.push_back({*end, *end});
    }
    set.ranges.push_back({'-', '-'});
    return {};
  }

  /// One character; nothing for a class, which is added to `set`.
  Result<std::optional<char32_t>> class_character(RegexClass& set) {
    if (source_[at_] != '\\') return std::optional(source_[at_++]);
    const char32_t c = at_ + 1 < source_.size() ? source_[at_ + 1] : U' ';
    if (c < 0x80 &&
        std::string_view("dDwWsS").find(static_cast<char>(c)) != std::string_view::npos) {
      at_ += 2;
      set.add_class(static_cast<char>(c));
      return std::optional<char32_t>();
    }
    if (flags_.is_unicode && (c == 'p' || c == 'P')) {
      auto text = property();
      if (!text) return text.error();
      set.properties += *text;
      return std::optional<char32_t>();
    }
    if (c == 'b') {
      at_ += 2;
      return std::optional<char32_t>('\b');
    }
    auto character = escaped_character(/*is_in_class=*/true);
    if (!character) return character.error();
    return std::optional(*character);
  }

  const std::u32string source_;
  const RegexFlags flags_;
  std::size_t groups_ = 0;
  bool has_names_ = false;
  std::set<std::u32string> names_;
  std::size_t at_ = 0;
  std::string out_;
};

}  // namespace

Result<RegexFlags> RegexFlags::parse(std::string_view flags) {
  RegexFlags parsed;
  std::string seen;
  for (const char flag : flags) {
    if (seen.find(flag) != seen.npos) return refusal("a flag is repeated");
    seen += flag;
    switch (flag) {
      case 'i':
        parsed.ignores_case = true;
        break;
      case 'm':
        parsed.is_multiline = true;
        break;
      case 's':
        parsed.dot_is_all = true;
        break;
      case 'u':
        parsed.is_unicode = true;
        break;
      case 'y':
        parsed.is_sticky = true;
        break;
      case 'd':
      case 'g':
        break;
      default:
        return refusal(flag == 'v' ? "the flag v is not supported" : "an unknown flag");
    }
  }
  return parsed;
}

Result<std::string> translate_regex(std::string_view source, const RegexFlags& flags) {
  return Translator(characters_of(source, flags.is_unicode), flags).run();
}

}  // namespace spreadable::documents::detail
