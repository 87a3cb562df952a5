#include "services/http/detail/content_coding.h"

#include <brotli/decode.h>
#include <zlib.h>

#include <array>
#include <limits>
#include <memory>

#include "core/ascii.h"
#include "services/http/detail/text.h"

namespace spreadable::detail {
namespace {

/// Inflated bytes per step. Small enough for the stack, large enough to make steps cheap.
constexpr std::size_t kStepBytes = 16'384;
constexpr int kZlibWindow = 15;                // bits; the largest, which reads every stream
constexpr int kGzipWindow = kZlibWindow + 16;  // zlib's way to ask for gzip's wrapping

Error too_large() {
  return {Errc::too_large, "request entity too large", {}};
}
Error damaged() {
  return {Errc::bad_request, "the compressed body is damaged", {}};
}

struct ZlibStream {
  explicit ZlibStream(int window) : is_open(inflateInit2(&state, window) == Z_OK) {}
  ~ZlibStream() {
    if (is_open) inflateEnd(&state);
  }
  ZlibStream(const ZlibStream&) = delete;
  ZlibStream& operator=(const ZlibStream&) = delete;

  z_stream state{};
  const bool is_open;
};

/// Whether a gzip body goes on with another member after one has ended, as RFC 1952 allows.
bool begins_next_member(z_stream& state, bool is_gzip) {
  return is_gzip && state.avail_in > 0 && inflateReset(&state) == Z_OK;
}

Result<std::string> inflate_zlib(std::string_view body, int window, std::size_t bytes_max) {
  if (body.size() > std::numeric_limits<uInt>::max()) return too_large();
  ZlibStream stream(window);
  if (!stream.is_open) return Error{Errc::internal, "zlib has no memory", {}};
  z_stream& state = stream.state;
  state.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(body.data()));
  state.avail_in = static_cast<uInt>(body.size());
  std::string out;
  std::array<char, kStepBytes> step;
  for (;;) {
    state.next_out = reinterpret_cast<Bytef*>(step.data());
    state.avail_out = static_cast<uInt>(step.size());
    const int status = inflate(&state, Z_NO_FLUSH);
    out.append(step.data(), step.size() - state.avail_out);
    if (out.size() > bytes_max) return too_large();
    if (status == Z_STREAM_END && !begins_next_member(state, window == kGzipWindow)) break;
    if (status != Z_OK && status != Z_STREAM_END) return damaged();
  }
  if (state.avail_in > 0) return damaged();
  return out;
}

Result<std::string> inflate_brotli(std::string_view body, std::size_t bytes_max) {
  const std::unique_ptr<BrotliDecoderState, decltype(&BrotliDecoderDestroyInstance)> state(
      BrotliDecoderCreateInstance(nullptr, nullptr, nullptr), &BrotliDecoderDestroyInstance);
  if (!state) return Error{Errc::internal, "brotli has no memory", {}};
  const auto* next_in = reinterpret_cast<const std::uint8_t*>(body.data());
  std::size_t left = body.size();
  std::string out;
  std::array<std::uint8_t, kStepBytes> step;
  for (;;) {
    std::uint8_t* next_out = step.data();
    std::size_t room = step.size();
    const auto status =
        BrotliDecoderDecompressStream(state.get(), &left, &next_in, &room, &next_out, nullptr);
    out.append(reinterpret_cast<const char*>(step.data()), step.size() - room);
    if (out.size() > bytes_max) return too_large();
    if (status == BROTLI_DECODER_RESULT_SUCCESS) break;
    if (status != BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT) return damaged();
  }
  if (left > 0) return damaged();
  return out;
}

}  // namespace

Result<std::string> undo_content_coding(std::string body, std::string_view coding,
                                        std::size_t bytes_max) {
  const bool is_plain = body.empty() || coding.empty() || ascii::is_same_word(coding, "identity");
  if (is_plain) return body;
  if (ascii::is_same_word(coding, "gzip")) return inflate_zlib(body, kGzipWindow, bytes_max);
  if (ascii::is_same_word(coding, "deflate")) return inflate_zlib(body, kZlibWindow, bytes_max);
  if (ascii::is_same_word(coding, "br")) return inflate_brotli(body, bytes_max);
  return Error{
      Errc::unsupported, "unsupported content encoding \"" + std::string(coding) + "\"", {}};
}

}  // namespace spreadable::detail
