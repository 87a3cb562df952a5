// services/http/detail/mux_connection.h: a peer's connection on which many requests are under way.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/ip.h"
#include "core/mutex.h"
#include "core/server.h"
#include "services/http/connection_table.h"
#include "services/http/detail/request_collector.h"
#include "services/mux/frame_link.h"

namespace spreadable::detail {

class Endpoint;

/// What a Connection becomes when its peer asks for frames. Each frame holds one request, is
/// answered by a worker as a request on a connection of its own would be, and costs no more than
/// that one when it is refused. Leaf requests that came together are answered by one worker, in one
/// write; when that is not quick, those that it has not begun get workers of their own. Requests of
/// class client are refused: they are counted one by one.
class MuxConnection final : public FrameLink, public ConnectionTable::Seat {
 public:
  /// Requests under way; one more is answered with 503. Two groups of a network of 10,000 nodes.
  static constexpr std::size_t kRequestsMax = 256;

  MuxConnection(Endpoint& endpoint, std::unique_ptr<ByteStream> stream, IpAddress remote);

  /// On the loop's thread.
  bool try_evict() override;
  [[nodiscard]] std::optional<TimePoint> idle_since() const override;

 protected:
  void on_frame(const Frame& frame) override;
  void on_frames_end() override;
  void on_closed() override;
  [[nodiscard]] bool is_busy() const override;

 private:
  struct Exchange {
    std::uint32_t id;
    HttpRequest request;
  };

  using Exchanges = std::vector<Exchange>;

  /// Requests that one worker answers one after the other.
  struct Batch {
    [[nodiscard]] std::optional<Exchange> next();

    Mutex mutex;
    Exchanges left SPREADABLE_GUARDED_BY(mutex);       ///< not begun, the last one comes first
    std::string answers SPREADABLE_GUARDED_BY(mutex);  ///< not sent
    bool is_done SPREADABLE_GUARDED_BY(mutex) = false;
  };
  /// Looks after batches that take long, on the loop's thread.
  class Watch final : public EventLoop::Source {
   public:
    explicit Watch(MuxConnection& connection) : connection_(connection) {}
    void add(std::shared_ptr<Batch> batch);
    void end();
    void on_ready(std::uint32_t) override {}
    void on_due(TimePoint now) override;

   private:
    MuxConnection& connection_;
    std::vector<std::shared_ptr<Batch>> batches_;
  };

  [[nodiscard]] std::optional<Refusal> obstacle(const RequestCollector& collector) const;
  [[nodiscard]] std::optional<Refusal> obstacle(WorkClass work) const;
  void give_to_worker(WorkClass work, Exchange exchange);
  void give_to_worker(const std::shared_ptr<Batch>& batch, std::size_t kind);
  void refuse(std::uint32_t id, int status, std::string_view message);
  void turn_away(Batch& batch);
  void answer(Exchange exchange);
  void answer(Batch& batch);
  void hurry(Batch& batch);
  [[nodiscard]] std::string answer_frame(Exchange exchange);
  [[nodiscard]] bool try_begin();
  void begin();
  void end(std::size_t requests);

  Endpoint& endpoint_;
  const IpAddress remote_;
  // Of the loop's thread.
  TimePoint idle_since_;  ///< when a request last came
  Exchanges together_;    ///< leaf requests that have come together
  Watch watch_{*this};

  mutable Mutex requests_mutex_;
  std::size_t requests_ SPREADABLE_GUARDED_BY(requests_mutex_) = 0;  ///< with a worker
  bool is_over_ SPREADABLE_GUARDED_BY(requests_mutex_) = false;  ///< disposed of when none is left
};

}  // namespace spreadable::detail
