#include "services/net/detail/curl_loop.h"

#include <pthread.h>

#include <csignal>
#include <mutex>
#include <stdexcept>
#include <utility>

#include "core/assert.h"

namespace spreadable::detail {
namespace {

CURLM* make_multi() {
  CURLM* multi = curl().multi_init();
  if (multi == nullptr) throw std::runtime_error("libcurl does not start");
  return multi;
}

std::uint32_t to_epoll(int what) {
  std::uint32_t events = 0;
  if ((what & CURL_POLL_IN) != 0) events |= EPOLLIN;
  if ((what & CURL_POLL_OUT) != 0) events |= EPOLLOUT;
  return events;
}

int from_epoll(std::uint32_t events) {
  int what = 0;
  if ((events & (EPOLLIN | EPOLLHUP)) != 0) what |= CURL_CSELECT_IN;
  if ((events & EPOLLOUT) != 0) what |= CURL_CSELECT_OUT;
  if ((events & EPOLLERR) != 0) what |= CURL_CSELECT_ERR;
  return what;
}

Error error_at(const Exchange& exchange, Errc code, const char* reason) {
  return {.code = code, .message = "no request to " + exchange.to.text() + ": " + reason};
}

/// Leaf work may have all connections, work that waits only a part, so that leaf work always finds
/// some.
std::array<PeerSlots, kWorkClasses> make_slots(const CurlTransport::Options& options) {
  const auto share = [&](std::size_t divisor) {
    return PeerSlots(std::max<std::size_t>(1, options.connections_total_max / divisor),
                     options.connections_per_peer_max);
  };
  return {share(1), share(CurlTransport::kForwardShare), share(CurlTransport::kClientShare)};
}

}  // namespace

CurlLoop::CurlLoop(const Clock& clock, Resolver& resolver, const CurlTransport::Options& options)
    : clock_(clock),
      options_(options),
      multi_(make_multi()),
      easies_(options_),
      slots_(make_slots(options)),
      names_(options.name_lifetime),
      lookups_(resolver, {options.name_threads_max, options.names_max},
               [this](std::string name, Result<IpAddress> found) {
                 const MutexLock lock(mutex_);
                 leave_word([&](Inbox& inbox) {
                   inbox.names.push_back({std::move(name), std::move(found)});
                 });
               }) {
  const auto connections = static_cast<long>(options.connections_total_max);
  curl().multi_setopt(multi_.get(), CURLMOPT_MAXCONNECTS, connections);
  // The slots keep requests below this; here it makes libcurl close a kept connection for a new.
  curl().multi_setopt(multi_.get(), CURLMOPT_MAX_TOTAL_CONNECTIONS, connections);
  curl().multi_setopt(multi_.get(), CURLMOPT_SOCKETFUNCTION, &CurlLoop::on_socket);
  curl().multi_setopt(multi_.get(), CURLMOPT_SOCKETDATA, this);
  curl().multi_setopt(multi_.get(), CURLMOPT_TIMERFUNCTION, &CurlLoop::on_timer);
  curl().multi_setopt(multi_.get(), CURLMOPT_TIMERDATA, this);
  thread_ = std::jthread([this] { run(); });
  ::pthread_setname_np(thread_.native_handle(), "spread-net");
}

CurlLoop::~CurlLoop() {
  {
    const MutexLock lock(mutex_);
    is_stopping_ = true;
    poller_.wake();
  }
  thread_.join();
  const MutexLock lock(mutex_);
  while (callers_ > 0) all_left_.wait(mutex_);
}

template <class Change>
void CurlLoop::leave_word(Change change) {
  const bool is_first = inbox_.is_empty();
  change(inbox_);
  if (is_first) poller_.wake();  // who left word before has woken the loop already
}

void CurlLoop::submit(const std::shared_ptr<RequestGroup>& group) {
  const MutexLock lock(mutex_);
  ++callers_;
  std::size_t accepted = 0;
  for (Exchange& exchange : group->exchanges()) {
    if (exchange.state == Exchange::State::done) continue;
    if (!is_stopping_ && exchanges_ < options_.requests_max) {
      ++exchanges_;
      ++accepted;
      continue;
    }
    exchange.state = Exchange::State::done;
    group->settle(exchange.slot,
                  is_stopping_ ? error_at(exchange, Errc::cancelled, "shutting down")
                               : error_at(exchange, Errc::overloaded, "too many are under way"));
  }
  if (accepted > 0) leave_word([&](Inbox& inbox) { inbox.submitted.push_back(group); });
}

void CurlLoop::leave(std::shared_ptr<RequestGroup> unsettled) {
  const MutexLock lock(mutex_);
  if (unsettled && !is_stopping_) {
    leave_word([&](Inbox& inbox) { inbox.abandoned.push_back(std::move(unsettled)); });
  }
  if (--callers_ == 0) all_left_.notify_all();
}

void CurlLoop::run() {
  // Signals are for the program's own threads, and OpenSSL writing to a closed socket raises one.
  sigset_t all;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_BLOCK, &all, nullptr);
  while (read_inbox()) {
    do {
      start_waiting();
      run_libcurl_timer();
    } while (read_finished());
    poll();
  }
  cancel_all();
}

