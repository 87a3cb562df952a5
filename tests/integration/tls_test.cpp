// TLS in the server, in the client, and between the two.
#include <doctest/doctest.h>
#include <httplib.h>
#include <malloc.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "services/http/detail/tls_stream.h"
#include "services/http/http_server.h"
#include "services/net/curl_transport.h"
#include "services/net/system_resolver.h"
#include "tests/integration/http_site.h"

namespace spreadable {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kLarge = "GET /large HTTP/1.1\r\nHost: x\r\n\r\n";

void write_file(const fs::path& path, std::string_view text) {
  std::ofstream(path) << text;
}

std::string read_file(const fs::path& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::size_t open_files() {
  const fs::directory_iterator files("/proc/self/fd");
  return static_cast<std::size_t>(std::distance(begin(files), end(files)));
}

/// Taken from the heap; 0 where a sanitizer has replaced it.
std::size_t heap_bytes() {
  const struct mallinfo2 info = mallinfo2();
  return info.uordblks + info.hblkhd;
}

Address address_of(std::string_view host, std::uint16_t port) {
  return *Address::from_parts(host, port);
}

/// Asks by our own client, which believes `authority` alone unless that is empty.
struct Asker {
  explicit Asker(CurlTransport::Options options = {})
      : transport(clock, resolver, std::move(options)) {}

  Result<TransportReply> ask(std::uint16_t port, const fs::path& authority,
                             std::string_view host = "localhost") {
    const TransportRequest request{.to = address_of(host, port),
                                   .method = Method::get,
                                   .path = "/x",
                                   .is_tls = true,
                                   .authority = authority.string()};
    return std::move(
        transport.request_group({&request, 1}, Deadline::after(clock, kPatience)).front());
  }

  SystemClock clock;
  SystemResolver resolver{clock};
  CurlTransport transport;
};

void send_all(int socket, std::string_view bytes) {
  REQUIRE(::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL) ==
          static_cast<ssize_t>(bytes.size()));
}

/// Carries the bytes of a handshake to and fro, without a loop.
void shake_hands(TlsClient& client, int client_socket, detail::ByteStream& server) {
  std::array<char, 65'536> buffer;
  while (client.state() == TlsClient::State::shaking_hands) {
    send_all(client_socket, client.take_output());
    REQUIRE(server.read(buffer).wait == detail::ByteStream::Wait::readable);
    const ssize_t got = ::recv(client_socket, buffer.data(), buffer.size(), 0);
    REQUIRE(got > 0);
    client.feed({buffer.data(), static_cast<std::size_t>(got)});
  }
  send_all(client_socket, client.take_output());
}

}  // namespace

TEST_CASE("tls: requests: the handler is told how they came") {
  EchoHandler handler([](const HttpRequest& request) {
    HttpResponse response;
    response.body = request.is_tls ? "tls" : "bare";
    return response;
  });
  Site bare;
  bare.start(handler);
  CHECK(bare.connect().request(kPing)->body == "bare");
  Site site(Wire::tls);
  site.start(handler);
  CHECK(site.connect().request(kPing)->body == "tls");
}

TEST_CASE("tls: versions: 1.2 and 1.3 are spoken, older ones are not") {
  EchoHandler handler;
  Site site(Wire::tls);
  const std::uint16_t port = site.start(handler);
  struct Row {
    int version;
    bool is_spoken;
  };
  for (const Row& row : {Row{TLS1_3_VERSION, true}, Row{TLS1_2_VERSION, true},
                         Row{TLS1_1_VERSION, false}, Row{TLS1_VERSION, false}}) {
    INFO(row.version);
    RawConnection client(
        port, {.authority = site.identity->authority.certificate(), .version_max = row.version});
    CHECK((client.tls()->state() == TlsClient::State::open) == row.is_spoken);
    if (row.is_spoken) {
      CHECK(client.tls()->version() == row.version);
      CHECK(echoed(client.request(kPing))["path"] == "/ping");
    } else {
      CHECK(client.is_ended());
    }
  }
  CHECK(wait_until([&] { return site.server.connections() == 0; }));
}

