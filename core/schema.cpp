#include "core/schema.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <tuple>

#include "core/address.h"
#include "core/assert.h"
#include "core/excerpt.h"
#include "core/ip.h"
#include "core/wire.h"

namespace spreadable {
namespace {

/// Where and why a value was refused. Made only on failure; `path` grows towards the front while
/// the call stack unwinds.
struct Failure {
  const char* code = "";  ///< behind wire::kValidateSchema
  std::string expected;
  std::string got;
  std::string path{};
};

using Verdict = std::optional<Failure>;

constexpr const char* kWrongType = "WRONG_DATA_TYPE";
constexpr const char* kNull = "NULL";
constexpr const char* kValue = "VALUE";
constexpr const char* kStrict = "STRICT";
constexpr const char* kExpected = "EXPECTED";
constexpr const char* kRequired = "REQUIRED_PROPS";
constexpr const char* kTooFew = "WRONG_ARRAY_MIN_LENGTH";
constexpr const char* kTooMany = "WRONG_ARRAY_MAX_LENGTH";
constexpr const char* kNotUnique = "WRONG_ARRAY_UNIQUENESS";

/// `value` is of another kind than asked for.
Failure wrong_type(std::string expected, const Json& value) {
  return {value.is_null() ? kNull : kWrongType, std::move(expected), describe(value)};
}

/// `failure` of a property or item, seen from the value that holds it.
Failure inside(std::string_view step, Failure failure) {
  const bool needs_dot = !failure.path.empty() && failure.path.front() != '[';
  failure.path = fmt::format("{}{}{}", step, needs_dot ? "." : "", failure.path);
  return failure;
}

}  // namespace

/// One node of a compiled schema.
class Schema::Rule {
 public:
  virtual ~Rule() = default;
  [[nodiscard]] virtual Verdict check(const Json& value) const = 0;
};

Result<void> Schema::check(const Json& value) const {
  const Verdict failure = rule_->check(value);
  if (!failure) return {};
  const std::string place = failure->path.empty() ? "value" : '"' + failure->path + '"';
  return Error{Errc::invalid_argument,
               fmt::format("{}: expected {}, got {}", place, failure->expected, failure->got),
               fmt::format("{}{}", wire::kValidateSchema, failure->code)};
}

namespace schema {
namespace {

/// A rule about a value that has no parts, given by a function.
template <class Check>
class LeafRule final : public Schema::Rule {
 public:
  explicit LeafRule(Check check) : check_(std::move(check)) {}
  [[nodiscard]] Verdict check(const Json& value) const override { return check_(value); }

 private:
  const Check check_;
};

template <class Check>
Schema leaf(Check check) {
  return Schema(std::make_shared<const LeafRule<Check>>(std::move(check)));
}

/// A value of the kind that `is_kind` tells, whatever it holds.
Schema kind(bool (Json::*is_kind)() const noexcept, const char* expected) {
  return leaf([=](const Json& value) -> Verdict {
    if ((value.*is_kind)()) return {};
    return wrong_type(expected, value);
  });
}

/// The whole number that `value` is, if it fits 64 bits.
std::optional<std::int64_t> whole_number(const Json& value) {
  constexpr double kLimit = 0x1p63;
  if (value.is_number_unsigned()) {
    const auto number = value.get<std::uint64_t>();
    if (number > std::numeric_limits<std::int64_t>::max()) return {};
    return static_cast<std::int64_t>(number);
  }
  if (value.is_number_integer()) return value.get<std::int64_t>();
  if (!value.is_number_float()) return {};
  const auto number = value.get<double>();
  if (!(number >= -kLimit && number < kLimit) || std::trunc(number) != number) return {};
  return static_cast<std::int64_t>(number);
}

/// What two items have in common when they count as the same. Numbers are all compared as doubles,
/// as JavaScript does; comparing them in their own types would give no consistent order.
using Sameness = std::tuple<Json::value_t, double, std::string_view>;

/// Nothing for a value that has parts.
std::optional<Sameness> sameness(const Json& value) {
  if (value.is_string()) {
    return Sameness{Json::value_t::string, 0, value.get_ref<const std::string&>()};
  }
  if (value.is_number() && std::isfinite(value.get<double>())) {
    return Sameness{Json::value_t::number_float, value.get<double>(), {}};
  }
  if (value.is_boolean()) {
    return Sameness{Json::value_t::boolean, value.get<bool>() ? 1.0 : 0.0, {}};
  }
  return {};
}

class ArrayRule final : public Schema::Rule {
 public:
  ArrayRule(Schema item, ArrayLimits limits) : item_(std::move(item)), limits_(std::move(limits)) {}

