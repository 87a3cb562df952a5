#include "services/http/detail/response_coding.h"

#include <brotli/encode.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <bit>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include "core/ascii.h"
#include "services/http/detail/text.h"

namespace spreadable::detail {
namespace {

constexpr int kGzipWrapping = 16;  // added to the window, zlib's way to ask for gzip's wrapping
constexpr int kWindowMin = 9;      // bits
constexpr int kZlibWindowMax = 15;
/// Memory of zlib beside the window; its default.
constexpr int kZlibMemory = 8;
/// About as quick as gzip's default on large texts.
constexpr int kBrotliQuality = 4;
constexpr int kBrotliWindowMax = 22;

/// Thousandths, as a weight has at most three digits.
constexpr int kFullWeight = 1'000;

/// `0`, `1`, `0.…` or `1.0…` with up to three digits; anything else is 0.
int weight_of(std::string_view text) {
  const bool has_point = text.size() >= 2 && text[1] == '.';
  const bool is_formed = text.size() == 1 || (has_point && text.size() <= 5);
  if (!is_formed || (text[0] != '0' && text[0] != '1')) return 0;
  int weight = text[0] == '1' ? kFullWeight : 0;
  int unit = kFullWeight / 10;
  for (const char digit : text.substr(std::min<std::size_t>(2, text.size()))) {
    if (digit < '0' || digit > '9') return 0;
    weight += (digit - '0') * unit;
    unit /= 10;
  }
  return weight <= kFullWeight ? weight : 0;
}

/// Cuts `text` at the first `mark`, and returns what stood before it, trimmed.
std::string_view cut_off(std::string_view& text, char mark) {
  const auto end = text.find(mark);
  const std::string_view first = ascii::trim(text.substr(0, end));
  text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
  return first;
}

struct Weights {
  std::optional<int> identity;
  std::optional<int> br;
  std::optional<int> gzip;
  std::optional<int> deflate;
  std::optional<int> others;  ///< of `*`

