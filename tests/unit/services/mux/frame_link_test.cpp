#include "services/mux/frame_link.h"

#include <doctest/doctest.h>
#include <sys/socket.h>

#include <array>
#include <future>
#include <thread>

#include "services/http/detail/byte_stream.h"
#include "services/http/detail/file_descriptor.h"
#include "services/http/detail/loop_crew.h"
#include "tests/support/manual_clock.h"

namespace spreadable {
namespace {

/// A socket whose writes are told.
class ToldStream final : public detail::ByteStream {
 public:
  ToldStream(detail::FileDescriptor socket, std::vector<std::string>& writes)
      : socket_(std::move(socket)), writes_(writes) {}

  Step read(std::span<char>) override { return {0, Wait::readable}; }
  Step write(std::string_view bytes) override {
    writes_.emplace_back(bytes);
    return {bytes.size(), Wait::none};
  }
  void end_writing() override {}
  [[nodiscard]] bool is_tls() const override { return false; }
  [[nodiscard]] int descriptor() const override { return socket_.get(); }

 private:
  const detail::FileDescriptor socket_;
  std::vector<std::string>& writes_;
};

class Link final : public FrameLink {
 public:
  Link(EventLoop& loop, std::unique_ptr<detail::ByteStream> stream)
      : FrameLink(loop, std::move(stream), {.payload_bytes_max = 100}) {}

 private:
  void on_frame(const Frame&) override {}
  void on_closed() override {}
  [[nodiscard]] bool is_busy() const override { return false; }
};

/// A link on a loop that takes jobs, and what it has written.
class Fixture {
 public:
  Fixture() {
    std::array<int, 2> sockets{};
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, sockets.data()) == 0);
    other_end_ = detail::FileDescriptor(sockets[1]);
    auto stream = std::make_unique<ToldStream>(detail::FileDescriptor(sockets[0]), writes_);
    loop_.run([&] {
      link_ = std::make_unique<Link>(loop_, std::move(stream));
      link_->start(/*is_watched=*/false);
    });
    for (bool is_ready = false; !is_ready; std::this_thread::yield()) {
      loop_.run([&] { is_ready = loop_.crew().can_serve(0); });
    }
  }
  ~Fixture() {
    loop_.run([&] {
      link_->close();
      loop_.dispose(std::move(link_));
    });
  }

  Link& link() { return *link_; }
  ManualClock& clock() { return clock_; }
  /// Does jobs in one turn of the loop.
  void serve(std::vector<std::function<void()>> jobs) {
    std::promise<void> done;
    jobs.emplace_back([&] { done.set_value(); });
    loop_.run([&] {
      for (auto& job : jobs) loop_.crew().serve(0, std::move(job));
    });
    done.get_future().wait();
  }
  /// What was written so far. Of a job.
  [[nodiscard]] const std::vector<std::string>& writes() const { return writes_; }
  /// What was written until the turn before this.
  std::vector<std::string> take_writes() {
    std::vector<std::string> writes;
    loop_.run([&] { writes.swap(writes_); });
    return writes;
  }

 private:
  ManualClock clock_;
  EventLoop loop_{clock_};
  detail::FileDescriptor other_end_;
  std::vector<std::string> writes_;
  std::unique_ptr<Link> link_;
};

std::string frame(std::uint32_t id, std::string_view payload) {
  std::string out;
  append_frame(out, id, payload, {});
  return out;
}

}  // namespace

TEST_CASE("frame link: writes: what jobs of one turn send leaves at its end, in one write") {
  Fixture fixture;
  fixture.serve({[&] { CHECK(fixture.link().send(1, "a")); },
                 [&] { CHECK(fixture.link().send_raw(frame(2, "b"))); },
                 [&] { CHECK(fixture.link().send(3, "c")); }});
  CHECK(fixture.take_writes() ==
        std::vector<std::string>{frame(1, "a") + frame(2, "b") + frame(3, "c")});
}

TEST_CASE("frame link: writes: what is large does not wait for the end of the turn") {
  Fixture fixture;
  const std::string large(20'000, 'x');
  std::size_t writes = 0;
  fixture.serve({[&] { CHECK(fixture.link().send(1, "a")); },
                 [&] {
                   CHECK(fixture.link().send(2, large));
                   writes = fixture.writes().size();
                 },
                 [&] { CHECK(fixture.link().send(3, "c")); }});
  CHECK(writes == 1);
  CHECK(fixture.take_writes() ==
        std::vector<std::string>{frame(1, "a") + frame(2, large), frame(3, "c")});
}

TEST_CASE("frame link: writes: a turn of many jobs ends before all of them are done") {
  Fixture fixture;
  const auto send = [&](std::uint32_t id) {
    CHECK(fixture.link().send(id, "x"));
    fixture.clock().advance(detail::LoopCrew::kQuick * 2 / 3);
  };
  fixture.serve(
      {[&] { send(1); }, [&] { send(2); }, [&] { send(3); }, [&] { send(4); }, [&] { send(5); }});
  CHECK(fixture.take_writes() == std::vector<std::string>{frame(1, "x") + frame(2, "x"),
                                                          frame(3, "x") + frame(4, "x"),
                                                          frame(5, "x")});
}

TEST_CASE("frame link: writes: elsewhere they are made at once") {
  Fixture fixture;
  CHECK(fixture.link().send(1, "a"));
  CHECK(fixture.link().send(2, "b"));
  CHECK(fixture.take_writes() == std::vector<std::string>{frame(1, "a"), frame(2, "b")});
}

TEST_CASE("frame link: closing: what waits for the end of the turn is forgotten") {
  Fixture fixture;
  fixture.serve({[&] { CHECK(fixture.link().send(1, "a")); }, [&] { fixture.link().close(); }});
  CHECK(fixture.take_writes().empty());
  CHECK_FALSE(fixture.link().send(2, "b"));
}

}  // namespace spreadable
