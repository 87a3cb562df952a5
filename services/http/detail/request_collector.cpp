#include "services/http/detail/request_collector.h"

#include "core/assert.h"
#include "services/http/detail/text.h"

namespace spreadable::detail {
namespace {

constexpr std::string_view kHeadEnd = "\r\n\r\n";
constexpr std::string_view kLineEnd = "\r\n";

}  // namespace

RequestCollector::State RequestCollector::feed(std::string_view bytes) {
  SPREADABLE_ASSERT(state_ != State::complete && state_ != State::refused);
  const bool is_held = !input_.empty();
  if (is_held) input_.append(bytes);
  std::string_view rest = is_held ? std::string_view(input_) : bytes;
  if (state_ == State::empty || state_ == State::head) rest.remove_prefix(read_head(rest));
  if (state_ == State::body) rest.remove_prefix(read_body(rest));
  if (state_ == State::refused) return state_;
  if (is_held && rest.empty()) {
    std::string().swap(input_);
  } else if (is_held) {
    input_.erase(0, input_.size() - rest.size());
  } else {
    input_.assign(rest);
  }
  return state_;
}

/// Bytes up to the end of the head; npos when it has not come.
std::size_t RequestCollector::find_head_end(std::string_view bytes) const {
  const std::size_t from = searched_ < kHeadEnd.size() ? 0 : searched_ - (kHeadEnd.size() - 1);
  const auto end = detail::find_head_end(bytes, from);
  return end == std::string_view::npos ? end : end + kHeadEnd.size();
}

std::size_t RequestCollector::read_head(std::string_view bytes) {
  std::size_t skipped = 0;
  // RFC 9112 section 2.2: some senders put an empty line before a request.
  while (bytes.substr(skipped).starts_with(kLineEnd)) skipped += kLineEnd.size();
  bytes.remove_prefix(skipped);
  if (skipped > 0) searched_ = 0;
  if (bytes.empty()) {
    state_ = State::empty;
    return skipped;
  }
  const std::size_t size = find_head_end(bytes);
  const bool has_come = size != std::string_view::npos;
  if ((has_come ? size : bytes.size()) > limits_.head_bytes_max) {
    refuse(431, "the request head is too large");
    return skipped;
  }
  if (!has_come) {
    state_ = State::head;
    searched_ = bytes.size();
    return skipped;
  }
  searched_ = 0;
  auto head = parse_head(bytes.substr(0, size));
  if (!head) {
    refuse(head.error().code == Errc::too_large ? 431 : 400, head.error().message);
    return skipped + size;
  }
  head_ = std::move(*head);
  framing_ = BodyFraming(head_, limits_.body_bytes_max);
  wishes_continue_ = head_.expects_continue;
  state_ = State::body;
  return skipped + size;
}

Result<RequestHead> RequestCollector::parse_head(std::string_view text) const {
  if (heads_) return heads_->read(text, limits_.head_fields_max);
  return parse_request_head(text, limits_.head_fields_max);
}

std::size_t RequestCollector::read_body(std::string_view bytes) {
  const std::size_t used = framing_.feed(bytes, body_);
  if (used > 0) wishes_continue_ = false;
  switch (framing_.state()) {
    case BodyFraming::State::more:
      break;
    case BodyFraming::State::complete:
      state_ = State::complete;
      break;
    case BodyFraming::State::malformed:
      refuse(400, "the chunks of the body are malformed");
      break;
    case BodyFraming::State::too_large:
      refuse(413, "request entity too large");
      break;
  }
  return used;
}

bool RequestCollector::take_continue_wish() {
  return std::exchange(wishes_continue_, false) && state_ == State::body;
}

HttpRequest RequestCollector::take() {
  SPREADABLE_ASSERT(state_ == State::complete);
  HttpRequest request;
  request.method = head_.method;
  request.path = std::move(head_.path);
  request.query = std::move(head_.query);
  request.headers = std::move(head_.headers);
  request.body = std::exchange(body_, {});
  head_ = RequestHead();
  state_ = State::empty;
  if (!input_.empty()) feed(std::exchange(input_, {}));
  return request;
}

void RequestCollector::refuse(int status, std::string message) {
  state_ = State::refused;
  refusal_ = {status, std::move(message)};
  std::string().swap(input_);
  std::string().swap(body_);
}

}  // namespace spreadable::detail
