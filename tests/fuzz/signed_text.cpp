// What is signed says everything: each part of a request can be read back from its text, so that no
// two requests have the same one. Lines: path, challenge, count, then fields until an empty line;
// then the body.
#include "services/identity/signed_text.h"

#include <vector>

#include "core/ascii.h"
#include "core/wire.h"
#include "services/identity/key.h"
#include "tests/fuzz/fuzz.h"

namespace spreadable {
namespace {

const Address kFrom = *Address::parse("sender.example:1");
const Address kTo = *Address::parse("receiver.example:1");

struct Parts {
  std::string_view path;
  std::string_view challenge;
  std::string_view count;
  Headers headers;
  std::string_view body;

  [[nodiscard]] std::string text(Method method = Method::post) const {
    return signed_text(SignedRequest{.method = method,
                                     .path = path,
                                     .from = kFrom,
                                     .to = kTo,
                                     .headers = headers,
                                     .body = body,
                                     .challenge = challenge,
                                     .count = count});
  }
};

Parts parts_of(std::string_view input) {
  Parts parts;
  parts.path = fuzz::cut_line(input);
  parts.challenge = fuzz::cut_line(input);
  parts.count = fuzz::cut_line(input);
  while (!input.empty()) {
    const std::string_view line = fuzz::cut_line(input);
    if (line.empty()) break;
    const std::size_t colon = std::min(line.find(':'), line.size());
    parts.headers.add(std::string(line.substr(0, colon)),
                      std::string(ascii::trim(line.substr(std::min(colon + 1, line.size())))));
  }
  parts.body = input;
  return parts;
}

bool is_signed_field(std::string_view name) {
  const std::string small = ascii::lower(name);
  return (small.starts_with("spreadable-") && small != wire::kSignature) ||
         small == wire::kNodeRoot;
}

/// The text holds all parts at their places.
void check_readable(const Parts& parts) {
  const std::string text = parts.text();
  std::string_view rest = text;
  SPREADABLE_ASSERT(fuzz::cut_line(rest) == "spreadable-request-1");
  SPREADABLE_ASSERT(fuzz::cut_line(rest) == "POST");
  SPREADABLE_ASSERT(fuzz::cut_line(rest) == parts.path);
  SPREADABLE_ASSERT(fuzz::cut_line(rest) == kFrom.text());
  SPREADABLE_ASSERT(fuzz::cut_line(rest) == kTo.text());
  SPREADABLE_ASSERT(fuzz::cut_line(rest) == parts.challenge);
  SPREADABLE_ASSERT(fuzz::cut_line(rest) == parts.count);
  SPREADABLE_ASSERT(!fuzz::cut_line(rest).empty());  // of the body
  std::size_t fields = 0;
  for (const auto& [name, value] : parts.headers) {
    if (!is_signed_field(name)) continue;
    ++fields;
    const std::string line = ascii::lower(name) + ":" + std::string(value) + "\n";
    SPREADABLE_ASSERT(rest.find(line) != std::string_view::npos);
  }
  SPREADABLE_ASSERT(static_cast<std::size_t>(std::count(rest.begin(), rest.end(), '\n')) == fields);
}

/// A change of any part changes the text.
void check_distinct(const Parts& parts) {
  const std::string text = parts.text();
  const std::string body = std::string(parts.body) + '.';
  Parts other = parts;
  other.body = body;
  SPREADABLE_ASSERT(other.text() != text);
  other = parts;
  other.headers.add("Spreadable-Stand-In-For", "a.example:1");
  SPREADABLE_ASSERT(other.text() != text);
  SPREADABLE_ASSERT(parts.text(Method::get) != text);
  other = parts;
  other.headers.add("spreadable-signature", "x");  // can't sign itself
  SPREADABLE_ASSERT(other.text() == text);
}

void check_key(std::string_view text) {
  static const PrivateKey key = PrivateKey::generate();
  static const std::string signature = key.sign("message");
  const auto parsed = PublicKey::parse(text);
  SPREADABLE_ASSERT(!parsed || parsed->text() == text);
  SPREADABLE_ASSERT(!key.public_key().verifies("message", text));
  SPREADABLE_ASSERT(!key.public_key().verifies(text, signature) || text == "message");
}

}  // namespace

void fuzz::run(std::string_view input) {
  check_key(input.substr(0, input.find('\n')));
  const Parts parts = parts_of(input);
  check_readable(parts);
  check_distinct(parts);
}

}  // namespace spreadable
