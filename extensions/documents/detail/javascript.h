// extensions/documents/detail/javascript.h: values, comparisons and conversions as JavaScript has
// them. Source: ECMA-262, sections 7.1 and 7.2.
#pragma once

#include <compare>
#include <cstddef>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include "core/json.h"
#include "extensions/documents/field_path.h"

namespace spreadable::documents::detail {

enum class Kind { undefined, null, boolean, number, text, list, object };

/// A value inside a document, or one that follows from it such as a length. Looks at the document,
/// which outlives it.
struct Value {
  Kind kind = Kind::undefined;
  double number = 0;           ///< of a number; 0 or 1 of a boolean
  std::string_view text{};     ///< of a text
  const Json* json = nullptr;  ///< of a list or an object

  [[nodiscard]] static Value of(const Json& json);
  [[nodiscard]] static Value of(const Json* json) { return json == nullptr ? Value() : of(*json); }
};

/// The value at a path below `value`, as filters know it: with the length of texts and lists, and
/// single characters of texts.
[[nodiscard]] Value get(const Value& value, const FieldPath& path);

/// A value that others are compared with, with what it is converted to. Owns its text.
struct Operand {
  Kind kind = Kind::undefined;
  double number = 0;   ///< ToNumber
  std::string text{};  ///< ToPrimitive of a text, list or object

  [[nodiscard]] static Operand of(const Json& json);
};

/// `==` and `===`. Objects and lists are never equal to one another.
[[nodiscard]] bool loosely_equal(const Value& value, const Operand& operand);
[[nodiscard]] bool strictly_equal(const Value& value, const Operand& operand);
/// By `<` and `>`; unordered when one of them is no number and not both are texts.
[[nodiscard]] std::partial_ordering order_of(const Value& value, const Operand& operand);
[[nodiscard]] std::partial_ordering order_of(const Value& a, const Value& b);

/// ToNumber; not a number (NaN) for what is none.
[[nodiscard]] double to_number(const Value& value);
[[nodiscard]] double to_number(std::string_view text);
/// ToBoolean.
[[nodiscard]] bool is_truthy(const Json& value);
/// ToString of a number: the shortest digits that read back as the same one.
[[nodiscard]] std::string number_text(double number);
/// More bytes than any text has, and far from where sums overflow.
inline constexpr std::size_t kAnyLength = std::numeric_limits<std::size_t>::max() / 2;
/// ToString, cut off somewhere behind `bytes_max` bytes when it is longer than that.
[[nodiscard]] std::string text_of(const Value& value, std::size_t bytes_max);

/// The place that `text` names in a list, when it is written as one: `0`, `12`, not `01`.
[[nodiscard]] std::optional<std::size_t> list_index(std::string_view text);

}  // namespace spreadable::documents::detail
