#include "services/identity/signed_text.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <initializer_list>
#include <vector>

#include "core/ascii.h"
#include "core/assert.h"
#include "core/base64.h"
#include "core/wire.h"

namespace spreadable {
namespace {

constexpr std::string_view kOurs = "spreadable-";

std::string digest(std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> bytes{};
  unsigned size = 0;
  SPREADABLE_ASSERT(
      EVP_Digest(text.data(), text.size(), bytes.data(), &size, EVP_sha256(), nullptr) == 1);
  return base64_encode(std::string_view(reinterpret_cast<const char*>(bytes.data()), size));
}

/// The fields of ours and the root, in an order that does not depend on who has handed them on.
std::string fields_of(const Headers& headers) {
  std::vector<std::string> lines;
  for (const auto& [name, value] : headers) {
    std::string line = ascii::lower(name);
    const bool is_ours = line.starts_with(kOurs) && line != wire::kSignature;
    if (is_ours || line == wire::kNodeRoot) lines.push_back(line + ":" + std::string(value) + "\n");
  }
  std::sort(lines.begin(), lines.end());
  std::string text;
  for (const std::string& line : lines) text += line;
  return text;
}

std::string joined(std::initializer_list<std::string_view> parts) {
  std::string text;
  for (const std::string_view part : parts) (text += part) += '\n';
  return text;
}

std::string_view name_of(Method method) {
  return method == Method::post ? "POST" : "GET";
}

}  // namespace

std::string signed_text(const SignedRequest& request) {
  return joined({"spreadable-request-1", name_of(request.method), request.path, request.from.text(),
                 request.to.text(), request.challenge, request.count, digest(request.body)}) +
         fields_of(request.headers);
}

std::string signed_text(const SignedAnswer& answer) {
  return joined({"spreadable-answer-1", answer.path, answer.from.text(), answer.number,
                 std::to_string(answer.status), digest(answer.body)}) +
         fields_of(answer.headers);
}

}  // namespace spreadable
