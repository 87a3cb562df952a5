// extensions/documents/field_path.h: where in a document a value stands.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/json.h"

namespace spreadable::documents {

/// A path as filters, sort rules and options write it: `name`, `b.c`, `b.list[0].z`,
/// `b["odd.key"]`. Any text is a path; a text that cannot be taken apart is the name of one field.
/// Immutable, thread-safe. Source: metastocle section 6, whose rules are those of lodash.
class FieldPath {
 public:
  /// Array places that set() may make: options are written by hand, and a typing error must not
  /// fill the memory.
  static constexpr std::size_t kIndexMax = 1'000;

  explicit FieldPath(std::string text);

  [[nodiscard]] const std::string& text() const { return text_; }
  /// The field of the document in which the value stands, unless one is named text() as a whole.
  [[nodiscard]] std::string_view top() const;

  /// The value inside `document`, or nullptr when there is none. A field named text() as a whole
  /// comes before the parts of the path. Only what JSON holds is found: not `length`, nor single
  /// characters of a text, which filters know as well.
  [[nodiscard]] const Json* find(const Json& document) const;

  /// Puts `value` there, making objects, or arrays where the next part is a number, on the way;
  /// what stands in the way is replaced. False, and nothing changed, for an array place above
  /// kIndexMax. Requires: `document` is an object.
  bool set(Json& document, Json value) const;
  /// Takes the value away; array items become null. Nothing happens when there is none.
  void remove(Json& document) const;

  /// Whether text() is taken apart unless a field has that name as a whole.
  [[nodiscard]] bool is_deep() const { return is_deep_; }
  [[nodiscard]] const std::vector<std::string>& parts() const { return parts_; }

  friend bool operator==(const FieldPath& a, const FieldPath& b) { return a.text_ == b.text_; }

 private:
  std::string text_;
  bool is_deep_;
  std::vector<std::string> parts_;
};

}  // namespace spreadable::documents
