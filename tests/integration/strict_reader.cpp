#include "tests/integration/strict_reader.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>

namespace spreadable {
namespace {

constexpr std::size_t kBodyBytesMax = 512'000;
constexpr std::size_t kHeadBytes = 16'384;
constexpr std::size_t kFields = 100;
constexpr std::size_t kChunkLineBytes = 256;
constexpr std::size_t kTrailerBytes = 4'096;
constexpr std::string_view kToken =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$%&'*+-.^_`|~";
constexpr std::string_view kHost =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~!$&'()*+,;=:[]%";

enum class Part { whole, unfinished, refused };

bool consists_of(std::string_view text, std::string_view bytes) {
  return text.find_first_not_of(bytes) == std::string_view::npos;
}

/// Neither control bytes nor DEL, tabs excepted.
bool is_clean(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return c == '\t' || (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f);
  });
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

/// The lines of `text`, which ends in CR LF; nothing when one has a bare CR or LF in it.
std::optional<std::vector<std::string_view>> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const auto end = text.find("\r\n");
    const std::string_view line = text.substr(0, end);
    if (line.find_first_of("\r\n") != std::string_view::npos) return std::nullopt;
    lines.push_back(line);
    text.remove_prefix(end + 2);
  }
  return lines;
}

using Fields = std::multimap<std::string, std::string>;

std::optional<Fields> fields_of(const std::vector<std::string_view>& lines) {
  Fields fields;
  for (const std::string_view line : lines) {
    const auto colon = line.find(':');
    if (colon == std::string_view::npos || colon == 0) return std::nullopt;
    const std::string_view name = line.substr(0, colon);
    const std::string_view value = trimmed(line.substr(colon + 1));
    if (!consists_of(name, kToken) || !is_clean(value)) return std::nullopt;
    fields.emplace(lower(name), value);
  }
  return fields;
}

bool is_target(std::string_view target, std::string_view method) {
  const bool is_printable = std::all_of(target.begin(), target.end(),
                                        [](char c) { return c > 0x20 && c < 0x7f && c != '#'; });
  if (target.empty() || !is_printable) return false;
  if (target.front() == '/' || (target == "*" && method == "OPTIONS")) return true;
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!lower(target).starts_with(scheme)) continue;
    const std::string_view rest = target.substr(scheme.size());
    return rest.empty() || (rest.front() != '/' && rest.front() != '?');
  }
  return false;
}

/// One request out of `bytes`, which it is taken off.
class Request {
 public:
  explicit Request(std::string_view& bytes) : bytes_(bytes) {}

  Part read() {
    const auto end = bytes_.find("\r\n\r\n");
    const bool has_end = end != std::string_view::npos;
    if ((has_end ? end + 4 : bytes_.size()) > kHeadBytes) return Part::refused;
    if (!has_end) return Part::unfinished;
    const auto lines = lines_of(bytes_.substr(0, end + 2));
    bytes_.remove_prefix(end + 4);
    if (!lines || !read_line(lines->front()) || lines->size() - 1 > kFields) return Part::refused;
    const auto fields = fields_of({lines->begin() + 1, lines->end()});
    if (!fields) return Part::refused;
    fields_ = *fields;
    return read_framing();
  }

  std::string method;
  bool ends_connection = false;

 private:
  bool read_line(std::string_view line) {
    const auto first = line.find(' ');
    const auto last = line.rfind(' ');
    if (first == std::string_view::npos || first == last) return false;
    method = line.substr(0, first);
    const std::string_view version = line.substr(last + 1);
    is_old_ = version == "HTTP/1.0";
    return !method.empty() && consists_of(method, kToken) && (is_old_ || version == "HTTP/1.1") &&
           is_target(line.substr(first + 1, last - first - 1), method);
  }

