#include "core/query.h"

#include <algorithm>

namespace spreadable {
namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

std::string form_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+') {
      out += ' ';
    } else if (text[i] == '%' && i + 2 < text.size() && hex_digit(text[i + 1]) >= 0 &&
               hex_digit(text[i + 2]) >= 0) {
      out += static_cast<char>(hex_digit(text[i + 1]) * 16 + hex_digit(text[i + 2]));
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

bool is_well_encoded(std::string_view text) {
  for (std::size_t i = text.find('%'); i != std::string_view::npos; i = text.find('%', i + 1)) {
    if (i + 2 >= text.size()) return false;
    if (hex_digit(text[i + 1]) < 0 || hex_digit(text[i + 2]) < 0) return false;
  }
  return text.find('%') == std::string_view::npos || is_utf8(form_decoded(text));
}

bool is_utf8(std::string_view text) {
  std::size_t i = 0;
  while (i < text.size()) {
    const auto lead = static_cast<unsigned char>(text[i]);
    std::size_t more = 0;
    char32_t point = lead;
    if (lead >= 0xF0 && lead <= 0xF4) {
      more = 3, point = lead & 0x07U;
    } else if (lead >= 0xE0 && lead < 0xF0) {
      more = 2, point = lead & 0x0FU;
    } else if (lead >= 0xC2 && lead < 0xE0) {
      more = 1, point = lead & 0x1FU;
    } else if (lead >= 0x80) {
      return false;
    }
    if (i + more >= text.size()) return false;
    for (std::size_t k = 1; k <= more; ++k) {
      const auto next = static_cast<unsigned char>(text[i + k]);
      if ((next & 0xC0U) != 0x80) return false;
      point = point << 6 | (next & 0x3FU);
    }
    const bool is_overlong = (more == 2 && point < 0x800) || (more == 3 && point < 0x10000);
    if (is_overlong || (point >= 0xD800 && point <= 0xDFFF) || point > 0x10FFFF) return false;
    i += more + 1;
  }
  return true;
}

std::optional<std::string> query_parameter(std::string_view query, std::string_view name) {
  while (!query.empty()) {
    const std::string_view field = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(field.size() + 1, query.size()));
    const std::size_t equals = std::min(field.find('='), field.size());
    if (form_decoded(field.substr(0, equals)) != name) continue;
    return form_decoded(field.substr(std::min(equals + 1, field.size())));
  }
  return {};
}

}  // namespace spreadable
