// services/http/detail/connection.h: one client's connection, and who works on it.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/ip.h"
#include "core/server.h"
#include "services/http/connection_table.h"
#include "services/http/detail/byte_stream.h"
#include "services/http/detail/request_collector.h"
#include "services/http/event_loop.h"

namespace spreadable::detail {

class Endpoint;

/// A connection belongs either to the loop's thread, which gathers requests and sends what the
/// client was slow to read, or to one worker, which answers a request. Members without a note
/// belong to whoever has the connection; `owner_` says who, and carries them over.
///
/// The socket is watched edge-triggered all the time, so neither giving a connection to a worker
/// nor taking it back costs a system call: an event that comes while a worker has the connection is
/// noted in `owner_`, and the worker then looks for more input itself before it lets go.
class Connection final : public EventLoop::Source, public ConnectionTable::Seat {
 public:
  Connection(Endpoint& endpoint, std::unique_ptr<ByteStream> stream, IpAddress remote);

  // On the loop's thread.

  /// Begins to read. When that fails the connection is closed, and discarded, at once.
  void start();
  /// Closes the connection, or makes the worker that has it give it back soon.
  void cut();

  void on_ready(std::uint32_t events) override;
  void on_due(TimePoint now) override;

  bool try_evict() override;
  [[nodiscard]] std::optional<TimePoint> idle_since() const override;

 private:
  enum class Owner : std::uint8_t { loop, worker, worker_notified };
  enum class Phase : std::uint8_t {
    idle,  ///< no request has begun
    head,  ///< as deadlines go, a new connection is in its first head from the start
    body,
    sending,    ///< output_ is on its way
    lingering,  ///< all is said; input is read and dropped, so that the client gets to read the end
  };

  // Of the loop (connection.cpp).
  void advance();
  [[nodiscard]] bool step();
  [[nodiscard]] bool receive();
  [[nodiscard]] bool take_in(std::string_view bytes);
  [[nodiscard]] bool serve();
  [[nodiscard]] bool give_to_worker();
  [[nodiscard]] bool asks_for_frames() const;
  [[nodiscard]] bool go_on_with_frames();
  void turn_away(int status, std::string_view message);
  [[nodiscard]] bool flush();
  [[nodiscard]] bool linger();
  void finish_sending();
  [[nodiscard]] bool wait_for_input();
  void watch_output();
  void close();
  void take_back();
  [[nodiscard]] bool note_for_worker();
  [[nodiscard]] TimePoint due() const;
  [[nodiscard]] bool charge();

  // Of a worker (connection_worker.cpp).
  void answer();
  void give_up_place();
  [[nodiscard]] bool read_rest_of_body();
  void respond();
  void write_output();
  [[nodiscard]] bool try_let_go();
  [[nodiscard]] bool find_next_request();

  // Of whoever has the connection (connection.cpp).
  [[nodiscard]] TimePoint now() const;
  void enter(Phase phase);
  [[nodiscard]] ByteStream::Step read(std::span<char> into);
  [[nodiscard]] TimePoint rate_due(std::size_t bytes) const;
  void put_output(HttpResponse response);
  void drop_output();
  void put_refusal(int status, std::string_view message);
  void refuse(int status, std::string_view message);
  void discharge();
  void release_body_worker();
  void end_request();

  Endpoint& endpoint_;
  std::unique_ptr<ByteStream> stream_;  ///< null once closed
  const IpAddress remote_;
  std::atomic<Owner> owner_{Owner::loop};
  std::atomic<bool> has_ended_{false};  ///< the client sends nothing more; set by the loop

  RequestCollector collector_;
  TimePoint since_;  ///< when the phase began
  Phase phase_ = Phase::head;
  WorkClass work_ = WorkClass::leaf;
  IpAddress client_;             ///< for whom the request waits in line
  Method method_ = Method::get;  ///< of the request being answered
  bool is_readable_ = false;     ///< the socket may hold input
  bool watches_output_ = false;  ///< the loop also tells when the socket takes output
  bool keeps_alive_ = true;      ///< the connection goes on after output_
  bool lingers_ = false;         ///< input may be left when output_ is sent
  bool is_dropped_ = false;      ///< the request has lost its place in the queue
  bool is_counted_ = false;      ///< among the endpoint's requests
  bool holds_body_worker_ = false;
  std::size_t charged_ = 0;  ///< taken of the loop's buffered_bytes
  std::string output_;
  std::shared_ptr<const void> output_memory_;  ///< see HttpResponse::memory
  std::size_t sent_ = 0;                       ///< bytes of output_
  std::size_t dropped_ = 0;                    ///< bytes read while lingering
};

}  // namespace spreadable::detail
