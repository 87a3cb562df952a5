// tests/integration/strict_reader.h: what a strict reading of RFC 9112 makes of some bytes.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace spreadable {

/// How many answers bytes deserve that one client sends before it ends its side. Written apart from
/// the server's own reader, and the other way round: all bytes at once, without states, so that one
/// mistake is not made twice. Limits of size are those of HttpServer with its defaults.
struct StrictReading {
  /// The methods of the requests that can be read, in order.
  std::vector<std::string> methods;
  /// After these comes something that is no request, so it is refused and nothing more is read.
  bool is_refused = false;

  [[nodiscard]] std::size_t answers() const { return methods.size() + (is_refused ? 1 : 0); }
};

[[nodiscard]] StrictReading read_strictly(std::string_view bytes);

}  // namespace spreadable
