#include "services/identity/identity.h"

#include <charconv>
#include <utility>
#include <vector>

#include "core/assert.h"
#include "core/base64.h"
#include "core/secret.h"
#include "core/wire.h"
#include "services/identity/record.h"
#include "services/identity/signed_text.h"

namespace spreadable {
namespace {

constexpr std::string_view kKeyName = "identityKey";
constexpr const char* kPath = "/identity";
constexpr std::size_t kNumberBytes = 18;          // of multiples of three base64 makes no padding
constexpr Duration kIdle = std::chrono::days{1};  // the task runs when it is woken
constexpr Duration kLookUpPause = std::chrono::seconds{1};

/// The parts of `text` between semicolons, if there are `count` of them.
std::optional<std::vector<std::string_view>> split(std::string_view text, std::size_t count) {
  std::vector<std::string_view> parts;
  while (parts.size() + 1 < count) {
    const std::size_t end = text.find(';');
    if (end == std::string_view::npos) return std::nullopt;
    parts.push_back(text.substr(0, end));
    text.remove_prefix(end + 1);
  }
  if (text.find(';') != std::string_view::npos) return std::nullopt;
  parts.push_back(text);
  return parts;
}

std::string url_of(const HttpRequest& request) {
  return request.query.empty() ? request.path : request.path + "?" + request.query;
}

std::string purpose_text(std::string_view purpose, std::string_view text) {
  return "spreadable-text-1\n" + std::string(purpose) + "\n" + std::string(text);
}

Error unproven(const CallContext& call, const char* why) {
  return {Errc::denied, "Address \"" + call.client_address.text() + "\" is not proven: " + why, {}};
}

Error unsigned_answer(const TransportRequest& request, const char* why) {
  return {Errc::bad_response, request.to.text() + ": " + why, {}};
}

}  // namespace

void Identity::declare_routes(Router& router) {
  router.add(Method::get, kPath, WorkClass::leaf, [this](CallContext&) -> Result<Json> {
    const auto own = private_key();
    if (!own) return Error{Errc::overloaded, "the node is starting", {}};
    return NodeRecord::sign(node().address(), *own, wire::kOwnFeatures);
  });
  node().set_signatures(*this);
}

Result<PrivateKey> Identity::load_key() {
  DataStore& data = node().database().data();
  const auto stored = data.get(kKeyName);
  if (!stored) return stored.error();
  if (*stored && !(*stored)->empty()) {
    if (auto key = PrivateKey::parse(**stored)) return std::move(*key);
    node().logger().error("identity: the stored key can't be read; making a new one");
  }
  PrivateKey key = PrivateKey::generate(node().secrets());
  if (Result<void> saved = data.set(kKeyName, key.secret_text()); !saved) return saved.error();
  return key;
}

Result<void> Identity::init() {
  Result<PrivateKey> key = load_key();
  if (!key) return key.error();
  {
    const MutexLock lock(mutex_);
    key_ = std::make_shared<const PrivateKey>(std::move(*key));
  }
  task_ = node().scheduler().start("identity of " + node().address().text(), kIdle,
                                   [this] { return look_up(); });
  return {};
}

void Identity::deinit() {
  task_.reset();
}

void Identity::destroy() {
  if (Result<void> saved = node().database().data().set(kKeyName, ""); !saved) {
    node().logger().error("identity: can't delete the key: " + saved.error().message);
  }
}

std::shared_ptr<const PrivateKey> Identity::private_key() const {
  const MutexLock lock(mutex_);
  return key_;
}

PublicKey Identity::key() const {
  const auto own = private_key();
  SPREADABLE_ASSERT(own);
  return own->public_key();
}

std::optional<PublicKey> Identity::key_of(const Address& address) const {
  const MutexLock lock(mutex_);
  const PublicKey* key = keys_.find(address);
  return key ? std::optional(*key) : std::nullopt;
}

std::string Identity::sign_text(std::string_view purpose, std::string_view text) const {
  SPREADABLE_ASSERT(purpose.find('\n') == std::string_view::npos);
  const auto own = private_key();
  SPREADABLE_ASSERT(own);
  return own->sign(purpose_text(purpose, text));
}

bool Identity::is_signed_text(const PublicKey& key, std::string_view purpose, std::string_view text,
                              std::string_view signature) {
  return purpose.find('\n') == std::string_view::npos &&
         key.verifies(purpose_text(purpose, text), signature);
}

bool Identity::is_required() const {
  return node().options().network.needs_signatures;
}

Result<void> Identity::check(CallContext& call) {
  if (call.client_address.is_empty()) {
    return Error{Errc::denied, "The request names no address", {}};
  }
  Result<void> passed = check_signature(call);
  call.is_signed = passed.has_value();
  if (!passed && wire::has_feature(call.header(wire::kFeatures), wire::kSignatureFeature)) {
    const MutexLock lock(mutex_);
    call.reply_headers.add(wire::kChallenge,
                           challenges_.make(call.client_address, node().clock().now()));
  }
  return passed;
}

Result<void> Identity::check_signature(const CallContext& call) {
  const auto parts = split(call.header(wire::kSignature), 3);
  if (!parts) return unproven(call, "no signature");
  const auto [challenge, count_text, signature] = std::tie((*parts)[0], (*parts)[1], (*parts)[2]);
  std::uint64_t count = 0;
  const auto read =
      std::from_chars(count_text.data(), count_text.data() + count_text.size(), count);
  if (read.ec != std::errc() || read.ptr != count_text.data() + count_text.size()) {
    return unproven(call, "no signature");
  }
  const TimePoint now = node().clock().now();
  std::optional<PublicKey> key;
  {
    const MutexLock lock(mutex_);
    if (!challenges_.is_valid(call.client_address, challenge, now)) {
      return unproven(call, "the challenge is not this node's, or too old");
    }
    if (const PublicKey* known = keys_.find(call.client_address)) key = *known;
  }
  const bool is_right =
      key && key->verifies(signed_text(SignedRequest{.method = call.request.method,
                                                     .path = url_of(call.request),
                                                     .from = call.client_address,
                                                     .to = node().address(),
                                                     .headers = call.request.headers,
                                                     .body = call.request.body,
                                                     .challenge = challenge,
                                                     .count = count_text}),
                           signature);
  const MutexLock lock(mutex_);
  if (!is_right) {
    if (keys_.want(call.client_address, now) && task_) task_->wake();
    return unproven(call, key ? "the signature is not by its key" : "its key is not known yet");
  }
  if (!challenges_.is_valid(call.client_address, challenge, now) ||
      !challenges_.use(call.client_address, challenge, count)) {
    return unproven(call, "the request has come before");
  }
  return {};
}

/// Asks addresses for their keys; strangers decide who is asked, so it is bounded in time.
Duration Identity::look_up() {
  std::vector<Address> wanted;
  {
    const MutexLock lock(mutex_);
    wanted = keys_.take_wanted(kLookUpsMax, node().clock().now());
  }
  if (wanted.empty()) return kIdle;
  std::vector<PeerRequest> requests;
  for (const Address& address : wanted) {
    requests.push_back({.to = address, .path = kPath, .method = Method::get, .is_stamped = false});
  }
  const auto replies = node().outbound().request_group(
      requests, Deadline::after(node().clock(), node().options().request.ping_timeout));
  for (std::size_t i = 0; i < replies.size(); ++i) {
    if (!replies[i]) continue;
    const Result<NodeRecord> record = NodeRecord::parse(replies[i]->body);
    if (!record || record->address != wanted[i]) continue;
    const MutexLock lock(mutex_);
    keys_.note(wanted[i], record->key, node().clock().now());
  }
  return kLookUpPause;
}

void Identity::sign(TransportRequest& request) {
  Asker asker;
  std::shared_ptr<const PrivateKey> own;
  {
    const MutexLock lock(mutex_);
    const auto known = askers_.find(request.to);
    if (known == askers_.end() || !key_) return;
    ++known->second.count;
    asker = known->second;
    own = key_;
  }
  const std::string count = std::to_string(asker.count);
  const std::string signature = own->sign(signed_text(SignedRequest{.method = request.method,
                                                                    .path = request.path,
                                                                    .from = node().address(),
                                                                    .to = request.to,
                                                                    .headers = request.headers,
                                                                    .body = request.body,
                                                                    .challenge = asker.challenge,
                                                                    .count = count}));
  request.headers.set(wire::kSignature, asker.challenge + ";" + count + ";" + signature);
}

bool Identity::is_asked(const TransportRequest& request, const TransportReply& reply) {
  const auto challenge = reply.headers.find(wire::kChallenge);
  // A text of a peer that goes into our headers: challenges are short and have no separators.
  constexpr std::size_t kChallengeBytesMax = 128;
  if (!challenge || challenge->size() > kChallengeBytesMax ||
      challenge->find_first_of(";\r\n") != std::string::npos) {
    return false;
  }
  const auto used = request.headers.find(wire::kSignature);
  const MutexLock lock(mutex_);
  if (!key_) return false;
  const auto known = askers_.find(request.to);
  if (known == askers_.end()) {
    if (askers_.size() >= kAskersMax) askers_.erase(askers_.begin());
    askers_[request.to] = {.challenge = std::string(*challenge)};
  } else if (used && used->starts_with(known->second.challenge + ";")) {
    known->second = {.challenge = std::string(*challenge)};
  }  // else another request has brought a newer one meanwhile
  return true;
}

void Identity::ask_for_signature(TransportRequest& request) {
  request.headers.set(wire::kSignAnswer, base64_encode(node().secrets().bytes(kNumberBytes)));
}

void Identity::sign_answer(const HttpRequest& request, HttpResponse& response) {
  const auto number = request.headers.find(wire::kSignAnswer);
  const auto own = private_key();
  if (!number || !own) return;
  const std::string signature = own->sign(signed_text(SignedAnswer{.path = url_of(request),
                                                                   .from = node().address(),
                                                                   .number = std::string(*number),
                                                                   .status = response.status,
                                                                   .headers = response.headers,
                                                                   .body = response.body}));
  response.headers.set(wire::kSignature, own->public_key().text() + ";" + signature);
}

Result<void> Identity::check_answer(const TransportRequest& request, const TransportReply& reply) {
  const auto number = request.headers.find(wire::kSignAnswer);
  const auto field = reply.headers.find(wire::kSignature);
  const auto parts = split(field.value_or(std::string_view()), 2);
  const auto key = parts ? PublicKey::parse((*parts)[0]) : std::nullopt;
  if (!number || !key) return unsigned_answer(request, "the answer is not signed");
  if (!key->verifies(signed_text(SignedAnswer{.path = request.path,
                                              .from = request.to,
                                              .number = std::string(*number),
                                              .status = reply.status,
                                              .headers = reply.headers,
                                              .body = reply.body}),
                     (*parts)[1])) {
    return unsigned_answer(request, "the signature does not fit the answer");
  }
  const MutexLock lock(mutex_);
  if (!keys_.note(request.to, *key, node().clock().now())) {
    return unsigned_answer(request, "the answer is signed by another key than lately");
  }
  return {};
}

}  // namespace spreadable
