// What a worker does with the connection it was given: answer one request, and give it back.
#include <array>

#include "services/http/detail/connection.h"
#include "services/http/detail/endpoint.h"
#include "services/http/detail/request_answer.h"

namespace spreadable::detail {
namespace {

/// Requests that a worker answers for one connection before it gives others a chance.
constexpr int kTurnsMax = 16;
constexpr std::size_t kReadBytes = 16'384;

}  // namespace

void Connection::answer() {
  for (int turn = 0; turn < kTurnsMax; ++turn) {
    respond();
    if (phase_ == Phase::sending || !keeps_alive_) break;
    if (try_let_go()) return;
    if (!find_next_request()) break;
  }
  endpoint_.setup().loop.post([this] { take_back(); });
}

/// In place of answer(), when the request of somebody who waits less took this one's place.
void Connection::give_up_place() {
  is_dropped_ = true;
  endpoint_.setup().loop.post([this] { take_back(); });
}

/// Leaves phase `sending` behind when the loop is to send the rest, or to linger afterwards.
void Connection::respond() {
  if (collector_.state() == RequestCollector::State::body && !read_rest_of_body()) return;
  if (endpoint_.is_cut()) {
    keeps_alive_ = false;
    return;
  }
  HttpRequest request = collector_.take();
  request.remote_ip = remote_;
  request.is_tls = stream_->is_tls();
  put_output(answer_to(endpoint_.setup(), std::move(request)));
  discharge();
  write_output();
}

/// Waits for the rest of a large body. False when it did not come, and the answer is prepared.
bool Connection::read_rest_of_body() {
  const auto& setup = endpoint_.setup();
  const Clock& clock = setup.loop.clock();
  const Deadline whole = Deadline::after(clock, setup.options.body_timeout);
  std::array<char, kReadBytes> buffer;
  bool is_in_time = true;
  bool is_open = true;
  while (collector_.state() == RequestCollector::State::body && is_in_time && is_open) {
    const ByteStream::Step step = stream_->read(buffer);
    if (step.bytes > 0) collector_.feed({buffer.data(), step.bytes});
    const Deadline deadline = whole.at_most(Deadline(rate_due(collector_.body_bytes())));
    is_open = step.wait != ByteStream::Wait::closed;
    is_in_time = !deadline.has_passed(clock);
    const bool must_wait = is_open && step.wait != ByteStream::Wait::none &&
                           collector_.state() == RequestCollector::State::body;
    if (must_wait) is_in_time = stream_->wait_for(step.wait, deadline, clock);
  }
  release_body_worker();
  if (collector_.state() == RequestCollector::State::complete) return true;
  if (collector_.state() == RequestCollector::State::refused) {
    refuse(collector_.refusal().status, collector_.refusal().message);
  } else if (is_open) {
    refuse(408, "the request took too long");
  } else {
    keeps_alive_ = false;
  }
  return false;
}

void Connection::write_output() {
  const ByteStream::Step step = stream_->write(output_);
  sent_ = step.bytes;
  if (step.wait != ByteStream::Wait::none && step.wait != ByteStream::Wait::closed) return;
  if (step.wait == ByteStream::Wait::closed) keeps_alive_ = false;
  drop_output();
  enter(Phase::idle);
}

/// Leaves the connection to the loop without a word when there is nothing to do. After success
/// nothing here may touch it.
bool Connection::try_let_go() {
  if (is_readable_ || collector_.state() != RequestCollector::State::empty) return false;
  Endpoint& endpoint = endpoint_;
  is_counted_ = false;
  Owner owner = Owner::worker;
  if (owner_.compare_exchange_strong(owner, Owner::loop, std::memory_order_acq_rel)) {
    endpoint.end_request();
    return true;
  }
  is_counted_ = true;
  owner_.store(Owner::worker, std::memory_order_relaxed);
  is_readable_ = true;
  return false;
}

/// Whether the next request is there, and one that this worker may answer right away.
bool Connection::find_next_request() {
  const auto is_complete = [&] { return collector_.state() == RequestCollector::State::complete; };
  const bool is_refused = collector_.state() == RequestCollector::State::refused;
  if (is_readable_ && !is_complete() && !is_refused) {
    std::array<char, kReadBytes> buffer;
    const ByteStream::Step step = read(buffer);
    if (step.bytes > 0) collector_.feed({buffer.data(), step.bytes});
  }
  if (!is_complete() || endpoint_.is_draining()) return false;
  if (work_ == WorkClass::client) return false;  // the loop counts each of them
  const RequestHead& head = collector_.head();
  if (endpoint_.setup().handler.work_class(head.method, head.path) != work_) return false;
  method_ = head.method;
  keeps_alive_ = head.keeps_alive;
  return true;
}

}  // namespace spreadable::detail
