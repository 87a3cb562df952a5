#include "services/http/detail/mux_connection.h"

#include <optional>
#include <utility>

#include "services/http/detail/endpoint.h"
#include "services/http/detail/loop_crew.h"
#include "services/http/detail/request_answer.h"
#include "services/http/detail/response_text.h"

namespace spreadable::detail {
namespace {

FrameLink::Limits limits_of(const Endpoint::Setup& setup) {
  return {.payload_bytes_max = setup.options.head_bytes_max + setup.body_bytes_max,
          .grace = setup.options.body_grace,
          .rate_min = setup.options.body_rate_min,
          .idle_timeout = setup.options.idle_timeout};
}

/// How long a worker may answer requests that came together one after the other. Many times what
/// quick ones take, and little beside a round trip between machines.
constexpr Duration kTogether = std::chrono::milliseconds{2};

}  // namespace

MuxConnection::MuxConnection(Endpoint& endpoint, std::unique_ptr<ByteStream> stream,
                             IpAddress remote)
    : FrameLink(endpoint.setup().loop, std::move(stream), limits_of(endpoint.setup())),
      endpoint_(endpoint),
      remote_(remote),
      idle_since_(loop().clock().now()) {}

void MuxConnection::on_frame(const Frame& frame) {
  idle_since_ = received_at();
  const Endpoint::Setup& setup = endpoint_.setup();
  RequestCollector collector(
      {setup.options.head_bytes_max, setup.options.head_fields_max, setup.body_bytes_max},
      &endpoint_.heads());
  collector.feed(frame.payload);
  if (const auto refusal = obstacle(collector)) {
    return refuse(frame.id, refusal->status, refusal->message);
  }
  const RequestHead& head = collector.head();
  const WorkClass work = setup.handler.work_class(head.method, head.path);
  if (const auto refusal = obstacle(work)) {
    return refuse(frame.id, refusal->status, refusal->message);
  }
  Exchange exchange{frame.id, collector.take()};
  if (collector.state() != RequestCollector::State::empty) {
    return refuse(frame.id, 400, "bytes follow the request");
  }
  if (!try_begin()) return refuse(frame.id, 503, "too many requests");
  exchange.request.remote_ip = remote_;
  if (work == WorkClass::leaf) {
    together_.push_back(std::move(exchange));
    return;
  }
  give_to_worker(work, std::move(exchange));
}

void MuxConnection::on_frames_end() {
  Exchanges exchanges = std::exchange(together_, {});
  if (exchanges.empty()) return;
  if (exchanges.size() == 1) return give_to_worker(WorkClass::leaf, std::move(exchanges.front()));
  const std::size_t kind = LoopCrew::kind_of(exchanges.front().request.path);
  auto batch = std::make_shared<Batch>();
  {
    const MutexLock lock(batch->mutex);
    batch->left.assign(std::make_move_iterator(exchanges.rbegin()),
                       std::make_move_iterator(exchanges.rend()));
  }
  give_to_worker(batch, kind);
  watch_.add(std::move(batch));
}

/// Why no request of `work` is to be answered by a handler.
std::optional<Refusal> MuxConnection::obstacle(WorkClass work) const {
  if (endpoint_.is_draining()) return Refusal{503, "the server is stopping"};
  if (work != WorkClass::client) return std::nullopt;
  return Refusal{400, "requests of clients need a connection of their own"};
}

/// What is wrong with a request.
std::optional<Refusal> MuxConnection::obstacle(const RequestCollector& collector) const {
  using State = RequestCollector::State;
  if (collector.state() == State::refused) return collector.refusal();
  if (collector.state() != State::complete) return Refusal{400, "the request is not complete"};
  return std::nullopt;
}

void MuxConnection::give_to_worker(WorkClass work, Exchange exchange) {
  const std::uint32_t id = exchange.id;
  const std::size_t kind = LoopCrew::kind_of(exchange.request.path);
  const auto shared = std::make_shared<Exchange>(std::move(exchange));
  const auto drop = [this, id] {
    refuse(id, 503, "too many requests");
    end(1);
  };
  WorkerPool::Job job{.run = [this, shared] { answer(std::move(*shared)); },
                      .drop = drop,
                      .source = lane_of(remote_)};
  if (!endpoint_.try_submit(work, kind, std::move(job))) drop();
}

/// Counts as a request itself: all of its own may have been answered before its worker begins.
void MuxConnection::give_to_worker(const std::shared_ptr<Batch>& batch, std::size_t kind) {
  begin();
  WorkerPool::Job job{.run = [this, batch] { answer(*batch); },
                      .drop = [this, batch] { turn_away(*batch); },
                      .source = lane_of(remote_)};
  if (!endpoint_.try_submit(WorkClass::leaf, kind, std::move(job))) turn_away(*batch);
}

void MuxConnection::refuse(std::uint32_t id, int status, std::string_view message) {
  HttpResponse response =
      refusal_response(status, message, endpoint_.setup().options.refusal_headers);
  if (status == 503) response.headers.add("Retry-After", "1");
  send(id, framed_response_head(response), response.body);
}

void MuxConnection::turn_away(Batch& batch) {
  Exchanges exchanges;
  {
    const MutexLock lock(batch.mutex);
    exchanges.swap(batch.left);
  }
  for (const Exchange& exchange : exchanges) refuse(exchange.id, 503, "too many requests");
  end(exchanges.size() + 1);
}

void MuxConnection::answer(Exchange exchange) {
  send_raw(answer_frame(std::move(exchange)));
  end(1);
}

/// Until nothing is left, or the rest has been taken away.
void MuxConnection::answer(Batch& batch) {
  std::size_t done = 0;
  while (std::optional<Exchange> exchange = batch.next()) {
    const std::string frame = answer_frame(std::move(*exchange));
    ++done;
    const MutexLock lock(batch.mutex);
    batch.answers += frame;
  }
  hurry(batch);
  end(done + 1);
}

std::optional<MuxConnection::Exchange> MuxConnection::Batch::next() {
  const MutexLock lock(mutex);
  if (left.empty()) return std::nullopt;
  std::optional<Exchange> exchange(std::move(left.back()));
  left.pop_back();
  return exchange;
}

/// Sends what a batch has so far, and gives the rest of it to others.
void MuxConnection::hurry(Batch& batch) {
  Exchanges left;
  std::string answers;
  {
    const MutexLock lock(batch.mutex);
    left.swap(batch.left);
    answers.swap(batch.answers);
  }
  if (!answers.empty()) send_raw(answers);
  for (Exchange& exchange : left) give_to_worker(WorkClass::leaf, std::move(exchange));
}

std::string MuxConnection::answer_frame(Exchange exchange) {
  std::string out;
  if (endpoint_.is_cut()) return out;
  const Method method = exchange.request.method;
  const HttpResponse response = answer_to(endpoint_.setup(), std::move(exchange.request));
  const bool has_body = method != Method::head && !is_bodiless(response.status);
  append_frame(out, exchange.id, framed_response_head(response),
               has_body ? std::string_view(response.body) : std::string_view());
  return out;
}

void MuxConnection::Watch::add(std::shared_ptr<Batch> batch) {
  batches_.push_back(std::move(batch));
  EventLoop& loop = connection_.loop();
  loop.schedule_no_later(*this, loop.clock().now() + kTogether);
}

void MuxConnection::Watch::end() {
  connection_.loop().cancel(*this);
  batches_.clear();
}

void MuxConnection::Watch::on_due(TimePoint) {
  // A batch that came just now is hurried, too: that costs no more than doing without batches.
  for (const auto& batch : std::exchange(batches_, {})) connection_.hurry(*batch);
}

void MuxConnection::begin() {
  const MutexLock lock(requests_mutex_);
  ++requests_;
  endpoint_.begin_request();
}

/// False when there is no room for one more.
bool MuxConnection::try_begin() {
  const MutexLock lock(requests_mutex_);
  if (requests_ >= kRequestsMax) return false;
  ++requests_;
  endpoint_.begin_request();
  return true;
}

/// The last thing that a worker does with the connection.
void MuxConnection::end(std::size_t requests) {
  Endpoint& endpoint = endpoint_;
  bool is_last = false;
  {
    const MutexLock lock(requests_mutex_);
    requests_ -= requests;
    is_last = requests_ == 0 && is_over_;
  }
  if (is_last) endpoint.setup().loop.post([this, &endpoint] { endpoint.discard(*this); });
  endpoint.end_requests(requests);
}

void MuxConnection::on_closed() {
  watch_.end();
  loop().table().remove(*this);
  loop().connections().give_back(1);
  bool is_last = false;
  {
    const MutexLock lock(requests_mutex_);
    is_over_ = true;
    is_last = requests_ == 0;
  }
  if (is_last) endpoint_.discard(*this);
}

bool MuxConnection::is_busy() const {
  const MutexLock lock(requests_mutex_);
  return requests_ > 0;
}

bool MuxConnection::try_evict() {
  if (is_busy()) return false;
  close();
  return true;
}

std::optional<TimePoint> MuxConnection::idle_since() const {
  return is_busy() ? std::nullopt : std::optional(idle_since_);
}

}  // namespace spreadable::detail
