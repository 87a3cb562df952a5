// services/identity/record.h: what a node says of itself under its key.
#pragma once

#include <string>
#include <string_view>

#include "core/address.h"
#include "core/json.h"
#include "core/result.h"
#include "services/identity/key.h"

namespace spreadable {

/// A node's statement that its key speaks for an address. Anybody may hand it on, and it proves
/// that the owner of the key said so; that the address agrees shows only where it is fetched from
/// the address itself.
struct NodeRecord {
  Address address;
  PublicKey key;

  /// `{"address", "key", "features", "signature"}`.
  [[nodiscard]] static Json sign(const Address& address, const PrivateKey& key,
                                 std::string_view features);
  /// Errc::bad_response when it is not such an object, or not signed by the key in it.
  [[nodiscard]] static Result<NodeRecord> parse(const Json& json);
};

}  // namespace spreadable
