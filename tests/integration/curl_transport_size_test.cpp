// How much an answer may be: of bytes, of inflated bytes, and of memory on the way.
#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <fstream>
#include <string>
#include <thread>

#include "services/net/curl_transport.h"
#include "services/system/system_clock.h"
#include "tests/support/deflated.h"
#include "tests/support/http_peer.h"
#include "tests/support/slowdown.h"

namespace spreadable {
namespace {

constexpr auto kPatience = std::chrono::seconds{30};  // a deadline that only a failing test reaches

/// Every name is this machine's.
class LoopbackResolver final : public Resolver {
 public:
  [[nodiscard]] Result<IpAddress> resolve(std::string_view) override {
    return IpAddress::loopback();
  }
};

struct Fixture {
  Result<TransportReply> ask_one(const TransportRequest& request) {
    return std::move(
        transport.request_group(std::span(&request, 1), Deadline::after(clock, kPatience)).front());
  }

  SystemClock clock;
  LoopbackResolver resolver;
  CurlTransport transport{clock, resolver};
};

TransportRequest to(const Address& peer) {
  return {.to = peer, .path = "/"};
}

HttpPeer::Answer gzip_answer(const std::string& bytes) {
  auto answer = HttpPeer::ok(deflated(bytes));
  answer.response.headers.add("Content-Encoding", "gzip");
  return answer;
}

/// Text that compresses to about half of its length.
std::string lively_text(std::size_t size) {
  std::string text;
  std::uint32_t state = 1;
  while (text.size() < size) {
    state = state * 1'664'525 + 1'013'904'223;
    text += "0123456789abcdef"[state >> 28];
  }
  return text;
}

/// Answers one request on each connection with `head` and then with `piece`, again and again, until
/// `pieces_max` of them have gone out or the other side has closed.
class FloodPeer {
 public:
  FloodPeer(std::string head, std::string piece, std::size_t pieces_max)
      : head_(std::move(head)),
        piece_(std::move(piece)),
        pieces_max_(pieces_max),
        fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in name{};
    name.sin_family = AF_INET;
    name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof name;
    auto* const generic = reinterpret_cast<sockaddr*>(&name);
    REQUIRE(::bind(fd_, generic, size) == 0);
    REQUIRE(::getsockname(fd_, generic, &size) == 0);
    REQUIRE(::listen(fd_, SOMAXCONN) == 0);
    port_ = ntohs(name.sin_port);
    thread_ = std::thread([this] { run(); });
  }
  ~FloodPeer() {
    ::shutdown(fd_, SHUT_RDWR);
    thread_.join();
    ::close(fd_);
  }
  FloodPeer(const FloodPeer&) = delete;
  FloodPeer& operator=(const FloodPeer&) = delete;

  /// By a name, since within a machine nothing is compressed.
  [[nodiscard]] Address address() const { return *Address::from_parts("peer.example", port_); }
  [[nodiscard]] std::size_t connections() const { return connections_; }
  /// Pieces that the system took for sending.
  [[nodiscard]] std::size_t pieces() const { return pieces_; }

 private:
  void run() {
    for (;;) {
      const int fd = ::accept4(fd_, nullptr, nullptr, SOCK_CLOEXEC);
      if (fd < 0) return;
      ++connections_;
      std::array<char, 4096> request{};
      if (::recv(fd, request.data(), request.size(), 0) > 0 && send_all(fd, head_)) {
        for (std::size_t i = 0; i < pieces_max_ && send_all(fd, piece_); ++i) ++pieces_;
      }
      ::close(fd);
    }
  }
  static bool send_all(int fd, std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }

  const std::string head_;
  const std::string piece_;
  const std::size_t pieces_max_;
  const int fd_;
  std::uint16_t port_ = 0;
  std::atomic<std::size_t> connections_ = 0;
  std::atomic<std::size_t> pieces_ = 0;
  std::thread thread_;
};

/// A stream in gzip's wrapping whose repeated part is worth `size` zeros each time.
struct EndlessZeros {
  explicit EndlessZeros(std::size_t size) {
    const std::string zeros(size, '\0');
    z_stream state{};
    deflateInit2(&state, Z_BEST_COMPRESSION, Z_DEFLATED, kGzipWrapping, 8, Z_DEFAULT_STRATEGY);
    const auto next = [&] {
      std::string out(deflateBound(&state, zeros.size()) + 64, '\0');
      state.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(zeros.data()));
      state.avail_in = static_cast<uInt>(zeros.size());
      state.next_out = reinterpret_cast<Bytef*>(out.data());
      state.avail_out = static_cast<uInt>(out.size());
      // After a full flush the next part needs nothing of those before, so it may come again.
      deflate(&state, Z_FULL_FLUSH);
      out.resize(out.size() - state.avail_out);
      return out;
    };
    head = next();
    piece = next();
    deflateEnd(&state);
  }
  std::string head;
  std::string piece;
};