  [[nodiscard]] Verdict check(const Json& value) const override {
    if (!value.is_array()) return wrong_type("an array", value);
    if (value.size() < limits_.items_min) {
      return Failure{kTooFew, fmt::format("at least {} items", limits_.items_min), describe(value)};
    }
    if (value.size() > limits_.items_max) {
      return Failure{kTooMany, fmt::format("at most {} items", limits_.items_max), describe(value)};
    }
    std::size_t index = 0;
    for (const Json& item : value) {
      auto failure = item_.rule().check(item);
      if (failure) return inside(fmt::format("[{}]", index), std::move(*failure));
      ++index;
    }
    return limits_.is_unique || !limits_.unique_by.empty() ? check_unique(value) : Verdict{};
  }

 private:
  /// The part of `item` that must differ from that of others, or nullptr.
  [[nodiscard]] const Json* key_of(const Json& item) const {
    if (limits_.unique_by.empty()) return &item;
    const auto property = item.find(limits_.unique_by);  // end() also for what is no object
    return property == item.end() ? nullptr : &*property;
  }

  /// By sorting rather than hashing: the worst input costs n·log n, whereas colliding texts that a
  /// peer has prepared would make a hash table quadratic.
  [[nodiscard]] Verdict check_unique(const Json& array) const {
    std::vector<std::pair<Sameness, std::size_t>> seen;
    seen.reserve(array.size());
    for (std::size_t i = 0; i < array.size(); ++i) {
      const Json* const key = key_of(array[i]);
      if (key == nullptr) continue;
      const auto same = sameness(*key);
      if (!same) return repeated(i, kValue, "a string, number or boolean", *key);
      seen.emplace_back(*same, i);
    }
    std::sort(seen.begin(), seen.end());
    const auto twin = std::adjacent_find(
        seen.begin(), seen.end(), [](const auto& a, const auto& b) { return a.first == b.first; });
    if (twin == seen.end()) return {};
    const std::size_t index = std::next(twin)->second;
    return repeated(index, kNotUnique, "no other item to have the same", *key_of(array[index]));
  }

  [[nodiscard]] Failure repeated(std::size_t index, const char* code, const char* expected,
                                 const Json& key) const {
    Failure failure{code, expected, describe(key), limits_.unique_by};
    return inside(fmt::format("[{}]", index), std::move(failure));
  }

  const Schema item_;
  const ArrayLimits limits_;
};

class ObjectRule final : public Schema::Rule {
 public:
  ObjectRule(std::vector<Property> properties, Keys keys)
      : properties_(std::move(properties)), keys_(keys) {
    std::sort(properties_.begin(), properties_.end(),
              [](const Property& a, const Property& b) { return a.name < b.name; });
    for (std::size_t i = 1; i < properties_.size(); ++i) {
      SPREADABLE_ASSERT(properties_[i - 1].name != properties_[i].name);
    }
  }

  [[nodiscard]] Verdict check(const Json& value) const override {
    if (!value.is_object()) return wrong_type("an object", value);
    std::size_t found = 0;
    for (const Property& property : properties_) {
      const auto member = value.find(property.name);
      if (member == value.end()) {
        if (property.is_optional) continue;
        return inside(property.name,
                      {keys_ == Keys::strict ? kStrict : kRequired, "a value", "nothing"});
      }
      ++found;
      auto failure = property.schema.rule().check(*member);
      if (failure) return inside(property.name, std::move(*failure));
    }
    if (keys_ == Keys::open || found == value.size()) return {};
    return unlisted_key(value);
  }

 private:
  [[nodiscard]] Verdict unlisted_key(const Json& object) const {
    for (const auto& [key, ignored] : object.items()) {
      const auto place = std::lower_bound(
          properties_.begin(), properties_.end(), key,
          [](const Property& property, const std::string& name) { return property.name < name; });
      if (place != properties_.end() && place->name == key) continue;
      return Failure{keys_ == Keys::strict ? kStrict : kExpected, "only the known keys",
                     quote(key)};
    }
    return {};
  }

