// core/schema.h: what a JSON value from the wire must look like. Nothing is read from a body before
// it has passed one of these.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/json.h"
#include "core/result.h"

namespace spreadable {

/// A compiled description of acceptable values, made by the functions of namespace schema:
///
///     static const Schema kRegisterReply = schema::object(
///         {{"address", schema::address()}, {"size", schema::integer({.min = 0})}},
///         schema::Keys::strict);
///
/// A value that is cheap to copy: copies share the immutable rule. Thread-safe.
class Schema {
 public:
  class Rule;
  explicit Schema(std::shared_ptr<const Rule> rule) : rule_(std::move(rule)) {}

  /// Never throws. Recurses as deep as the schema, not as deep as `value`. Takes time linear in the
  /// size of `value`, times its logarithm where arrays must be unique.
  /// The first failure is Errc::invalid_argument with a message that names the place, what is
  /// expected there and what stands there (`"results[3].address": expected a node address, got 5`),
  /// and one of the codes ERR_SPREADABLE_VALIDATE_SCHEMA_… as wire code. Source: protocol
  /// sections 1.5 and 1.11.
  [[nodiscard]] Result<void> check(const Json& value) const;
  /// As check, so that a schema can stand where a function that checks is asked for.
  [[nodiscard]] Result<void> operator()(const Json& value) const { return check(value); }

  [[nodiscard]] const Rule& rule() const { return *rule_; }

 private:
  std::shared_ptr<const Rule> rule_;  // shared, since copies of a schema stand in several others
};

namespace schema {

struct StringLimits {
  std::size_t bytes_min = 0;
  std::size_t bytes_max = std::numeric_limits<std::size_t>::max();
  std::function<bool(std::string_view)>
      is_valid{};                     ///< none: any text. Thread-safe, does not throw
  std::string expected = "a string";  ///< what `is_valid` accepts, for the message
};

struct IntegerRange {
  /// Up to here every reader of JSON agrees about the value: 2^53 - 1.
  static constexpr std::int64_t kExactMax = 9'007'199'254'740'991;
  std::int64_t min = -kExactMax;
  std::int64_t max = kExactMax;
};

struct ArrayLimits {
  std::size_t items_min = 0;
  std::size_t items_max = std::numeric_limits<std::size_t>::max();
  /// No two items are the same text, number or truth value; 5 and 5.0 are the same. Items of other
  /// kinds are refused.
  bool is_unique = false;
  /// As `is_unique`, of this property of the items, which must be objects; those without it are
  /// passed over. Empty: not asked for.
  std::string unique_by{};
};

/// Which keys an object may have besides the required ones.
enum class Keys {
  open,    ///< any: extra keys are ignored
  listed,  ///< only those listed (upstream: `expected`)
  strict,  ///< as listed, with the code that upstream gives for a key set that differs
};

struct Property {
  std::string name;
  Schema schema;
  bool is_optional = false;
};

[[nodiscard]] Schema any();
[[nodiscard]] Schema null();
[[nodiscard]] Schema boolean();
/// Finite, as JSON's numbers are.
[[nodiscard]] Schema number();
/// A whole number in `range`, also one written as 5.0.
[[nodiscard]] Schema integer(IntegerRange range = {});
[[nodiscard]] Schema string(StringLimits limits = {});
/// Text that Address::parse accepts.
[[nodiscard]] Schema address();
/// Text that IpAddress::parse accepts.
[[nodiscard]] Schema ip();
[[nodiscard]] Schema array(Schema item, ArrayLimits limits = {});
/// Properties are required unless optional. Requires: names are distinct.
[[nodiscard]] Schema object(std::vector<Property> properties, Keys keys = Keys::open);
/// One of `values`, which are texts, numbers or truth values; 5 and 5.0 are the same.
/// Requires: at least one value, and no others.
[[nodiscard]] Schema one_of(std::vector<Json> values);
/// What one of `schemas` accepts; when none does, the failure of the last is reported.
/// Requires: at least one.
[[nodiscard]] Schema any_of(std::vector<Schema> schemas);
/// A property that may be absent.
[[nodiscard]] Property optional(std::string name, Schema schema);

}  // namespace schema
}  // namespace spreadable