/// Bytes of a line of /proc/self/status, such as `VmHWM`.
std::size_t memory(const std::string& name) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(name + ':')) return std::stoul(line.substr(name.size() + 1)) << 10;
  }
  return 0;
}

/// The most memory that `run` takes beyond what is taken already.
template <class Run>
std::size_t memory_growth(Run run) {
  std::ofstream("/proc/self/clear_refs") << "5";  // the peak counts from here
  const std::size_t before = memory("VmRSS");
  run();
  const std::size_t peak = memory("VmHWM");
  REQUIRE(before > 0);
  return peak > before ? peak - before : 0;
}

}  // namespace

TEST_CASE("curl transport: size: the limit counts inflated bytes, and is reached but not passed") {
  Fixture fixture;
  const std::string body = lively_text(100'000);
  for (const bool is_gzip : {false, true}) {
    INFO(is_gzip);
    HttpPeer peer(
        [&](const HttpRequest&) { return is_gzip ? gzip_answer(body) : HttpPeer::ok(body); });
    auto request = to(peer.address());
    request.reply_bytes_max = body.size();
    const auto fits = fixture.ask_one(request);
    REQUIRE(fits);
    CHECK(fits->body == body);
    request.reply_bytes_max = body.size() - 1;
    const auto result = fixture.ask_one(request);
    REQUIRE_FALSE(result);
    CHECK(result.error() == Error{.code = Errc::bad_response,
                                  .message = "the answer of " + peer.address().text() +
                                             " is larger than 99999 bytes"});
  }
}

TEST_CASE("curl transport: size: a stream of 10 GiB is cut, and takes 16 MiB of memory at most") {
  Fixture fixture;
  constexpr std::size_t kPiece = 1 << 20;
  std::string chunk = "100000\r\n" + std::string(kPiece, 'x') + "\r\n";
  struct Row {
    const char* what;
    std::string head;
    std::string piece;
  };
  for (const Row& row :
       {Row{"chunked", "Transfer-Encoding: chunked\r\n\r\n", chunk},
        Row{"until the end", "Connection: close\r\n\r\n", std::string(kPiece, 'x')},
        Row{"announced", "Content-Length: 10737418240\r\n\r\n", std::string(kPiece, 'x')}}) {
    INFO(row.what);
    FloodPeer peer("HTTP/1.1 200 OK\r\n" + row.head, row.piece, 10'240);
    Result<TransportReply> result = Error{};
    const std::size_t grown = memory_growth([&] { result = fixture.ask_one(to(peer.address())); });
    CHECK(result.error().code == Errc::bad_response);
    CHECK(peer.connections() == 1);
    CHECK(peer.pieces() < 64);
    if (kSlowdown == 1) CHECK(grown <= (16 << 20));  // sanitizers need memory of their own
    MESSAGE(std::string(row.what), ": memory grew by ", grown >> 10, " KiB");
  }
}

TEST_CASE("curl transport: size: 1000:1 gzip is cut early, and takes 16 MiB of memory at most") {
  Fixture fixture;
  const EndlessZeros zeros(1 << 20);
  REQUIRE(zeros.piece.size() < 1100);
  FloodPeer peer("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + zeros.head, zeros.piece,
                 10'240);
  Result<TransportReply> result = Error{};
  const std::size_t grown = memory_growth([&] { result = fixture.ask_one(to(peer.address())); });
  CHECK(result.error() == Error{.code = Errc::bad_response,
                                .message = "the answer of " + peer.address().text() +
                                           " inflates to more than 20 times its size"});
  CHECK(peer.connections() == 2);  // it was asked for an answer as it is, and inflated that as well
  if (kSlowdown == 1) CHECK(grown <= (16 << 20));
  MESSAGE("memory grew by ", grown >> 10, " KiB");
}

TEST_CASE(
    "curl transport: inflation: 20 for one, above 64 KiB; what is monotonous comes as it is") {
  Fixture fixture;
  struct Row {
    std::size_t lively;
    std::size_t monotonous;
    bool is_cut;
  };
  // 4,000 characters of the lively text take a good 2,000 bytes.
  for (const Row& row : {Row{0, 65'536, false}, Row{0, 65'537, true}, Row{40'000, 300'000, false},
                         Row{4'000, 90'000, true}}) {
    INFO(row.lively, " + ", row.monotonous);
    const std::string body = lively_text(row.lively) + std::string(row.monotonous, 'x');
    std::atomic<int> compressed = 0;
    HttpPeer peer([&](const HttpRequest& request) {
      const auto accepted = request.headers.find("accept-encoding");
      if (accepted && *accepted == "identity") return HttpPeer::ok(body);
      ++compressed;
      return gzip_answer(body);
    });
    const auto reply = fixture.ask_one(to(*Address::from_parts("peer.example", peer.port())));
    REQUIRE(reply);
    CHECK(reply->body == body);
    CHECK(compressed == 1);
    CHECK(peer.requests() == (row.is_cut ? 2 : 1));
    CHECK(!reply->headers.find("content-encoding") == row.is_cut);
  }
}

}  // namespace spreadable