  Part read_framing() {
    const std::size_t hosts = fields_.count("host");
    const std::size_t lengths = fields_.count("content-length");
    const std::size_t codings = fields_.count("transfer-encoding");
    if (hosts > 1 || lengths + codings > 1 || (hosts == 0 && !is_old_)) return Part::refused;
    if (hosts == 1 && !consists_of(fields_.find("host")->second, kHost)) return Part::refused;
    ends_connection =
        has_connection_word("close") || (is_old_ && !has_connection_word("keep-alive"));
    if (codings == 1) {
      const bool is_chunked = lower(fields_.find("transfer-encoding")->second) == "chunked";
      return is_chunked && !is_old_ ? read_chunks() : Part::refused;
    }
    return lengths == 1 ? read_length(fields_.find("content-length")->second) : Part::whole;
  }

  [[nodiscard]] bool has_connection_word(std::string_view word) const {
    const auto [from, to] = fields_.equal_range("connection");
    return std::any_of(from, to, [&](const auto& field) {
      std::string_view list = field.second;
      for (bool is_last = false; !is_last;) {
        const auto comma = list.find(',');
        is_last = comma == std::string_view::npos;
        if (lower(trimmed(list.substr(0, comma))) == word) return true;
        if (!is_last) list.remove_prefix(comma + 1);
      }
      return false;
    });
  }

  Part read_length(std::string_view text) {
    if (text.empty() || !consists_of(text, "0123456789")) return Part::refused;
    text.remove_prefix(std::min(text.find_first_not_of('0'), text.size()));
    if (text.size() > 6) return Part::refused;
    const std::size_t length = text.empty() ? 0 : std::stoul(std::string(text));
    if (length > kBodyBytesMax) return Part::refused;
    if (length > bytes_.size()) return Part::unfinished;
    bytes_.remove_prefix(length);
    return Part::whole;
  }

  /// The next line, of `bytes_max` bytes with its end; its content is in `line_`.
  Part cut_line(std::size_t bytes_max) {
    const auto end = bytes_.find('\n');
    const std::size_t size = end == std::string_view::npos ? bytes_.size() : end + 1;
    if (size > bytes_max) return Part::refused;
    if (end == std::string_view::npos) return Part::unfinished;
    if (end == 0 || bytes_[end - 1] != '\r') return Part::refused;
    line_ = bytes_.substr(0, end - 1);
    bytes_.remove_prefix(end + 1);
    return is_clean(line_) ? Part::whole : Part::refused;
  }

  Part read_chunks() {
    std::size_t total = 0;
    for (;;) {
      if (const Part part = cut_line(kChunkLineBytes); part != Part::whole) return part;
      std::string_view digits = line_.substr(0, line_.find(';'));
      if (digits.empty() || !consists_of(digits, "0123456789abcdefABCDEF")) return Part::refused;
      digits.remove_prefix(std::min(digits.find_first_not_of('0'), digits.size()));
      if (digits.size() > 6) return Part::refused;
      const std::size_t size = digits.empty() ? 0 : std::stoul(std::string(digits), nullptr, 16);
      if (size == 0) return read_trailers();
      total += size;
      if (total > kBodyBytesMax) return Part::refused;
      if (size > bytes_.size()) return Part::unfinished;
      bytes_.remove_prefix(size);
      if (const Part part = cut_line(kChunkLineBytes); part != Part::whole) return part;
      if (!line_.empty()) return Part::refused;
    }
  }

  Part read_trailers() {
    std::size_t left = kTrailerBytes;
    for (;;) {
      const std::size_t before = bytes_.size();
      const Part part = cut_line(std::min(left, kChunkLineBytes));
      left -= std::min(left, before - bytes_.size());
      if (part != Part::whole || line_.empty()) return part;
      if (!fields_of({line_})) return Part::refused;
    }
  }

  std::string_view& bytes_;
  bool is_old_ = false;
  Fields fields_;
  std::string_view line_;
};

}  // namespace

StrictReading read_strictly(std::string_view bytes) {
  StrictReading reading;
  for (;;) {
    while (bytes.starts_with("\r\n")) bytes.remove_prefix(2);
    if (bytes.empty()) return reading;
    Request request(bytes);
    const Part part = request.read();
    reading.is_refused = part == Part::refused;
    if (part != Part::whole) return reading;
    reading.methods.push_back(request.method);
    if (request.ends_connection) return reading;
  }
}

}  // namespace spreadable
