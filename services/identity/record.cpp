#include "services/identity/record.h"

#include "core/schema.h"

namespace spreadable {
namespace {

constexpr std::size_t kFeaturesBytesMax = 1024;

const Schema& record_schema() {
  static const Schema record =
      schema::object({{"address", schema::address()},
                      {"key", schema::string({.bytes_max = 64})},
                      {"features", schema::string({.bytes_max = kFeaturesBytesMax})},
                      {"signature", schema::string({.bytes_max = 128})}},
                     schema::Keys::strict);
  return record;
}

std::string signed_text(std::string_view address, std::string_view key, std::string_view features) {
  std::string text = "spreadable-record-1";
  for (const std::string_view part : {address, key, features}) (text += '\n') += part;
  return text;
}

}  // namespace

Json NodeRecord::sign(const Address& address, const PrivateKey& key, std::string_view features) {
  const std::string own = key.public_key().text();
  return {{"address", address.text()},
          {"key", own},
          {"features", features},
          {"signature", key.sign(signed_text(address.text(), own, features))}};
}

Result<NodeRecord> NodeRecord::parse(const Json& json) {
  if (const Result<void> passed = record_schema().check(json); !passed) {
    return Error{Errc::bad_response, "node record: " + passed.error().message, {}};
  }
  const auto text = [&](const char* name) -> const std::string& {
    return json[name].get_ref<const std::string&>();
  };
  const auto key = PublicKey::parse(text("key"));
  if (!key || !key->verifies(signed_text(text("address"), text("key"), text("features")),
                             text("signature"))) {
    return Error{Errc::bad_response, "node record: it is not signed by the key that it names", {}};
  }
  return NodeRecord{*Address::parse(text("address")), *key};
}

}  // namespace spreadable
