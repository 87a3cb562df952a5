// core/call_context.h: one request on its way through a node.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "core/address.h"
#include "core/answer_memory.h"
#include "core/clock.h"
#include "core/http.h"
#include "core/json.h"

namespace spreadable {

/// What a handler knows about the request it answers. Lives as long as the call; used by one
/// thread.
struct CallContext {
  const HttpRequest& request;
  /// The request's body: an object for JSON and urlencoded bodies, an empty object when there is
  /// none. Within a stage of an action (local, merge and their like) it is the query, as the action
  /// is given it: what the protocol adds to that on its way (level, timeout, timestamp) is gone.
  Json body;
  /// When the answer must be ready, cut from the sender's budget or from the node's defaults.
  Deadline deadline;
  IpAddress client_ip;
  /// `original-address` of the caller. Proven to belong to client_ip under /api; elsewhere only a
  /// label.
  Address client_address;
  /// The node calls itself without a socket; such a call has passed every access check.
  bool is_own = false;
  /// The caller is a node or client of ours: it sent wire::kFeatures.
  bool is_native = false;
  /// client_address has signed the request with its key; its ip then says nothing.
  bool is_signed = false;
  /// Whether the answer is signed for a caller that asks for it; a handler may set it.
  bool signs_answer = false;
  /// Headers for the response.
  Headers reply_headers{};
  /// What the answers are allowed that this one is made of; the response keeps it until it has been
  /// sent.
  std::optional<AnswerMemory::Hold> memory{};
  /// About how long the answer is as a text; 0: not known.
  std::size_t answer_bytes = 0;

  /// The header's value, or an empty text.
  [[nodiscard]] std::string_view header(std::string_view name) const {
    return request.headers.find(name).value_or(std::string_view());
  }
};

}  // namespace spreadable