TEST_CASE("tls: resumption: a second connection goes on with the session of the first") {
  EchoHandler handler;
  Site site(Wire::tls);
  const std::uint16_t port = site.start(handler);
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    INFO(version);
    TlsClient::Options options{.authority = site.identity->authority.certificate(),
                               .version_max = version};
    const auto forget = [](SSL_SESSION* session) { SSL_SESSION_free(session); };
    std::unique_ptr<SSL_SESSION, decltype(forget)> session(nullptr, forget);
    {
      RawConnection first(port, options);
      CHECK(first.request(kPing));
      CHECK_FALSE(first.tls()->is_resumed());
      session.reset(first.tls()->session());
    }
    options.session = session.get();
    RawConnection second(port, options);
    CHECK(second.tls()->is_resumed());
    CHECK(echoed(second.request(kPing))["path"] == "/ping");
  }
}

TEST_CASE("tls: renegotiation: is refused, and others are served on") {
  EchoHandler handler;
  Site site(Wire::tls);
  const std::uint16_t port = site.start(handler);
  RawConnection other = site.connect();
  RawConnection client(
      port, {.authority = site.identity->authority.certificate(), .version_max = TLS1_2_VERSION});
  REQUIRE(client.request(kPing));
  client.tls()->renegotiate();
  client.exchange_tls();
  CHECK(client.tls()->state() == TlsClient::State::broken);  // what a client makes of a refusal
  CHECK(echoed(other.request(kPing))["path"] == "/ping");
}

