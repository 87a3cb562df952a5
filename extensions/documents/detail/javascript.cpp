#include "extensions/documents/detail/javascript.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>

#include "core/ascii.h"
#include "extensions/documents/detail/code_points.h"

namespace spreadable::documents::detail {
namespace {

constexpr double kNoNumber = std::numeric_limits<double>::quiet_NaN();
constexpr std::string_view kObjectText = "[object Object]";

bool has_parts(const Value& value) {
  return value.kind == Kind::list || value.kind == Kind::object;
}

/// White space and line ends, which numbers may have at both ends. Source: ECMA-262, 12.2 and 12.3.
bool is_space(char32_t c) {
  return (c >= 0x09 && c <= 0x0D) || c == 0x20 || c == 0xA0 || c == 0x1680 ||
         (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F ||
         c == 0x3000 || c == 0xFEFF;
}

std::string_view trimmed(std::string_view text) {
  std::size_t begin = 0;
  while (begin < text.size()) {
    std::size_t next = begin;
    if (!is_space(next_code_point(text, next))) break;
    begin = next;
  }
  std::size_t end = begin;
  for (std::size_t at = begin; at < text.size();) {
    if (!is_space(next_code_point(text, at))) end = at;
  }
  return text.substr(begin, end - begin);
}

/// Digits of another base behind `0x`, `0o` or `0b`.
double radix_number(std::string_view digits, unsigned radix) {
  if (digits.empty()) return kNoNumber;
  double number = 0;
  for (const char c : digits) {
    const char small = ascii::to_lower(c);
    const unsigned digit = ascii::is_digit(c)       ? static_cast<unsigned>(c - '0')
                           : ascii::is_lower(small) ? static_cast<unsigned>(small - 'a') + 10
                                                    : radix;
    if (digit >= radix) return kNoNumber;
    number = number * radix + digit;
  }
  return number;
}

/// Whether `text` is digits with at most one point among them, and then perhaps an exponent.
bool is_decimal(std::string_view text) {
  std::size_t at = 0;
  std::size_t digits = 0;
  const auto skip_digits = [&] {
    const std::size_t begin = at;
    while (at < text.size() && ascii::is_digit(text[at])) ++at;
    return at - begin;
  };
  digits += skip_digits();
  if (at < text.size() && text[at] == '.') {
    ++at;
    digits += skip_digits();
  }
  if (digits == 0) return false;
  if (at < text.size() && ascii::to_lower(text[at]) == 'e') {
    ++at;
    if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
    if (skip_digits() == 0) return false;
  }
  return at == text.size();
}

/// A decimal that no double can hold: infinite or zero, by where its first digit other than 0
/// stands.
double extreme_decimal(std::string_view text) {
  const std::size_t exponent_at = std::min(text.find_first_of("eE"), text.size());
  const std::string_view mantissa = text.substr(0, exponent_at);
  const auto point = static_cast<long long>(std::min(mantissa.find('.'), mantissa.size()));
  const auto first = static_cast<long long>(mantissa.find_first_of("123456789"));
  std::string_view exponent_text = text.substr(std::min(exponent_at + 1, text.size()));
  if (exponent_text.starts_with('+')) exponent_text.remove_prefix(1);
  long long exponent = 0;
  const char* const end = exponent_text.data() + exponent_text.size();
  if (std::from_chars(exponent_text.data(), end, exponent).ec == std::errc::result_out_of_range) {
    return exponent_text.starts_with('-') ? 0 : HUGE_VAL;
  }
  // The exponent may undo what zeros behind the point do.
  return exponent > first - point ? HUGE_VAL : 0;
}

double decimal_number(std::string_view text) {
  if (text == "Infinity") return HUGE_VAL;
  if (!is_decimal(text)) return kNoNumber;
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc::result_out_of_range ? extreme_decimal(text) : number;
}

/// The number that a list's text reads as, without making the text: more than one item means a
/// comma, which is in no number.
double list_number(const Json& list) {
  if (list.empty()) return 0;
  if (list.size() > 1) return kNoNumber;
  const Value item = Value::of(list.front());
  switch (item.kind) {
    case Kind::undefined:
    case Kind::null:
      return 0;
    case Kind::boolean:
      return kNoNumber;  // "true"
    default:
      return to_number(item);
  }
}

void append_text(std::string& out, const Value& value, std::size_t bytes_max);

void append_list(std::string& out, const Json& list, std::size_t bytes_max) {
  bool is_first = true;
  for (const Json& item : list) {
    if (out.size() > bytes_max) return;
    if (!is_first) out += ',';
    is_first = false;
    const Value value = Value::of(item);
    if (value.kind != Kind::null && value.kind != Kind::undefined) {
      append_text(out, value, bytes_max);
    }
  }
}

void append_text(std::string& out, const Value& value, std::size_t bytes_max) {
  switch (value.kind) {
    case Kind::undefined:
      out += "undefined";
      break;
    case Kind::null:
      out += "null";
      break;
    case Kind::boolean:
      out += value.number != 0 ? "true" : "false";
      break;
    case Kind::number:
      out += number_text(value.number);
      break;
    case Kind::text:
      out += value.text.substr(0, bytes_max + 1);
      break;
    case Kind::list:
      append_list(out, *value.json, bytes_max);
      break;
    case Kind::object:
      out += kObjectText;
      break;
  }
}

/// What is enough of a list's or object's text to compare it with `text`.
std::string comparable_text(const Value& value, std::string_view text) {
  return text_of(value, text.size());
}

/// The field or item `key` of `value` itself.
Value member(const Value& value, const std::string& key) {
  switch (value.kind) {
    case Kind::object: {
      const auto found = value.json->find(key);
      return found == value.json->end() ? Value() : Value::of(*found);
    }
    case Kind::list: {
      if (key == "length") return {Kind::number, static_cast<double>(value.json->size())};
      const auto index = list_index(key);
      return index && *index < value.json->size() ? Value::of((*value.json)[*index]) : Value();
    }
    case Kind::text: {
      if (key == "length") return {Kind::number, static_cast<double>(utf16_length(value.text))};
      const auto index = list_index(key);
      const std::string_view unit = index ? utf16_unit(value.text, *index) : std::string_view();
      return unit.empty() ? Value() : Value{Kind::text, 0, unit};
    }
    default:
      return {};
  }
}

}  // namespace

Value Value::of(const Json& json) {
  switch (json.type()) {
    case Json::value_t::null:
      return {Kind::null};
    case Json::value_t::boolean:
      return {Kind::boolean, json.get<bool>() ? 1.0 : 0.0};
    case Json::value_t::number_integer:
    case Json::value_t::number_unsigned:
    case Json::value_t::number_float:
      return {Kind::number, json.get<double>()};
    case Json::value_t::string:
      return {Kind::text, 0, json.get_ref<const std::string&>()};
    case Json::value_t::array:
      return {Kind::list, 0, {}, &json};
    case Json::value_t::object:
      return {Kind::object, 0, {}, &json};
    default:
      return {};
  }
}

Value get(const Value& value, const FieldPath& path) {
  if (!path.is_deep()) return member(value, path.text());
  if (value.kind == Kind::object) {
    const auto whole = value.json->find(path.text());
    if (whole != value.json->end()) return Value::of(*whole);
  }
  if (path.parts().empty()) return {};
  Value place = value;
  for (const std::string& part : path.parts()) {
    place = member(place, part);
    if (place.kind == Kind::undefined) return {};
  }
  return place;
}

Operand Operand::of(const Json& json) {
  const Value value = Value::of(json);
  Operand operand{value.kind, to_number(value), {}};
  if (value.kind == Kind::text || has_parts(value)) operand.text = text_of(value, kAnyLength);
  return operand;
}

bool loosely_equal(const Value& value, const Operand& operand) {
  const bool is_text = operand.kind == Kind::text;
  const bool has_operand_parts = operand.kind == Kind::list || operand.kind == Kind::object;
  switch (value.kind) {
    case Kind::undefined:
    case Kind::null:
      return operand.kind == Kind::undefined || operand.kind == Kind::null;
    case Kind::boolean:
    case Kind::number:
      return value.number == operand.number && operand.kind != Kind::null;
    case Kind::text:
      if (is_text || has_operand_parts) return value.text == operand.text;
      return operand.kind != Kind::null && to_number(value.text) == operand.number;
    case Kind::list:
    case Kind::object:
      if (has_operand_parts || operand.kind == Kind::null) return false;
      return is_text ? comparable_text(value, operand.text) == operand.text
                     : to_number(value) == operand.number;
  }
  return false;
}

bool strictly_equal(const Value& value, const Operand& operand) {
  if (value.kind != operand.kind) return false;
  switch (value.kind) {
    case Kind::boolean:
    case Kind::number:
      return value.number == operand.number;
    case Kind::text:
      return value.text == operand.text;
    case Kind::undefined:
    case Kind::null:
      return true;
    case Kind::list:
    case Kind::object:
      return false;
  }
  return false;
}

std::partial_ordering order_of(const Value& value, const Operand& operand) {
  const bool is_operand_text =
      operand.kind == Kind::text || operand.kind == Kind::list || operand.kind == Kind::object;
  if (is_operand_text && value.kind == Kind::text) return utf16_order(value.text, operand.text);
  if (is_operand_text && has_parts(value)) {
    return utf16_order(comparable_text(value, operand.text), operand.text);
  }
  return to_number(value) <=> operand.number;
}

std::partial_ordering order_of(const Value& a, const Value& b) {
  const bool are_texts =
      (a.kind == Kind::text || has_parts(a)) && (b.kind == Kind::text || has_parts(b));
  if (!are_texts) return to_number(a) <=> to_number(b);
  if (a.kind == Kind::text && b.kind == Kind::text) return utf16_order(a.text, b.text);
  return utf16_order(text_of(a, kAnyLength), text_of(b, kAnyLength));
}

double to_number(const Value& value) {
  switch (value.kind) {
    case Kind::undefined:
    case Kind::object:
      return kNoNumber;
    case Kind::null:
      return 0;
    case Kind::boolean:
    case Kind::number:
      return value.number;
    case Kind::text:
      return to_number(value.text);
    case Kind::list:
      return list_number(*value.json);
  }
  return kNoNumber;
}

double to_number(std::string_view text) {
  text = trimmed(text);
  if (text.empty()) return 0;
  if (text.size() > 1 && text[0] == '0') {
    switch (ascii::to_lower(text[1])) {
      case 'x':
        return radix_number(text.substr(2), 16);
      case 'o':
        return radix_number(text.substr(2), 8);
      case 'b':
        return radix_number(text.substr(2), 2);
      default:
        break;
    }
  }
  const bool is_negative = text[0] == '-';
  if (is_negative || text[0] == '+') text.remove_prefix(1);
  const double number = decimal_number(text);
  return is_negative ? -number : number;
}

bool is_truthy(const Json& value) {
  if (value.is_boolean()) return value.get<bool>();
  if (value.is_number()) return value.get<double>() != 0 && !std::isnan(value.get<double>());
  if (value.is_string()) return !value.get_ref<const std::string&>().empty();
  return value.is_structured();
}

std::string number_text(double number) {
  if (std::isnan(number)) return "NaN";
  if (std::isinf(number)) return number > 0 ? "Infinity" : "-Infinity";
  if (number == 0) return "0";
  // Digits and exponent as `d.ddde±xx`, put in the form that the standard asks for.
  std::array<char, 32> buffer;
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), std::abs(number),
                                 std::chars_format::scientific)
                       .ptr;
  const std::string_view written(buffer.data(), static_cast<std::size_t>(end - buffer.data()));
  const std::size_t exponent_at = written.find('e');
  int exponent = 0;
  const bool is_plus = written[exponent_at + 1] == '+';
  std::from_chars(written.data() + exponent_at + (is_plus ? 2 : 1), end, exponent);
  std::string digits(1, written[0]);
  if (exponent_at > 2) digits += written.substr(2, exponent_at - 2);
  const int count = static_cast<int>(digits.size());
  const int point = exponent + 1;  // digits before the point
  std::string out = number < 0 ? "-" : "";
  if (point >= count && point <= 21) {
    out += digits + std::string(static_cast<std::size_t>(point - count), '0');
  } else if (point > 0 && point <= 21) {
    out += digits.insert(static_cast<std::size_t>(point), ".");
  } else if (point > -6 && point <= 0) {
    out += "0." + std::string(static_cast<std::size_t>(-point), '0') + digits;
  } else {
    if (count > 1) digits.insert(1, ".");
    out += digits + (exponent < 0 ? "e-" : "e+") + std::to_string(std::abs(exponent));
  }
  return out;
}

std::string text_of(const Value& value, std::size_t bytes_max) {
  std::string out;
  append_text(out, value, bytes_max);
  return out;
}

std::optional<std::size_t> list_index(std::string_view text) {
  if (text.empty() || text.size() > 15 || (text.size() > 1 && text[0] == '0')) return {};
  std::size_t index = 0;
  for (const char c : text) {
    if (!ascii::is_digit(c)) return {};
    index = index * 10 + static_cast<std::size_t>(c - '0');
  }
  return index;
}

}  // namespace spreadable::documents::detail
