// services/net/detail/exchange.h: one request on its way, and the group it belongs to.
#pragma once

#include <array>
#include <cstddef>
#include <list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/ip.h"
#include "core/mutex.h"
#include "core/transport.h"
#include "services/net/detail/curl_library.h"

namespace spreadable::detail {

class RequestGroup;
struct PeerQueue;

struct CurlEasyDeleter {
  void operator()(CURL* handle) const { curl().easy_cleanup(handle); }
};

/// One of libcurl's easy handles. It writes to the text, so the object must stay where it is.
struct CurlEasy {
  std::unique_ptr<CURL, CurlEasyDeleter> handle;
  std::array<char, CURL_ERROR_SIZE> error_text{};  ///< libcurl's own words for what went wrong
};

/// Header lines as libcurl wants them: a list of text. Kept in one piece of memory.
class HeaderLines {
 public:
  void add(std::string_view name, std::string_view value);
  /// Keeps libcurl from adding `name` of its own accord.
  void leave_out(std::string_view name);
  /// Valid until the next change. Read only by libcurl.
  [[nodiscard]] curl_slist* list();

 private:
  std::string text_;  ///< the lines, each with its NUL
  std::vector<std::size_t> starts_;
  std::vector<curl_slist> nodes_;
};

/// One request, from the copy of it to its result. Written by the caller until it is submitted, and
/// by the event loop from then on.
struct Exchange {
  enum class State { submitted, naming, queued, active, done };
  enum class Abort { none, too_large, header_too_large, inflated, not_public };

  RequestGroup* group = nullptr;
  std::size_t slot = 0;

  Address to;
  Method method = Method::post;
  WorkClass work = WorkClass::leaf;
  std::size_t reply_bytes_max = 0;
  std::string url;
  bool is_tls = false;
  std::string authority;  ///< path of the file with those to believe; empty: the system's
  std::string body;
  HeaderLines headers;
  std::string name;  ///< to be looked up before connecting; empty when there is nothing to do
  std::optional<IpAddress> target;  ///< where to connect, once it is known
  bool is_public_only = false;
  std::string connect_to;  ///< instead of the URL's host, in libcurl's form; or empty
  curl_slist connect_to_node{};

  State state = State::submitted;
  std::unique_ptr<CurlEasy> easy;        ///< while active
  PeerQueue* peer = nullptr;             ///< while queued or active
  std::list<Exchange*>::iterator place;  ///< while queued
  bool is_retry = false;                 ///< sent again, on a new connection
  bool is_plain = false;                 ///< no compressed answer is asked for
  Abort abort = Abort::none;             ///< why we broke off ourselves
  int socket_error = 0;                  ///< errno, when the system gave us no socket
  std::size_t header_bytes = 0;
  bool is_header_complete = false;  ///< the blank line after it has come
  TransportReply reply;

  /// Copies `request` into the form that libcurl takes. Errc::invalid_argument when it has none.
  [[nodiscard]] Result<void> prepare(const TransportRequest& request);
  /// Settles what depends on where the peer is.
  void prepare_way();
  /// Asks for an answer that is not compressed.
  void ask_plain();
  /// Forgets what has come of an answer, so that another may come.
  void forget_answer();
  /// Where to connect for the URL's host.
  void connect_to_ip(const IpAddress& ip);
  /// As libcurl wants it; nullptr for the URL's host itself.
  [[nodiscard]] curl_slist* connect_to_list();
};

/// The requests of one request_group call and their results. Held by the caller and the event loop
/// together, since the caller leaves at its deadline while the loop still has to take down what is
/// under way, and neither knows who is last.
class RequestGroup {
 public:
  RequestGroup(std::span<const TransportRequest> requests, Deadline deadline);
  RequestGroup(const RequestGroup&) = delete;
  RequestGroup& operator=(const RequestGroup&) = delete;

  [[nodiscard]] Deadline deadline() const { return deadline_; }
  /// One for each request, in order; those that could not be prepared are done. For the event loop.
  [[nodiscard]] std::span<Exchange> exchanges() { return exchanges_; }

  /// Gives `slot` its result. Ignored after take().
  void settle(std::size_t slot, Result<TransportReply> result);
  /// Whether all slots were settled before the deadline passed.
  [[nodiscard]] bool wait(const Clock& clock);
  /// Closes the group. Slots without a result get Errc::timed_out.
  [[nodiscard]] std::vector<Result<TransportReply>> take();

  std::size_t live = 0;  ///< exchanges the event loop still holds; touched by the loop alone
  std::list<std::shared_ptr<RequestGroup>>::iterator place;  ///< in the event loop's list

 private:
  const Deadline deadline_;
  std::vector<Exchange> exchanges_;
  Mutex mutex_;
  Condition all_settled_;
  std::vector<std::optional<Result<TransportReply>>> results_ SPREADABLE_GUARDED_BY(mutex_);
  std::size_t left_ SPREADABLE_GUARDED_BY(mutex_);
  bool is_closed_ SPREADABLE_GUARDED_BY(mutex_) = false;
};

}  // namespace spreadable::detail