void CurlLoop::poll() {
  const bool has_timer = timer_due_ != TimePoint::max();
  const Duration timeout =
      has_timer ? std::max(timer_due_ - clock_.now(), Duration::zero()) : Duration{-1};
  for (const epoll_event& event : poller_.wait(timeout)) {
    int running = 0;
    curl().multi_socket_action(multi_.get(), event.data.fd, from_epoll(event.events), &running);
  }
}

bool CurlLoop::read_inbox() {
  Inbox inbox;
  bool is_stopping = false;
  {
    const MutexLock lock(mutex_);
    std::swap(inbox, inbox_);
    is_stopping = is_stopping_;
  }
  for (const auto& group : inbox.submitted) accept(group);
  for (const NameAnswer& answer : inbox.names) name_arrived(answer.name, answer.found);
  for (const auto& group : inbox.abandoned) drop(group, Errc::timed_out, "the deadline passed");
  return !is_stopping;
}

void CurlLoop::start_waiting() {
  for (PeerSlots& slots : slots_) {
    while (active() < options_.connections_total_max) {
      Exchange* const exchange = slots.next();
      if (exchange == nullptr) break;
      start(*exchange);
    }
  }
}

PeerSlots& CurlLoop::slots_of(const Exchange& exchange) {
  return slots_[static_cast<std::size_t>(exchange.work)];
}

std::size_t CurlLoop::active() const {
  std::size_t sum = 0;
  for (const PeerSlots& slots : slots_) sum += slots.active();
  return sum;
}

void CurlLoop::run_libcurl_timer() {
  if (timer_due_ == TimePoint::max() || clock_.now() < timer_due_) return;
  timer_due_ = TimePoint::max();
  int running = 0;
  curl().multi_socket_action(multi_.get(), CURL_SOCKET_TIMEOUT, 0, &running);
}

bool CurlLoop::read_finished() {
  bool is_any = false;
  int left = 0;
  while (const CURLMsg* message = curl().multi_info_read(multi_.get(), &left)) {
    SPREADABLE_ASSERT(message->msg == CURLMSG_DONE);
    char* owner = nullptr;
    curl().easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &owner);
    auto& exchange = *reinterpret_cast<Exchange*>(owner);
    const CURLcode code = message->data.result;
    is_any = true;
    if (!exchange.is_retry && has_met_stale_connection(exchange, code)) {
      retry(exchange);
    } else if (!exchange.is_plain && inflates_too_much(exchange)) {
      ask_plain(exchange);
    } else {
      finish(exchange, outcome(exchange, code));
    }
  }
  return is_any;
}

void CurlLoop::cancel_all() {
  while (!groups_.empty()) {
    const std::shared_ptr<RequestGroup> group = groups_.front();
    drop(group, Errc::cancelled, "shutting down");
  }
}

void CurlLoop::accept(const std::shared_ptr<RequestGroup>& group) {
  for (const Exchange& exchange : group->exchanges()) {
    if (exchange.state != Exchange::State::done) ++group->live;
  }
  group->place = groups_.insert(groups_.end(), group);
  for (Exchange& exchange : group->exchanges()) {
    if (exchange.state != Exchange::State::done) route(exchange);
  }
}