  std::optional<int>* find(std::string_view name) {
    if (ascii::is_same_word(name, "identity")) return &identity;
    if (ascii::is_same_word(name, "br")) return &br;
    if (ascii::is_same_word(name, "gzip") || ascii::is_same_word(name, "x-gzip")) return &gzip;
    if (ascii::is_same_word(name, "deflate")) return &deflate;
    return name == "*" ? &others : nullptr;
  }
};

/// Reads one item of a list: a coding, and perhaps a weight.
void read_item(std::string_view item, Weights& weights) {
  std::optional<int>* const weight = weights.find(cut_off(item, ';'));
  if (!weight) return;
  int value = kFullWeight;
  while (!item.empty()) {
    const std::string_view parameter = cut_off(item, ';');
    const bool is_weight =
        parameter.size() >= 2 && ascii::is_same_word(parameter.substr(0, 2), "q=");
    if (is_weight) value = weight_of(parameter.substr(2));
  }
  *weight = value;
}

bool is_compressible(std::string_view content_type) {
  if (content_type.starts_with("application/json;")) return true;  // what handlers mostly give
  const std::string_view type = cut_off(content_type, ';');
  if (type.size() > 5 && ascii::is_same_word(type.substr(0, 5), "text/")) return true;
  return ascii::is_same_word(type, "application/json") ||
         ascii::is_same_word(type, "application/javascript") ||
         ascii::is_same_word(type, "image/svg+xml");
}

/// Whether the list in `field` holds `word`.
bool lists(std::string_view field, std::string_view word) {
  while (!field.empty()) {
    if (ascii::is_same_word(cut_off(field, ','), word)) return true;
  }
  return false;
}

/// What the fields of a response say about its coding.
struct Said {
  bool is_fixed = false;     ///< it is not to be compressed
  bool has_reasons = false;  ///< caches know that it depends on the client
};

Said said_by(const Headers& headers) {
  Said said;
  for (const auto& [name, value] : headers) {
    if (ascii::is_same_word(name, "content-encoding") ||
        ascii::is_same_word(name, "content-range")) {
      said.is_fixed = true;
    } else if (ascii::is_same_word(name, "cache-control")) {
      said.is_fixed = said.is_fixed || lists(value, "no-transform");
    } else if (ascii::is_same_word(name, "vary")) {
      said.has_reasons = said.has_reasons || lists(value, "accept-encoding") || lists(value, "*");
    }
  }
  return said;
}

/// Whether a response could be compressed for one client or another, unless its fields forbid it.
bool is_text(const HttpResponse& response) {
  constexpr int kPartialContent = 206;
  return !response.body.empty() && response.status != kPartialContent &&
         is_compressible(response.content_type);
}

/// Bits of the smallest window that holds `bytes`: a larger one only costs time to clear.
int window_for(std::size_t bytes, int max) {
  return std::clamp(static_cast<int>(std::bit_width(bytes)), kWindowMin, max);
}

/// Fills less than `body` takes, so that compressing stops when it does not pay.
std::optional<std::string> with_zlib(std::string_view body, int level, int wrapping) {
  if (body.size() > std::numeric_limits<uInt>::max()) return std::nullopt;
  z_stream state{};
  const int window = window_for(body.size(), kZlibWindowMax) + wrapping;
  if (deflateInit2(&state, level, Z_DEFLATED, window, kZlibMemory, Z_DEFAULT_STRATEGY) != Z_OK) {
    return std::nullopt;
  }
  std::string out(body.size() - 1, '\0');
  state.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(body.data()));
  state.avail_in = static_cast<uInt>(body.size());
  state.next_out = reinterpret_cast<Bytef*>(out.data());
  state.avail_out = static_cast<uInt>(out.size());
  const int status = deflate(&state, Z_FINISH);
  out.resize(out.size() - state.avail_out);
  deflateEnd(&state);
  if (status != Z_STREAM_END) return std::nullopt;
  return out;
}

std::optional<std::string> with_brotli(std::string_view body) {
  std::string out(body.size() - 1, '\0');
  std::size_t size = out.size();
  const int window = window_for(body.size(), kBrotliWindowMax);
  if (BrotliEncoderCompress(kBrotliQuality, std::max(window, BROTLI_MIN_WINDOW_BITS),
                            BROTLI_MODE_TEXT, body.size(),
                            reinterpret_cast<const std::uint8_t*>(body.data()), &size,
                            reinterpret_cast<std::uint8_t*>(out.data())) != BROTLI_TRUE) {
    return std::nullopt;
  }
  out.resize(size);
  return out;
}

struct Compressed {
  const char* name;  ///< of the coding, in Content-Encoding
  std::optional<std::string> body;
};

Compressed compressed(std::string_view body, Coding coding, int level) {
  switch (coding) {
    case Coding::br:
      return {"br", with_brotli(body)};
    case Coding::gzip:
      return {"gzip", with_zlib(body, level, kGzipWrapping)};
    case Coding::deflate:
      return {"deflate", with_zlib(body, level, /*wrapping=*/0)};
    case Coding::identity:
      break;
  }
  return {nullptr, std::nullopt};
}

/// A strong ETag stands for these very bytes, and the compressed ones are others.
void weaken_etag(Headers& headers) {
  const auto tag = headers.find("etag");
  if (!tag || !tag->starts_with('"')) return;
  Headers changed;
  for (const auto& [name, value] : headers) {
    if (ascii::is_same_word(name, "etag")) {
      changed.add(name, "W/" + std::string(value));
    } else {
      changed.add(name, value);
    }
  }
  headers = std::move(changed);
}

}  // namespace

Coding accepted_coding(const Headers& request) {
  Weights weights;
  for (const auto& [name, value] : request) {
    if (!ascii::is_same_word(name, "accept-encoding")) continue;
    for (std::string_view rest = value; !rest.empty();) read_item(cut_off(rest, ','), weights);
  }
  struct Choice {
    Coding coding;
    int weight;
  };
  const int others = weights.others.value_or(0);
  // An unnamed identity is acceptable, but less so than anything that was asked for.
  Choice best{Coding::identity, weights.identity.value_or(1)};
  for (const Choice& choice : {Choice{Coding::deflate, weights.deflate.value_or(others)},
                               Choice{Coding::gzip, weights.gzip.value_or(others)},
                               Choice{Coding::br, weights.br.value_or(others)}}) {
    if (choice.weight > 0 && choice.weight >= best.weight) best = choice;
  }
  return best.coding;
}

void apply_coding(HttpResponse& response, Coding accepted, int level) {
  if (level == 0 || !is_text(response)) return;
  const Said said = said_by(response.headers);
  if (said.is_fixed) return;
  if (!said.has_reasons) response.headers.add("Vary", "Accept-Encoding");
  if (response.body.size() < kCompressedBodyBytesMin) return;
  Compressed smaller = compressed(response.body, accepted, level);
  if (!smaller.body) return;
  response.body = std::move(*smaller.body);
  response.headers.add("Content-Encoding", smaller.name);
  weaken_etag(response.headers);
}

}  // namespace spreadable::detail
