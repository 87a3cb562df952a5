// core/signatures.h: proof by key of who sends a request or an answer.
#pragma once

#include "core/call_context.h"
#include "core/http.h"
#include "core/result.h"
#include "core/transport.h"

namespace spreadable {

/// A port: what a node's requests and answers are signed with, and how those of others are checked.
/// By default a sender is known by its ip, which costs nothing; a signature counts where the ip
/// says nothing (a machine with several of them, a translated one), or everywhere if the operator
/// wants it. A receiver asks for signatures, so nodes that know nothing of them never see one.
/// Implementations (services/identity) are thread-safe, and none of these functions waits for other
/// nodes.
class Signatures {
 public:
  virtual ~Signatures() = default;

  /// Whether a request of another node needs a signature, wherever it comes from.
  [[nodiscard]] virtual bool is_required() const = 0;
  /// Whether the node that `call` names has signed it. If not, Errc::denied, and the reply's
  /// headers ask for a signature.
  [[nodiscard]] virtual Result<void> check(CallContext& call) = 0;
  /// Signs the answer to `request` if that asks for it.
  virtual void sign_answer(const HttpRequest& request, HttpResponse& response) = 0;

  /// Signs `request`, complete but for this, if its receiver has asked for signatures lately.
  virtual void sign(TransportRequest& request) = 0;
  /// Whether `reply` refuses `request` for want of a signature that sign() can now give.
  [[nodiscard]] virtual bool is_asked(const TransportRequest& request,
                                      const TransportReply& reply) = 0;
  /// Makes `request` ask for a signed answer.
  virtual void ask_for_signature(TransportRequest& request) = 0;
  /// Whether `reply`, an answer to such a request, is signed by the key of the node that was asked.
  /// Errc::bad_response says what is wrong.
  [[nodiscard]] virtual Result<void> check_answer(const TransportRequest& request,
                                                  const TransportReply& reply) = 0;
};

}  // namespace spreadable