void CurlLoop::route(Exchange& exchange) {
  if (exchange.name.empty()) return slots_of(exchange).add(exchange);
  if (const auto ip = names_.find(exchange.name, clock_.now())) {
    exchange.connect_to_ip(*ip);
    return slots_of(exchange).add(exchange);
  }
  ask_for_name(exchange);
}

void CurlLoop::ask_for_name(Exchange& exchange) {
  if (!names_.wait(exchange) || lookups_.ask(exchange.name)) return;
  name_arrived(std::string(exchange.name),
               error_at(exchange, Errc::overloaded, "too many names are waiting for an address"));
}

void CurlLoop::name_arrived(const std::string& name, const Result<IpAddress>& found) {
  for (Exchange* exchange : names_.arrive(name, found, clock_.now())) {
    exchange->state = Exchange::State::submitted;
    if (found) {
      exchange->connect_to_ip(*found);
      slots_of(*exchange).add(*exchange);
      continue;
    }
    const bool is_ours = found.error().code == Errc::overloaded;
    finish(*exchange, Error{.code = is_ours ? Errc::overloaded : Errc::unreachable,
                            .message = "no connection to " + exchange->to.text() + ": " +
                                       found.error().message});
  }
}

void CurlLoop::start(Exchange& exchange) {
  if (exchange.group->deadline().has_passed(clock_)) {
    return finish(exchange, error_at(exchange, Errc::timed_out, "no connection was free in time"));
  }
  if (exchange.is_public_only && !(exchange.target && exchange.target->is_public())) {
    return finish(exchange, error_at(exchange, Errc::denied, "its address is not a public one"));
  }
  exchange.easy = easies_.take(exchange);
  if (!exchange.easy ||
      curl().multi_add_handle(multi_.get(), exchange.easy->handle.get()) != CURLM_OK) {
    finish(exchange, error_at(exchange, Errc::overloaded, "out of memory"));
  }
}

void CurlLoop::retry(Exchange& exchange) {
  // libcurl does the same by itself, but counts such ends over the whole life of an easy handle,
  // and gives up at every sixth. Source: Curl_retry_request in libcurl 7.88.
  take_down(exchange);
  exchange.is_retry = true;
  start(exchange);
}

void CurlLoop::ask_plain(Exchange& exchange) {
  take_down(exchange);
  exchange.forget_answer();
  exchange.ask_plain();
  start(exchange);
}

void CurlLoop::take_down(Exchange& exchange) {
  if (!exchange.easy) return;
  curl().multi_remove_handle(multi_.get(), exchange.easy->handle.get());
  easies_.give_back(std::move(exchange.easy));
}

void CurlLoop::drop(const std::shared_ptr<RequestGroup>& group, Errc code, const char* reason) {
  for (Exchange& exchange : group->exchanges()) {
    if (exchange.state != Exchange::State::done) finish(exchange, error_at(exchange, code, reason));
  }
}

void CurlLoop::finish(Exchange& exchange, Result<TransportReply> result) {
  take_down(exchange);
  if (exchange.state == Exchange::State::naming) names_.leave(exchange);
  if (exchange.peer != nullptr) slots_of(exchange).remove(exchange);
  exchange.state = Exchange::State::done;
  --exchanges_;
  RequestGroup& group = *exchange.group;
  group.settle(exchange.slot, std::move(result));
  if (--group.live == 0) groups_.erase(group.place);
}

int CurlLoop::on_socket(CURL* /*handle*/, curl_socket_t fd, int what, void* loop, void* known) {
  auto& self = *static_cast<CurlLoop*>(loop);
  if (what == CURL_POLL_REMOVE) {
    self.poller_.forget(fd);
    return 0;
  }
  self.poller_.watch(fd, to_epoll(what), /*is_known=*/known != nullptr);
  if (known == nullptr) curl().multi_assign(self.multi_.get(), fd, &self);
  return 0;
}

int CurlLoop::on_timer(CURLM* /*multi*/, long millis, void* loop) {
  auto& self = *static_cast<CurlLoop*>(loop);
  self.timer_due_ = millis < 0 ? TimePoint::max() : self.clock_.now() + Millis{millis};
  return 0;
}

}  // namespace spreadable::detail
