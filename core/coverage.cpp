#include "core/coverage.h"

#include <algorithm>
#include <charconv>

namespace spreadable {
namespace {

constexpr std::string_view kAnswered = R"({"answered":)";
constexpr std::string_view kAsked = R"(,"asked":)";

/// Cuts `before` and a number as JSON has them.
bool cut_number(std::string_view& text, std::string_view before, std::size_t& number) {
  if (!text.starts_with(before)) return false;
  text.remove_prefix(before.size());
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  const auto length = static_cast<std::size_t>(end - text.data());
  if (failure != std::errc{} || (length > 1 && text.front() == '0')) return false;
  text.remove_prefix(length);
  return true;
}

/// What to_header has written where nobody is silent, as nearly all headers are; nothing for
/// others.
std::optional<Coverage> counts_in(std::string_view text) {
  Coverage counts;
  const bool is_read =
      cut_number(text, kAnswered, counts.answered) && cut_number(text, kAsked, counts.asked);
  return is_read && text == "}" ? std::optional(std::move(counts)) : std::nullopt;
}

bool is_possible(const Coverage& coverage) {
  return coverage.asked <= Coverage::kCountMax && coverage.answered <= coverage.asked &&
         coverage.silent.size() <= coverage.asked - coverage.answered;
}

}  // namespace

void Coverage::add_silent(const Address& address) {
  ++asked;
  if (silent.size() >= kSilentMax) return;
  const auto place = std::lower_bound(silent.begin(), silent.end(), address);
  if (place == silent.end() || *place != address) silent.insert(place, address);
}

void Coverage::add(const Coverage& part) {
  const std::size_t total = asked + part.asked;
  for (const Address& address : part.silent) add_silent(address);
  asked = total;
  answered += part.answered;
}

std::string Coverage::to_header() const {
  std::string out;
  out.reserve(64);
  out.append(kAnswered).append(std::to_string(answered));
  out.append(kAsked).append(std::to_string(asked));
  if (!silent.empty()) {
    Json names = Json::array();
    for (const Address& address : silent) names.push_back(address.text());
    out += R"(,"silent":)" + dump_json(names);
  }
  out += '}';
  return out;
}

std::optional<Coverage> Coverage::from_header(std::string_view text) {
  if (auto counts = counts_in(text)) return is_possible(*counts) ? counts : std::nullopt;
  const Result<Json> json = parse_json(text);
  if (!json || !json->is_object()) return std::nullopt;
  const Json none;
  const auto field = [&](const char* name) -> const Json& {
    const auto it = json->find(name);
    return it == json->end() ? none : *it;
  };
  if (!field("asked").is_number_unsigned() || !field("answered").is_number_unsigned()) {
    return std::nullopt;
  }
  const Json& names = field("silent");
  if (!names.is_null() && !names.is_array()) return std::nullopt;
  Coverage coverage;
  for (const Json& name : names) {
    if (!name.is_string()) return std::nullopt;
    if (auto address = Address::parse(name.get_ref<const std::string&>())) {
      coverage.add_silent(*address);
    }
  }
  coverage.asked = field("asked").get<std::size_t>();
  coverage.answered = field("answered").get<std::size_t>();
  return is_possible(coverage) ? std::optional(coverage) : std::nullopt;
}

}  // namespace spreadable
