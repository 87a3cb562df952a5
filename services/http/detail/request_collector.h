// services/http/detail/request_collector.h: from the bytes of a connection to whole requests.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "core/http.h"
#include "core/result.h"
#include "services/http/detail/body_framing.h"
#include "services/http/detail/head_memory.h"
#include "services/http/request_head.h"

namespace spreadable::detail {

/// Why a request is answered without a handler.
struct Refusal {
  int status = 400;
  std::string message;
};

/// Gathers one request after the other out of the bytes of a connection, however they were cut on
/// the way. Holds no memory while it waits for the first byte of a request. Not thread-safe;
/// whoever has the connection has the collector.
class RequestCollector {
 public:
  struct Limits {
    std::size_t head_bytes_max = kHeadBytesMax;
    std::size_t head_fields_max = kHeadFieldsMax;
    std::size_t body_bytes_max = 0;  ///< as sent, and again inflated
  };
  enum class State {
    empty,     ///< no byte of a request has come
    head,      ///< a part of the head has come
    body,      ///< the head is complete, the body is not
    complete,  ///< a whole request waits for take()
    refused,   ///< refusal() says why; the connection can't be read any further
  };

  /// `heads`, if any, outlives the collector and is used by nobody else meanwhile.
  explicit RequestCollector(Limits limits, HeadMemory* heads = nullptr)
      : limits_(limits), heads_(heads) {}

  [[nodiscard]] State state() const { return state_; }
  /// Takes the next `bytes` of the connection, those of a following request included.
  /// Requires: neither complete nor refused.
  State feed(std::string_view bytes);

  /// Requires: body or complete.
  [[nodiscard]] const RequestHead& head() const { return head_; }
  /// Whether the sender waits for `100 Continue`. True once per request.
  [[nodiscard]] bool take_continue_wish();
  /// Requires: refused.
  [[nodiscard]] const Refusal& refusal() const { return refusal_; }

  /// Hands out the request and goes on with what has already come of the next one: state() tells
  /// how far. The content encoding is still to be undone. Requires: complete.
  [[nodiscard]] HttpRequest take();

  /// Bytes held.
  [[nodiscard]] std::size_t buffered() const { return input_.capacity() + body_.capacity(); }
  [[nodiscard]] std::size_t body_bytes() const { return body_.size(); }

 private:
  [[nodiscard]] std::size_t find_head_end(std::string_view bytes) const;
  [[nodiscard]] std::size_t read_head(std::string_view bytes);
  [[nodiscard]] Result<RequestHead> parse_head(std::string_view text) const;
  [[nodiscard]] std::size_t read_body(std::string_view bytes);
  void refuse(int status, std::string message);

  const Limits limits_;
  HeadMemory* const heads_;
  State state_ = State::empty;
  std::string input_;  ///< bytes not yet understood: a part of a head, or those after a request
  std::size_t searched_ = 0;  ///< bytes of input_ that don't hold the end of the head
  RequestHead head_;
  BodyFraming framing_;
  std::string body_;
  bool wishes_continue_ = false;
  Refusal refusal_;
};

}  // namespace spreadable::detail
