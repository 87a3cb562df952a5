#include "services/net/detail/exchange.h"

#include <algorithm>

#include "core/ascii.h"
#include "core/assert.h"
#include "core/ip.h"

namespace spreadable::detail {
namespace {

bool is_line_safe(std::string_view text) {
  return text.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos;
}

bool is_target_safe(std::string_view path) {
  return path.starts_with('/') && std::none_of(path.begin(), path.end(), [](char byte) {
           return static_cast<unsigned char>(byte) <= 0x20 || byte == 0x7f;
         });
}

Error unwritable(const TransportRequest& request, std::string_view what) {
  return {
      .code = Errc::invalid_argument,
      .message = "cannot write a request to \"" + request.to.text() + "\": " + std::string(what)};
}

Error timed_out(const Address& peer) {
  return {.code = Errc::timed_out, .message = "no answer from " + peer.text() + " in time"};
}

Result<void> check(const TransportRequest& request) {
  if (request.to.is_empty()) return unwritable(request, "the address is empty");
  if (request.method == Method::other) return unwritable(request, "the method has no name");
  if (!is_target_safe(request.path)) return unwritable(request, "the path is no path");
  if (request.authority.find('\0') != std::string::npos) {
    return unwritable(request, "the file of authorities has no name");
  }
  for (const auto& [name, value] : request.headers) {
    if (name.empty() || !is_line_safe(name) || !is_line_safe(value)) {
      return unwritable(request, "a header would break its line");
    }
  }
  return {};
}

}  // namespace

void HeaderLines::add(std::string_view name, std::string_view value) {
  starts_.push_back(text_.size());
  text_ += name;
  // libcurl reads `name:` as "leave this header out" and `name;` as an empty value.
  if (value.empty()) {
    text_ += ';';
  } else {
    text_ += ": ";
    text_ += value;
  }
  text_ += '\0';
}

void HeaderLines::leave_out(std::string_view name) {
  starts_.push_back(text_.size());
  text_ += name;
  text_ += ':';
  text_ += '\0';
}

curl_slist* HeaderLines::list() {
  nodes_.resize(starts_.size());
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    nodes_[i].data = text_.data() + starts_[i];
    nodes_[i].next = i + 1 < nodes_.size() ? &nodes_[i + 1] : nullptr;
  }
  return nodes_.data();
}

Result<void> Exchange::prepare(const TransportRequest& request) {
  if (auto writable = check(request); !writable) return writable;
  to = request.to;
  method = request.method;
  work = request.work;
  reply_bytes_max = request.reply_bytes_max;
  body = request.body;
  is_tls = request.is_tls;
  authority = request.authority;
  is_public_only = request.is_public_only;
  url = (request.is_tls ? "https://" : "http://") + to.text() + request.path;

  bool has_type = false;
  for (const auto& [field, value] : request.headers) {
    headers.add(field, value);
    has_type = has_type || ascii::is_same_word(field, "content-type");
  }
  if (!has_type) headers.leave_out("Content-Type");
  headers.leave_out("Expect");  // waiting for `100 Continue` would cost a round trip
  prepare_way();
  return {};
}

void Exchange::prepare_way() {
  const std::string_view host = to.host();
  const auto ip = IpAddress::parse(host);
  const bool is_here = host == "localhost" || (ip && ip->is_loopback());
  // Within a machine, compressing takes many times as long as the bytes that it saves.
  if (is_here) ask_plain();
  if (host == "localhost") {
    connect_to_ip(IpAddress::loopback());
  } else if (!ip) {
    name = host;
  }
  if (ip) target = ip;
}

void Exchange::ask_plain() {
  headers.add("Accept-Encoding", "identity");
  is_plain = true;
}

void Exchange::forget_answer() {
  abort = Abort::none;
  header_bytes = 0;
  is_header_complete = false;
  reply = {};
}

void Exchange::connect_to_ip(const IpAddress& ip) {
  target = ip;
  // "any host, any port: this host, same port"
  connect_to = ip.is_v4() ? "::" + ip.text() + ":" : "::[" + ip.text() + "]:";
}

curl_slist* Exchange::connect_to_list() {
  if (connect_to.empty()) return nullptr;
  connect_to_node = {.data = connect_to.data(), .next = nullptr};
  return &connect_to_node;
}

RequestGroup::RequestGroup(std::span<const TransportRequest> requests, Deadline deadline)
    : deadline_(deadline), exchanges_(requests.size()), results_(requests.size()), left_(0) {
  for (std::size_t slot = 0; slot < requests.size(); ++slot) {
    Exchange& exchange = exchanges_[slot];
    exchange.group = this;
    exchange.slot = slot;
    if (auto prepared = exchange.prepare(requests[slot]); prepared) {
      ++left_;
    } else {
      exchange.state = Exchange::State::done;
      results_[slot] = prepared.error();
    }
  }
}

void RequestGroup::settle(std::size_t slot, Result<TransportReply> result) {
  {
    const MutexLock lock(mutex_);
    if (is_closed_) return;
    SPREADABLE_ASSERT(!results_[slot] && left_ > 0);
    results_[slot] = std::move(result);
    if (--left_ > 0) return;
  }
  all_settled_.notify_one();  // not under the mutex, which the caller takes first when it wakes
}

bool RequestGroup::wait(const Clock& clock) {
  const MutexLock lock(mutex_);
  while (left_ > 0) {
    const Duration remaining = deadline_.remaining(clock);
    if (remaining == Duration::zero()) return false;
    all_settled_.wait_for(mutex_, remaining);
  }
  return true;
}

std::vector<Result<TransportReply>> RequestGroup::take() {
  std::vector<Result<TransportReply>> taken;
  taken.reserve(exchanges_.size());
  const MutexLock lock(mutex_);
  is_closed_ = true;
  for (std::size_t slot = 0; slot < results_.size(); ++slot) {
    if (results_[slot]) {
      taken.push_back(std::move(*results_[slot]));
    } else {
      taken.push_back(timed_out(exchanges_[slot].to));
    }
  }
  return taken;
}

}  // namespace spreadable::detail
