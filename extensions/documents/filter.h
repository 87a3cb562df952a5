// extensions/documents/filter.h: which documents are asked for.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "core/json.h"
#include "core/result.h"

namespace spreadable::documents {
namespace detail {
struct FilterNode;
}

/// A condition on documents, such as `{"age": {"$gte": 18}, "name.first": {"$ilk": "ann"}}`, read
/// once and then tried on any number of documents. The language and its results are JavaScript's,
/// as nodes of upstream have them, with these differences: a value of the wrong type for an
/// operator is no match for that document instead of an error for all; an operand of the wrong type
/// is refused at once; regular expressions take linear time, so back-references and look-around
/// are refused; what every JavaScript object inherits (`constructor`) is not there; half of a
/// surrogate pair is no text.
/// A value that is cheap to copy: copies share what was read. Thread-safe.
/// Source: metastocle sections 6 and 12; reliability S19.
class Filter {
 public:
  /// Every object, operator, list and value in a list counts as one, a search inside texts as
  /// kSearchWeight, a regular expression as kRegexWeight and one for each kStepsPerNode steps of
  /// the compiled one. Source: reliability S19.
  static constexpr std::size_t kNodesMax = 1'000;
  static constexpr std::size_t kRegexWeight = 50;
  static constexpr std::size_t kStepsPerNode = 5;
  static constexpr std::size_t kSearchWeight = 5;
  static constexpr std::size_t kDepthMax = kJsonDepthMax;
  /// Bytes of a regular expression's source.
  static constexpr std::size_t kRegexBytesMax = 1'000;

  /// Matches everything.
  Filter();

  /// Null, false, 0 and the empty text stand for no filter. Errc::logical, naming the place in the
  /// filter, with one of these codes: wire::kWrongFilter for what is no filter, a null inside, a
  /// regular expression that cannot be read or is refused, or more than the limits above;
  /// wire::kUnknownOperator; wire::kWrongOperand for an operand of the wrong type.
  [[nodiscard]] static Result<Filter> parse(const Json& filter);

  /// Never throws and does not allocate, save for regular expressions and for lower-casing text
  /// beyond ASCII. Takes time linear in the sizes of filter and document.
  [[nodiscard]] bool matches(const Json& document) const;

  [[nodiscard]] bool matches_everything() const;
  /// The fields at the top of a document that matches() looks at, sorted: a document cut down to
  /// these gives the same answer.
  [[nodiscard]] const std::vector<std::string>& names() const;

  /// For DocumentStore, which looks for parts that an index answers.
  [[nodiscard]] const detail::FilterNode* root() const;

 private:
  struct Program;
  explicit Filter(std::shared_ptr<const Program> program) : program_(std::move(program)) {}

  std::shared_ptr<const Program> program_;  // shared by copies, null: no filter
};

}  // namespace spreadable::documents
