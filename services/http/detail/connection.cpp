#include "services/http/detail/connection.h"

#include <sys/epoll.h>

#include "services/http/detail/endpoint.h"
#include "services/http/detail/loop_crew.h"
#include "services/http/detail/response_text.h"
#include "services/mux/frame.h"

namespace spreadable::detail {
namespace {

constexpr std::uint32_t kInputEvents = EPOLLIN | EPOLLRDHUP | EPOLLET;
/// Bytes of a connection that are not counted. Source: EventLoop::Options::buffered_bytes_max.
constexpr std::size_t kFreeBytes = 4'096;
/// How long, and for how many bytes, a client may go on sending after it was refused. Closing at
/// once would reset the connection, and the client would not get to read why.
constexpr Millis kLingerTime = std::chrono::seconds{2};
constexpr std::size_t kLingerBytesMax = std::size_t{16} << 20;

}  // namespace

Connection::Connection(Endpoint& endpoint, std::unique_ptr<ByteStream> stream, IpAddress remote)
    : endpoint_(endpoint),
      stream_(std::move(stream)),
      remote_(remote),
      collector_({endpoint.setup().options.head_bytes_max, endpoint.setup().options.head_fields_max,
                  endpoint.setup().body_bytes_max}),
      since_(now()) {}

void Connection::start() {
  EventLoop& loop = endpoint_.setup().loop;
  if (!loop.watch(stream_->descriptor(), kInputEvents, *this)) {
    close();
    return;
  }
  loop.schedule(*this, due());
}

void Connection::cut() {
  if (!stream_) return;
  if (owner_.load(std::memory_order_acquire) == Owner::loop) {
    close();
  } else {
    stream_->break_off();
  }
}

bool Connection::try_evict() {
  if (!stream_ || owner_.load(std::memory_order_acquire) != Owner::loop) return false;
  close();
  return true;
}

std::optional<TimePoint> Connection::idle_since() const {
  if (!stream_ || owner_.load(std::memory_order_acquire) != Owner::loop) return std::nullopt;
  return phase_ == Phase::idle ? std::optional(since_) : std::nullopt;
}

void Connection::on_ready(std::uint32_t events) {
  if (!stream_) return;
  if (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) has_ended_ = true;
  if (note_for_worker()) return;
  is_readable_ = true;  // whatever the event was: a read in vain does no harm, a missed one does
  advance();
}

void Connection::on_due(TimePoint now) {
  if (!stream_) return;
  EventLoop& loop = endpoint_.setup().loop;
  if (owner_.load(std::memory_order_acquire) != Owner::loop) {
    loop.schedule(*this, now + endpoint_.setup().options.idle_timeout);
  } else if (now < due()) {
    loop.schedule(*this, due());
  } else if (phase_ == Phase::body ||
             (phase_ == Phase::head && collector_.state() != RequestCollector::State::empty)) {
    refuse(408, "the request took too long");
    advance();
  } else {
    close();
  }
}

/// Notes an event for the worker that has the connection. False when the loop has it.
bool Connection::note_for_worker() {
  Owner owner = owner_.load(std::memory_order_acquire);
  while (owner != Owner::loop) {
    if (owner == Owner::worker_notified ||
        owner_.compare_exchange_weak(owner, Owner::worker_notified, std::memory_order_acq_rel,
                                     std::memory_order_acquire)) {
      return true;
    }
  }
  return false;
}

void Connection::take_back() {
  owner_.store(Owner::loop, std::memory_order_relaxed);
  is_readable_ = true;  // an event may have been noted for the worker
  if (std::exchange(is_dropped_, false)) {
    turn_away(503, "too many requests");
  } else if (phase_ != Phase::sending) {
    end_request();
    if (!keeps_alive_) {
      close();
      return;
    }
  }
  advance();
}

/// Goes on as far as possible without waiting.
void Connection::advance() {
  while (step()) {
  }
}

/// False when the connection waits for an event, went to a worker, or is closed.
bool Connection::step() {
  if (!stream_) return false;
  if (phase_ == Phase::sending) return flush();
  if (phase_ == Phase::lingering) return linger();
  switch (collector_.state()) {
    case RequestCollector::State::complete:
      return serve();
    case RequestCollector::State::refused:
      refuse(collector_.refusal().status, collector_.refusal().message);
      return true;
    default:
      return receive();
  }
}

bool Connection::receive() {
  if (!is_readable_) return wait_for_input();
  const std::span<char> scratch = endpoint_.setup().loop.scratch();
  const ByteStream::Step step = read(scratch);
  if (step.wait == ByteStream::Wait::writable) watch_output();
  if (step.bytes > 0) return take_in({scratch.data(), step.bytes});
  if (step.wait == ByteStream::Wait::closed) close();
  return true;
}

bool Connection::take_in(std::string_view bytes) {
  const auto state = collector_.feed(bytes);
  if (state == RequestCollector::State::refused) return true;
  if (!charge()) {
    refuse(503, "too many unfinished requests");
    return true;
  }
  if (state != RequestCollector::State::body) return true;
  if (phase_ != Phase::body) enter(Phase::body);
  if (collector_.take_continue_wish()) {
    // Too short to find no room, unless the client leaves earlier answers unread; then it may wait.
    (void)stream_->write("HTTP/1.1 100 Continue\r\n\r\n");
  }
  if (collector_.body_bytes() < endpoint_.setup().options.collected_body_bytes_max) return true;
  holds_body_worker_ = endpoint_.setup().loop.body_workers().try_take(1);
  if (holds_body_worker_) return serve();
  refuse(503, "too many large requests");
  return true;
}

/// Gives the request to a worker, or prepares an answer that says why not.
bool Connection::serve() {
  const RequestHead& head = collector_.head();
  method_ = head.method;
  keeps_alive_ = head.keeps_alive;
  if (endpoint_.is_draining()) {
    refuse(503, "the server is stopping");
    return true;
  }
  if (asks_for_frames()) return go_on_with_frames();
  work_ = endpoint_.setup().handler.work_class(head.method, head.path);
  const Endpoint::Requester requester = endpoint_.requester_of(head, remote_);
  client_ = requester.ip;
  if (work_ == WorkClass::client && !endpoint_.try_take_client_request(requester)) {
    turn_away(429, "too many requests from your network");
    return true;
  }
  if (give_to_worker()) return false;
  turn_away(503, "too many requests");
  return true;
}

bool Connection::asks_for_frames() const {
  const RequestHead& head = collector_.head();
  const auto protocol = head.headers.find("upgrade");
  return protocol && *protocol == kMuxProtocol && head.method == Method::get &&
         !stream_->is_tls() && collector_.state() == RequestCollector::State::complete;
}

/// After success another object has the socket, and this one is gone.
bool Connection::go_on_with_frames() {
  (void)collector_.take();
  if (collector_.state() != RequestCollector::State::empty) {
    refuse(400, "frames may follow the answer only");
    return true;
  }
  discharge();
  endpoint_.go_on_with_frames(*this, std::move(stream_), remote_);
  return false;
}

/// Answers a request that can be read, but is not wanted now. The connection goes on, unless the
/// rest of a large body is still to come.
void Connection::turn_away(int status, std::string_view message) {
  if (collector_.state() != RequestCollector::State::complete) {
    refuse(status, message);
    return;
  }
  (void)collector_.take();
  put_refusal(status, message);
}

/// After success the connection is the worker's: nothing here may touch it.
bool Connection::give_to_worker() {
  endpoint_.begin_request();
  is_counted_ = true;
  owner_.store(Owner::worker, std::memory_order_relaxed);
  WorkerPool::Job job{
      .run = [this] { answer(); }, .drop = [this] { give_up_place(); }, .source = lane_of(client_)};
  // Who waits for the rest of a body does so on a thread of the pool.
  const bool is_whole = collector_.state() == RequestCollector::State::complete;
  if (is_whole
          ? endpoint_.try_submit(work_, LoopCrew::kind_of(collector_.head().path), std::move(job))
          : endpoint_.setup().pool.try_submit(work_, std::move(job))) {
    return true;
  }
  owner_.store(Owner::loop, std::memory_order_relaxed);
  end_request();
  return false;
}

bool Connection::flush() {
  const ByteStream::Step step = stream_->write(std::string_view(output_).substr(sent_));
  sent_ += step.bytes;
  if (step.wait == ByteStream::Wait::none) {
    finish_sending();
    return true;
  }
  if (step.wait == ByteStream::Wait::closed || !charge()) {
    close();
    return false;
  }
  if (step.wait == ByteStream::Wait::writable) watch_output();
  endpoint_.setup().loop.schedule_no_later(*this, due());
  return false;
}

void Connection::finish_sending() {
  drop_output();
  end_request();
  if (keeps_alive_) {
    enter(Phase::idle);
    discharge();
  } else if (lingers_) {
    stream_->end_writing();
    enter(Phase::lingering);
    discharge();
  } else {
    close();
  }
}

bool Connection::linger() {
  const std::span<char> scratch = endpoint_.setup().loop.scratch();
  while (is_readable_) {
    const ByteStream::Step step = read(scratch);
    dropped_ += step.bytes;
    if (step.wait == ByteStream::Wait::writable) watch_output();
    if (step.wait == ByteStream::Wait::closed || dropped_ > kLingerBytesMax) {
      close();
      return false;
    }
  }
  endpoint_.setup().loop.schedule_no_later(*this, due());
  return false;
}

/// True when there is something to be said instead.
bool Connection::wait_for_input() {
  if (!charge()) {
    refuse(503, "too many unfinished requests");
    return true;
  }
  const auto state = collector_.state();
  if (state == RequestCollector::State::head && phase_ != Phase::head) enter(Phase::head);
  if (state == RequestCollector::State::body && phase_ != Phase::body) enter(Phase::body);
  endpoint_.setup().loop.schedule_no_later(*this, due());
  return false;
}

void Connection::watch_output() {
  if (watches_output_) return;
  watches_output_ = true;
  endpoint_.setup().loop.change(stream_->descriptor(), kInputEvents | EPOLLOUT, *this);
}

void Connection::close() {
  EventLoop& loop = endpoint_.setup().loop;
  release_body_worker();
  discharge();
  end_request();
  stream_.reset();
  drop_output();
  loop.table().remove(*this);
  loop.connections().give_back(1);
  endpoint_.discard(*this);
}

TimePoint Connection::due() const {
  const HttpServer::Options& options = endpoint_.setup().options;
  switch (phase_) {
    case Phase::idle:
      return since_ + options.idle_timeout;
    case Phase::head:
      return since_ + options.head_timeout;
    case Phase::body:
      return rate_due(collector_.body_bytes());
    case Phase::sending:
      return rate_due(sent_);
    case Phase::lingering:
      return since_ + kLingerTime;
  }
  return since_;
}

/// By when more than `bytes` must have passed.
TimePoint Connection::rate_due(std::size_t bytes) const {
  const HttpServer::Options& options = endpoint_.setup().options;
  return since_ + options.body_grace + std::chrono::seconds{bytes / options.body_rate_min};
}

TimePoint Connection::now() const {
  return endpoint_.setup().loop.clock().now();
}

void Connection::enter(Phase phase) {
  phase_ = phase;
  since_ = now();
}

/// Reads what is there. The end of the client's bytes may have come in one event with the last of
/// them, so once it is known to have come, reading goes on until it is met, or until the socket has
/// to take output first.
ByteStream::Step Connection::read(std::span<char> into) {
  const ByteStream::Step step = stream_->read(into);
  const bool is_drained =
      step.wait == ByteStream::Wait::readable || step.wait == ByteStream::Wait::writable;
  const bool must_send_first = step.wait == ByteStream::Wait::writable;
  is_readable_ = !is_drained || (has_ended_ && !must_send_first);
  return step;
}

void Connection::put_output(HttpResponse response) {
  const auto& setup = endpoint_.setup();
  output_memory_ = std::move(response.memory);
  output_ = response_text(
      std::move(response),
      {method_, keeps_alive_, setup.options.keep_alive_announced, setup.loop.clock().wall_now()});
  sent_ = 0;
  enter(Phase::sending);
}

void Connection::drop_output() {
  std::string().swap(output_);
  output_memory_.reset();
}

void Connection::put_refusal(int status, std::string_view message) {
  HttpResponse response =
      refusal_response(status, message, endpoint_.setup().options.refusal_headers);
  if (status == 503 || status == 429) response.headers.add("Retry-After", "1");
  put_output(std::move(response));
}

/// Answers in place of a handler, and ends the connection: what follows can't be read or is
/// unwanted.
void Connection::refuse(int status, std::string_view message) {
  const auto state = collector_.state();
  const bool has_head =
      state == RequestCollector::State::body || state == RequestCollector::State::complete;
  method_ = has_head ? collector_.head().method : Method::get;
  release_body_worker();
  keeps_alive_ = false;
  lingers_ = true;
  put_refusal(status, message);
}

/// Takes what the connection holds from the loop's allowance. False when that is used up.
bool Connection::charge() {
  const std::size_t held = collector_.buffered() + output_.capacity();
  const std::size_t due = held > kFreeBytes ? held - kFreeBytes : 0;
  Allowance& allowance = endpoint_.setup().loop.buffered_bytes();
  if (due > charged_ && !allowance.try_take(due - charged_)) return false;
  if (due < charged_) allowance.give_back(charged_ - due);
  charged_ = due;
  return true;
}

void Connection::discharge() {
  if (charged_ > 0) endpoint_.setup().loop.buffered_bytes().give_back(charged_);
  charged_ = 0;
}

void Connection::release_body_worker() {
  if (std::exchange(holds_body_worker_, false)) endpoint_.setup().loop.body_workers().give_back(1);
}

void Connection::end_request() {
  if (std::exchange(is_counted_, false)) endpoint_.end_request();
}

}  // namespace spreadable::detail
