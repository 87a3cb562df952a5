// core/kind_options.h: options that only nodes of some kind have.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/json.h"
#include "core/result.h"
#include "core/units.h"

namespace spreadable {

struct NodeOptions;

/// An option that a kind of nodes adds to those of all nodes. Its value is kept as JSON in
/// NodeOptions::of_kind, under its path.
struct KindOption {
  std::string path;  ///< as in the config: `documents.repairInterval`
  std::string type;  ///< as OptionInfo::type
  std::string help;  ///< one line
  Json fallback{};   ///< as `accept` leaves it; null: none
  /// Brings a value into the form in which it is kept; gives what would have been accepted when it
  /// is refused.
  std::function<std::optional<std::string>(Json& value)> accept{};
};

/// true or false.
[[nodiscard]] KindOption boolean_option(std::string path, bool fallback, std::string help);

/// A time within `range`, kept as its text (parse_duration reads it).
[[nodiscard]] KindOption time_option(std::string path, Millis fallback, TimeRange range,
                                     std::string help);

/// What `options` say of `option`, as it is kept, or its default. Errc::invalid_argument, naming
/// the option, for a value that it does not accept, or where NodeOptions::of_kind is no object, as
/// whoever writes it by hand may leave there. Needs no declaration.
[[nodiscard]] Result<Json> kind_value(const NodeOptions& options, const KindOption& option);
/// Keeps `value` in `options`; the default is not kept. Errc::invalid_argument, naming the option,
/// for a value that it does not accept, which changes nothing.
[[nodiscard]] Result<void> set_kind_value(NodeOptions& options, const KindOption& option,
                                          const Json& value);

/// Lets parse_options, set_option and option_table know `options`. A kind may declare its own more
/// than once. Throws std::invalid_argument, naming the option, where one of its path is there and
/// differs (in type, help or default), be it of another kind or of all nodes; those before it in
/// `options` are known then. Call it before options are read: it is not thread-safe, and ends what
/// option_table() has given.
/// Requires: each has a path and `accept`, which leaves its default as it is.
void declare_options(std::vector<KindOption> options);

}  // namespace spreadable