TEST_CASE("tls: strangers: those who don't shake hands are cut, and cost nothing afterwards") {
  EchoHandler handler;
  Site site(Wire::tls, {.head_timeout = Millis{300}});
  const std::uint16_t port = site.start(handler);
  const std::string hello = TlsClient({}).take_output();
  REQUIRE(hello.size() > 100);
  std::string garbled = hello;
  garbled[9] = '\x7f';  // the version
  garbled[5] = '\x02';  // a server's hello
  const std::size_t files_before = open_files();
  struct Row {
    const char* about;
    std::string bytes;
  };
  for (const Row& row :
       {Row{"plain HTTP", std::string(kPing)}, Row{"silence", ""},
        Row{"half a hello", hello.substr(0, 50)}, Row{"a hello and no more", hello},
        Row{"a garbled hello", garbled}, Row{"zeros", std::string(1'000, '\0')}}) {
    INFO(row.about);
    for (const bool has_ended : {false, true}) {
      INFO(has_ended);
      RawConnection client(port);
      client.send(row.bytes);
      if (has_ended) client.end_writing();
      CHECK(client.is_ended());
    }
  }
  CHECK(handler.calls() == 0);
  CHECK(wait_until([&] { return site.server.connections() == 0; }));
  CHECK(open_files() == files_before);
  CHECK(site.loop.connections().taken() == 0);
  CHECK(site.pool.load().threads == 0);
}

TEST_CASE("tls: strangers: a hundred stalled handshakes hold no thread and up nobody") {
  EchoHandler handler;
  Site site(Wire::tls);
  const std::uint16_t port = site.start(handler);
  const std::string hello = TlsClient({}).take_output();
  std::vector<RawConnection> stalled;
  for (int i = 0; i < 100; ++i) {
    stalled.emplace_back(port);
    stalled.back().send(std::string_view(hello).substr(0, 40));
  }
  REQUIRE(wait_until([&] { return site.server.connections() == 100; }));
  CHECK(site.pool.load().threads == 0);
  CHECK(echoed(site.connect().request(kPing))["path"] == "/ping");
  site.server.stop(site.in(Millis{0}));
  CHECK(site.loop.connections().taken() == 0);
}

TEST_CASE("tls: strangers: a first message that announces a great length is cut at once") {
  EchoHandler handler;
  Site site(Wire::tls);
  const std::uint16_t port = site.start(handler);
  struct Row {
    std::size_t announced;
    bool is_cut;
  };
  for (const Row& row : {Row{131'000, true}, Row{16'385, true}, Row{16'384, false}}) {
    INFO(row.announced);
    std::string hello = TlsClient({}).take_output();
    for (const std::size_t byte : {0U, 1U, 2U}) {
      hello[6 + byte] = static_cast<char>(row.announced >> (8 * (2 - byte)));
    }
    RawConnection client(port);
    for (const char& byte : hello.substr(0, 20)) client.send({&byte, 1});
    CHECK(client.is_ended(row.is_cut ? kPatience / 2 : Millis{50}) == row.is_cut);
  }
}

TEST_CASE("tls: stream: a client that never reads the answers of TLS itself is held up, or cut") {
  const TlsIdentity identity;
  const auto streams = detail::tls_streams(identity.files);
  REQUIRE(streams);
  struct Row {
    int key_updates_at_once;
    detail::ByteStream::Wait end;
  };
  for (const Row& row : {Row{10, detail::ByteStream::Wait::writable},
                         Row{4'000, detail::ByteStream::Wait::closed}}) {
    INFO(row.key_updates_at_once);
    std::array<int, 2> sockets{};
    REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, sockets.data()) == 0);
    const detail::FileDescriptor client_socket(sockets[1]);
    const auto server = (*streams)(detail::FileDescriptor(sockets[0]));
    TlsClient client({.authority = identity.authority.certificate()});
    shake_hands(client, client_socket.get(), *server);
    std::array<char, 1'000> buffer;
    auto wait = detail::ByteStream::Wait::readable;
    for (int i = 0; i < 1'000 && wait == detail::ByteStream::Wait::readable; ++i) {
      for (int k = 0; k < row.key_updates_at_once; ++k) client.update_keys();
      send_all(client_socket.get(), client.take_output());
      wait = server->read(buffer).wait;
    }
    CHECK(wait == row.end);
    CHECK(server->read(buffer).wait == row.end);  // as long as the client goes on like that
  }
}

TEST_CASE("tls: handshake: goes on however its bytes are cut") {
  EchoHandler handler;
  Site site(Wire::tls);
  RawConnection bare(site.start(handler));
  TlsClient tls({.authority = site.identity->authority.certificate()});
  const auto send_in_pieces = [&](const std::string& bytes) {
    for (const char& byte : bytes) bare.send({&byte, 1});
  };
  while (tls.state() == TlsClient::State::shaking_hands) {
    send_in_pieces(tls.take_output());
    const std::string answer = bare.read_bare();
    REQUIRE_FALSE(answer.empty());
    tls.feed(answer);
  }
  tls.write(kPing);
  send_in_pieces(tls.take_output());
  std::string input;
  while (input.find("\"/ping\"") == std::string::npos) {
    const std::string answer = bare.read_bare();
    REQUIRE_FALSE(answer.empty());
    tls.feed(answer);
    input += tls.take_input();
  }
  CHECK(input.starts_with("HTTP/1.1 200 OK\r\n"));
}

TEST_CASE("tls: end: the server says good-bye, so that a client can tell the end from a cut") {
  EchoHandler handler;
  Site site(Wire::tls, {.head_timeout = std::chrono::seconds{1},
                        .idle_timeout = Millis{100},
                        .keep_alive_announced = std::chrono::seconds{0}});
  site.start(handler);
  RawConnection idle = site.connect();
  REQUIRE(idle.request(kPing));
  RawConnection last = site.connect();
  REQUIRE(last.request("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"));
  RawConnection refused = site.connect();
  REQUIRE(refused.request("nonsense\r\n\r\n")->status == 400);
  for (RawConnection* client : {&last, &idle, &refused}) {
    CHECK(client->is_ended());
    CHECK(client->tls()->state() == TlsClient::State::ended);
  }
}

TEST_CASE("tls: end: a client that vanishes in the midst of a large answer leaves nothing behind") {
  EchoHandler handler([](const HttpRequest&) {
    HttpResponse response;
    response.body.assign(std::size_t{8} << 20, 'x');
    return response;
  });
  Site site(Wire::tls);
  site.start(handler);
  for (int i = 0; i < 5; ++i) {
    RawConnection client = site.connect();
    client.send(kLarge);
    REQUIRE(wait_until([&] { return handler.calls() == i + 1; }));
  }
  CHECK(wait_until([&] { return site.server.connections() == 0; }));
  CHECK(wait_until([&] { return site.loop.buffered_bytes().taken() == 0; }));
}

TEST_CASE("tls: key update: is answered, and requests go on") {
  EchoHandler handler;
  Site site(Wire::tls);
  site.start(handler);
  RawConnection client = site.connect();
  for (int i = 0; i < 5; ++i) {
    client.tls()->update_keys();
    CHECK(echoed(client.request(kPing))["path"] == "/ping");
  }
}

TEST_CASE("tls: memory: an idle connection stays small") {
  constexpr std::size_t kConnections = 300;
  EchoHandler handler;
  Site site(Wire::tls);
  site.start(handler);
  REQUIRE(site.connect().request(kPing));
  std::vector<int> clients;  // their ends of TLS are gone, so that only the server's count
  const std::size_t before = heap_bytes();
  for (std::size_t i = 0; i < kConnections; ++i) {
    RawConnection client = site.connect();
    REQUIRE(client.request(kPing));
    clients.push_back(client.release());
  }
  CHECK(site.server.connections() == kConnections);
  CHECK((heap_bytes() - before) / kConnections < 24'000);
  for (const int client : clients) ::close(client);
}

TEST_CASE("tls: start: files that can't be used are an error that names them") {
  TempDir folder;
  TestAuthority authority(folder.path());
  const Server::Tls good = authority.issue();
  const Server::Tls other = authority.issue();
  const Server::Tls locked = authority.issue();
  lock_key(locked.key, "secret");
  const fs::path missing = folder.path() / "missing.pem";
  const fs::path nonsense = folder.path() / "nonsense.pem";
  write_file(nonsense, "-----BEGIN CERTIFICATE-----\nhello\n-----END CERTIFICATE-----\n");
  EchoHandler handler;
  Site site;
  struct Row {
    Server::Tls files;
    fs::path named;
    const char* words;
  };
  for (const Row& row :
       {Row{{missing, good.certificate}, missing, "TLS key in "},
        Row{{good.key, missing}, missing, "No such file or directory"},
        Row{{good.key, folder.path()}, folder.path(), "TLS certificate in "},
        Row{{nonsense, good.certificate}, nonsense, "TLS key in "},
        Row{{good.key, nonsense}, nonsense, "TLS certificate in "},
        Row{{good.key, good.key}, good.key, "TLS certificate in "},
        Row{{good.key, {}}, "", "TLS certificate in "},
        Row{{locked.key, locked.certificate}, locked.key, "passphrase"},
        Row{{good.key, other.certificate}, good.key, "does not belong to the certificate"},
        Row{{good.key, other.certificate}, other.certificate, "does not belong"}}) {
    const auto started = site.server.start({.host = "127.0.0.1", .tls = row.files}, handler);
    REQUIRE_FALSE(started);
    const std::string& message = started.error().message;
    INFO(message);
    CHECK(started.error().code == Errc::io);
    CHECK(message.find(row.named.string()) != std::string::npos);
    CHECK(message.find(row.words) != std::string::npos);
    CHECK(message.find('\n') == std::string::npos);
    CHECK(site.server.port() == 0);
  }
  CHECK(site.server.start({.host = "127.0.0.1", .tls = good}, handler));
}

TEST_CASE("tls: start: a chain is sent whole, so that a client that knows its root believes it") {
  EchoHandler handler;
  Site site;
  TempDir folder;
  TestAuthority authority(folder.path());
  const Server::Tls files = authority.issue();
  write_file(files.certificate, read_file(files.certificate) + read_file(authority.certificate()));
  REQUIRE(site.server.start({.host = "127.0.0.1", .tls = files}, handler));
  RawConnection client(site.server.port(), {.authority = authority.certificate()});
  REQUIRE(client.request(kPing));
  CHECK(client.tls()->chain_length() == 2);
}

TEST_CASE("tls: client: believes who proves that it is the peer, and tells why it does not") {
  EchoHandler handler;
  TempDir folder;
  TestAuthority authority(folder.path());
  TempDir other_folder;
  TestAuthority other(other_folder.path());
  const auto before = -std::chrono::hours{1};
  const auto after = std::chrono::hours{1};
  const fs::path& own = authority.certificate();
  struct Row {
    const char* about;
    TestAuthority::Subject subject;
    fs::path believed;
    const char* host;
    const char* words;  ///< of the error; nullptr: none
  };
  for (const Row& row :
       {Row{"by name", {}, own, "localhost", nullptr},
        Row{"by address", {}, own, "127.0.0.1", nullptr},
        Row{"unknown authority", {}, other.certificate(), "localhost", "local issuer"},
        Row{"not the system's", {}, "", "localhost", "local issuer"},
        Row{"wrong name", {.names = "DNS:example.com"}, own, "localhost", "target host name"},
        Row{"wrong address", {.names = "DNS:localhost"}, own, "127.0.0.1", "target"},
        Row{"expired", {.ends_in = before}, own, "localhost", "expired"},
        Row{"not valid yet", {.begins_in = after}, own, "localhost", "not yet valid"}}) {
    INFO(row.about);
    Site site;
    REQUIRE(site.server.start({.host = "127.0.0.1", .tls = authority.issue(row.subject)}, handler));
    Asker asker;
    const auto reply = asker.ask(site.server.port(), row.believed, row.host);
    CHECK(reply.has_value() == (row.words == nullptr));
    if (reply) {
      CHECK(reply->status == 200);
      continue;
    }
    INFO(reply.error().message);
    const std::string peer = address_of(row.host, site.server.port()).text();
    CHECK(reply.error().code == Errc::unreachable);
    CHECK(reply.error().message.starts_with("no connection to " + peer + ": "));
    if (row.words) CHECK(reply.error().message.find(row.words) != std::string::npos);
  }
}

TEST_CASE("tls: client: each request believes its own authority, on connections of its own") {
  EchoHandler handler;
  Site site(Wire::tls);
  const std::uint16_t port = site.start(handler);
  const fs::path& right = site.identity->authority.certificate();
  TempDir folder;
  const TestAuthority other(folder.path());
  Asker asker;
  for (int i = 0; i < 3; ++i) {
    CHECK(asker.ask(port, right));
    CHECK_FALSE(asker.ask(port, other.certificate()));  // whatever connections are kept
    CHECK_FALSE(asker.ask(port, ""));
  }
  CHECK(handler.calls() == 3);
}

TEST_CASE("tls: client: a file of authorities that can't be read is our own error") {
  EchoHandler handler;
  Site site(Wire::tls);
  const std::uint16_t port = site.start(handler);
  const fs::path missing = site.identity->folder.path() / "missing.pem";
  Asker asker;
  const auto reply = asker.ask(port, missing);
  REQUIRE_FALSE(reply);
  CHECK(reply.error().code == Errc::io);
  CHECK(reply.error().message.find(missing.string()) != std::string::npos);
  CHECK(asker.ask(port, site.identity->authority.certificate()));
}

TEST_CASE("tls: client: a peer that speaks plain HTTP is unreachable by https") {
  EchoHandler handler;
  Site site;
  const std::uint16_t port = site.start(handler);
  Asker asker({.connect_timeout = Millis{200}});  // the server waits for the rest of a head
  const auto reply = asker.ask(port, "");
  REQUIRE_FALSE(reply);
  INFO(reply.error().message);
  CHECK(reply.error().code == Errc::unreachable);
  CHECK(reply.error().message.find(address_of("localhost", port).text()) != std::string::npos);
  CHECK(handler.calls() == 0);
}

TEST_CASE("tls: client: keeps its connections, and goes on after the server has closed them") {
  EchoHandler handler;
  Site site(Wire::tls);
  const std::uint16_t port = site.start(handler);
  const fs::path authority = site.identity->authority.certificate();
  Asker asker;
  for (int i = 0; i < 10; ++i) REQUIRE(asker.ask(port, authority));
  CHECK(site.server.connections() == 1);
  site.server.stop(site.in(Millis{0}));
  site.start(handler, {.host = "127.0.0.1", .port = port});
  const auto reply = asker.ask(port, authority);
  INFO((reply ? "" : reply.error().message));
  CHECK(reply);
}

TEST_CASE("tls: interoperability: cpp-httplib's client and ours, cpp-httplib's server and ours") {
  EchoHandler handler;
  Site site(Wire::tls);
  const std::uint16_t port = site.start(handler, {.host = "localhost"});
  const fs::path authority = site.identity->authority.certificate();
  httplib::SSLClient client("localhost", port);
  client.set_ca_cert_path(authority.c_str());
  client.enable_server_certificate_verification(true);
  client.set_keep_alive(true);
  const std::string text(300'000, 'x');
  for (int i = 0; i < 5; ++i) {
    const auto reply = client.Post("/echo", text, "text/plain");
    REQUIRE(reply);
    CHECK(Json::parse(reply->body)["body"] == text);
  }
  CHECK(site.server.connections() == 1);

  httplib::SSLServer server(site.identity->files.certificate.c_str(),
                            site.identity->files.key.c_str());
  server.Get("/x", [&](const httplib::Request&, httplib::Response& response) {
    response.set_content(text, "text/plain");
  });
  const int other_port = server.bind_to_any_port("127.0.0.1");
  REQUIRE(other_port > 0);
  const std::jthread serving([&] { server.listen_after_bind(); });
  Asker asker;
  const auto reply = asker.ask(static_cast<std::uint16_t>(other_port), authority);
  server.stop();
  REQUIRE(reply);
  CHECK(reply->body == text);
}

}  // namespace spreadable
