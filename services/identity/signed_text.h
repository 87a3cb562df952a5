// services/identity/signed_text.h: what exactly is signed. Changing a character here makes another
// protocol.
#pragma once

#include <string>
#include <string_view>

#include "core/address.h"
#include "core/http.h"

namespace spreadable {

/// The parts of a request that its signature covers, beside what `headers` say for themselves: all
/// fields of ours (`spreadable-…`) but the signature, and the root.
struct SignedRequest {
  Method method = Method::get;
  std::string_view path;  ///< with the query
  const Address& from;
  const Address& to;
  const Headers& headers;
  std::string_view body;
  std::string_view challenge;
  std::string_view count;
};
[[nodiscard]] std::string signed_text(const SignedRequest& request);

/// As SignedRequest, of an answer to a request with the field wire::kSignAnswer.
struct SignedAnswer {
  std::string_view path;
  const Address& from;      ///< who answers
  std::string_view number;  ///< the value of that field
  int status = 0;
  const Headers& headers;
  std::string_view body;
};
[[nodiscard]] std::string signed_text(const SignedAnswer& answer);

}  // namespace spreadable