  std::vector<Property> properties_;  // sorted by name
  const Keys keys_;
};

class AnyOfRule final : public Schema::Rule {
 public:
  explicit AnyOfRule(std::vector<Schema> schemas) : schemas_(std::move(schemas)) {
    SPREADABLE_ASSERT(!schemas_.empty());
  }

  [[nodiscard]] Verdict check(const Json& value) const override {
    Verdict last;
    for (const Schema& candidate : schemas_) {
      last = candidate.rule().check(value);
      if (!last) return {};
    }
    return last;
  }

 private:
  const std::vector<Schema> schemas_;
};

/// Text that `is_valid` accepts.
template <class IsValid>
Schema text(const char* expected, IsValid is_valid) {
  return leaf([=](const Json& value) -> Verdict {
    if (!value.is_string()) return wrong_type(expected, value);
    if (is_valid(value.get_ref<const std::string&>())) return {};
    return Failure{kValue, expected, describe(value)};
  });
}

/// Which lengths `limits` allow, in words.
std::string length_text(const StringLimits& limits) {
  if (limits.bytes_max == StringLimits{}.bytes_max) {
    return fmt::format(" of at least {} {}", limits.bytes_min,
                       limits.bytes_min == 1 ? "byte" : "bytes");
  }
  if (limits.bytes_min == 0)
    return fmt::format(" of at most {} {}", limits.bytes_max,
                       limits.bytes_max == 1 ? "byte" : "bytes");
  return fmt::format(" of {} to {} bytes", limits.bytes_min, limits.bytes_max);
}

}  // namespace

Schema any() {
  return leaf([](const Json&) -> Verdict { return {}; });
}

Schema null() {
  return kind(&Json::is_null, "null");
}

Schema boolean() {
  return kind(&Json::is_boolean, "a boolean");
}

Schema number() {
  return leaf([](const Json& value) -> Verdict {
    if (value.is_number() && std::isfinite(value.get<double>())) return {};
    return wrong_type("a number", value);
  });
}

Schema integer(IntegerRange range) {
  return leaf([range](const Json& value) -> Verdict {
    const auto number = whole_number(value);
    if (number && *number >= range.min && *number <= range.max) return {};
    if (!number && !value.is_number()) return wrong_type("an integer", value);
    return Failure{kValue, fmt::format("an integer from {} to {}", range.min, range.max),
                   describe(value)};
  });
}

Schema string(StringLimits limits) {
  return leaf([limits = std::move(limits)](const Json& value) -> Verdict {
    if (!value.is_string()) return wrong_type(limits.expected, value);
    const auto& content = value.get_ref<const std::string&>();
    if (content.size() < limits.bytes_min || content.size() > limits.bytes_max) {
      return Failure{kValue, limits.expected + length_text(limits), describe(value)};
    }
    if (!limits.is_valid || limits.is_valid(content)) return {};
    return Failure{kValue, limits.expected, describe(value)};
  });
}

Schema address() {
  return text("a node address",
              [](const std::string& value) { return Address::parse(value).has_value(); });
}

Schema ip() {
  return text("an IP address",
              [](const std::string& value) { return IpAddress::parse(value).has_value(); });
}

Schema array(Schema item, ArrayLimits limits) {
  return Schema(std::make_shared<const ArrayRule>(std::move(item), std::move(limits)));
}

Schema object(std::vector<Property> properties, Keys keys) {
  return Schema(std::make_shared<const ObjectRule>(std::move(properties), keys));
}

Schema one_of(std::vector<Json> values) {
  SPREADABLE_ASSERT(!values.empty());
  std::string expected = values.size() == 1 ? "" : "one of ";
  for (const Json& value : values) {
    SPREADABLE_ASSERT(sameness(value));
    expected += (&value == &values.front() ? "" : ", ") + describe(value);
  }
  return leaf([expected, values = std::move(values)](const Json& value) -> Verdict {
    const auto same = sameness(value);
    const bool is_allowed =
        same && std::any_of(values.begin(), values.end(),
                            [&](const Json& allowed) { return sameness(allowed) == same; });
    if (is_allowed) return {};
    return Failure{kValue, expected, describe(value)};
  });
}

Schema any_of(std::vector<Schema> schemas) {
  return Schema(std::make_shared<const AnyOfRule>(std::move(schemas)));
}

Property optional(std::string name, Schema schema) {
  return {std::move(name), std::move(schema), /*is_optional=*/true};
}

}  // namespace schema
}  // namespace spreadable
