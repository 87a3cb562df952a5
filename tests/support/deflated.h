// tests/support/deflated.h: compressed bodies for tests.
#pragma once

#include <zlib.h>

#include <string>
#include <string_view>

namespace spreadable {

inline constexpr int kZlibWrapping = 15;
inline constexpr int kGzipWrapping = 15 + 16;

/// `text` compressed, in zlib's or gzip's wrapping.
inline std::string deflated(std::string_view text, int wrapping = kGzipWrapping) {
  z_stream state{};
  deflateInit2(&state, Z_BEST_COMPRESSION, Z_DEFLATED, wrapping, 8, Z_DEFAULT_STRATEGY);
  std::string out(deflateBound(&state, text.size()), '\0');
  state.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  state.avail_in = static_cast<uInt>(text.size());
  state.next_out = reinterpret_cast<Bytef*>(out.data());
  state.avail_out = static_cast<uInt>(out.size());
  deflate(&state, Z_FINISH);
  out.resize(state.total_out);
  deflateEnd(&state);
  return out;
}

}  // namespace spreadable
