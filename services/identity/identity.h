// services/identity/identity.h: a node's own key, and what it proves to other nodes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "core/mutex.h"
#include "core/node.h"
#include "core/scheduler.h"
#include "core/service.h"
#include "core/signatures.h"
#include "services/identity/challenges.h"
#include "services/identity/key.h"
#include "services/identity/key_book.h"

namespace spreadable {

/// An Ed25519 key for each node, kept in its storage, so that a node is more than the ip it sends
/// from. The node shows it, in a signed record, at `GET /identity`.
///
/// A request whose ip is not that of the address it names is refused with a challenge
/// (wire::kChallenge); a node of ours signs that together with the request and sends it again, and
/// signs the following ones at once. The receiver believes a key that it has seen at the address
/// itself. It looks an unknown one up behind the scenes, at most kLookUpsMax each second whatever
/// strangers send, so the first such requests of a node are refused. A signature covers method,
/// path, body, both addresses, the root, our own header fields, the challenge and a count: it is of
/// no use elsewhere, nor a second time.
///
/// Answers are signed for an action that wants it (NetworkAction::has_signed_answers); what they
/// are believed against is again the key at the address asked.
/// Thread-safe. Source: design.md, section 8; reliability S11.
class Identity : public Service, public Signatures {
 public:
  static constexpr const char* kName = "identity";
  static constexpr std::size_t kLookUpsMax = 16;
  /// Peers that have asked for signatures; over it one of them has to ask again.
  static constexpr std::size_t kAskersMax = 4096;

  Identity() : Service(kName) {}

  void declare_routes(Router& router) override;
  /// Loads the key, or makes and stores one. Errc::io when it can't be stored.
  [[nodiscard]] Result<void> init() override;
  void deinit() override;
  /// Forgets the key; the next start makes another.
  void destroy() override;

  /// The node's own public key. Requires: init() has run.
  [[nodiscard]] PublicKey key() const;
  /// The key seen at `address`, if any.
  [[nodiscard]] std::optional<PublicKey> key_of(const Address& address) const;
  /// Signs a text of an extension or action. `purpose` says what for, so that no signature can be
  /// taken for another's; it has no line breaks. Requires: init() has run.
  [[nodiscard]] std::string sign_text(std::string_view purpose, std::string_view text) const;
  /// Whether sign_text of the owner of `key` made `signature`.
  [[nodiscard]] static bool is_signed_text(const PublicKey& key, std::string_view purpose,
                                           std::string_view text, std::string_view signature);

  [[nodiscard]] bool is_required() const override;
  [[nodiscard]] Result<void> check(CallContext& call) override;
  void sign_answer(const HttpRequest& request, HttpResponse& response) override;
  void sign(TransportRequest& request) override;
  [[nodiscard]] bool is_asked(const TransportRequest& request,
                              const TransportReply& reply) override;
  void ask_for_signature(TransportRequest& request) override;
  [[nodiscard]] Result<void> check_answer(const TransportRequest& request,
                                          const TransportReply& reply) override;

 private:
  /// What a peer wants signed, and how often that has been done.
  struct Asker {
    std::string challenge;
    std::uint64_t count = 0;
  };

  [[nodiscard]] Result<PrivateKey> load_key();
  [[nodiscard]] std::shared_ptr<const PrivateKey> private_key() const;
  [[nodiscard]] Result<void> check_signature(const CallContext& call);
  Duration look_up();

  std::unique_ptr<Scheduler::Task> task_;
  mutable Mutex mutex_;
  std::shared_ptr<const PrivateKey> key_ SPREADABLE_GUARDED_BY(mutex_);
  KeyBook keys_ SPREADABLE_GUARDED_BY(mutex_);
  Challenges challenges_ SPREADABLE_GUARDED_BY(mutex_);
  std::unordered_map<Address, Asker> askers_ SPREADABLE_GUARDED_BY(mutex_);
};

}  // namespace spreadable
