// What a signed request is good for in other hands: 100,000 that were overheard and changed, 1,000
// that were overheard and sent again. And what signatures cost.
#include <fmt/format.h>

#include <chrono>
#include <string>

#include "core/assert.h"
#include "core/wire.h"
#include "services/identity/identity.h"
#include "tests/security/commands.h"
#include "tests/support/local_network.h"

namespace spreadable::sectest {
namespace {

constexpr std::size_t kMutants = 100'000;
constexpr std::size_t kReplays = 1'000;
constexpr std::size_t kOperations = 2'000;

const IpAddress kElsewhere = *IpAddress::parse("10.9.8.7");

/// Node 1 sends from elsewhere, and node 0 knows its key.
class Scene {
 public:
  Scene() : network_(options()) {
    network_.start(2);
    const bool has_formed =
        network_.run_until([&] { return network_.agrees_on(2); }, std::chrono::seconds{20});
    network_.set_exit(1, kElsewhere);
    const bool has_met = network_.run_until([&] { return is_answered(); }, std::chrono::seconds{5});
    SPREADABLE_ASSERT(has_formed && has_met);
  }

  TransportRequest signed_request() {
    TransportRequest request{.to = LocalNetwork::address(0),
                             .method = Method::post,
                             .path = "/api/slave/network-map",
                             .headers = {{wire::kOriginalAddress, LocalNetwork::address(1).text()},
                                         {wire::kNodeVersion, "spreadable-0.3"},
                                         {wire::kNodeRoot, network_.node(0).root()},
                                         {wire::kFeatures, wire::kOwnFeatures},
                                         {"content-type", "application/json"}},
                             .body = R"({"timeout":1000})"};
    network_.node(1).services().find<Identity>()->sign(request);
    return request;
  }

  bool passes(const TransportRequest& request) {
    return network_
               .respond(request.to, {.method = request.method,
                                     .path = request.path,
                                     .query = {},
                                     .headers = request.headers,
                                     .body = request.body,
                                     .remote_ip = kElsewhere})
               .status == 200;
  }

  Random& random() { return network_.random(); }
  LocalNetwork& network() { return network_; }

 private:
  static LocalNetwork::Options options() {
    LocalNetwork::Options options;
    options.services.emplace_back([] { return std::make_unique<Identity>(); });
    return options;
  }
  bool is_answered() {
    return network_.node(1)
        .outbound()
        .request({.to = LocalNetwork::address(0), .path = "/api/node/structure"},
                 Deadline::after(network_.clock(), std::chrono::seconds{1}))
        .has_value();
  }

  LocalNetwork network_;
};

/// Changes one character of `text` to another, or takes one away, or puts one in.
void mutate(std::string& text, Random& random) {
  static constexpr std::string_view kAlphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=.;:,-{}\"";
  const char c = kAlphabet[random.below(kAlphabet.size())];
  const std::size_t at = random.below(text.size() + 1);
  const std::size_t way = text.empty() ? 2 : random.below(3);
  if (way == 0 && at < text.size()) {
    text[at] = c;
  } else if (way == 1 && at < text.size()) {
    text.erase(at, 1);
  } else {
    text.insert(at, 1, c);
  }
}

/// A request that differs from `request` in something that the signature covers.
TransportRequest mutant(const TransportRequest& request, Random& random) {
  static constexpr std::string_view kFields[] = {wire::kSignature, wire::kOriginalAddress,
                                                 wire::kNodeRoot, wire::kFeatures};
  TransportRequest other = request;
  const std::size_t what = random.below(8);
  if (what < 4) {
    std::string value(*request.headers.find(kFields[what]));
    mutate(value, random);
    other.headers.set(kFields[what], value);
  } else if (what == 4) {
    mutate(other.body, random);
  } else if (what == 5) {
    other.path = "/api/butler/network-map";
  } else if (what == 6) {
    other.headers.set(wire::kStandInFor, "localhost:7001");
  } else {
    other.to = LocalNetwork::address(1);
  }
  return other;
}

/// Whether both say the same: an address may be written in capitals.
bool is_same(TransportRequest a, const TransportRequest& b) {
  const Result<Address> sender = Address::parse(*a.headers.find(wire::kOriginalAddress));
  if (sender && *sender == LocalNetwork::address(1)) {
    a.headers.set(wire::kOriginalAddress, sender->text());
  }
  if (a.headers.size() != b.headers.size()) return false;
  for (const auto& [name, value] : b.headers) {
    if (*a.headers.find(name) != value) return false;
  }
  return a.to == b.to && a.path == b.path && a.body == b.body;
}

/// Microseconds of one `run` of many.
template <class Run>
double cost(Run run) {
  const auto begin = std::chrono::steady_clock::now();
  for (std::size_t i = 0; i < kOperations; ++i) run();
  const std::chrono::duration<double, std::micro> took = std::chrono::steady_clock::now() - begin;
  return took.count() / static_cast<double>(kOperations);
}

}  // namespace

bool run_signatures() {
  Scene scene;
  const TransportRequest overheard = scene.signed_request();
  std::size_t accepted = 0;
  std::size_t sent = 0;
  while (sent < kMutants) {
    const TransportRequest other = mutant(overheard, scene.random());
    if (is_same(other, overheard)) continue;
    ++sent;
    if (!scene.passes(other)) continue;
    ++accepted;
    for (const auto& [name, value] : other.headers) fmt::print("accepted: {}: {}\n", name, value);
    break;  // from now on the true one would be refused as well
  }
  fmt::print("changed requests: {} of {} accepted\n", accepted, sent);

  std::size_t first = 0;
  std::size_t again = 0;
  for (std::size_t i = 0; i < kReplays; ++i) {
    const TransportRequest request = scene.signed_request();
    if (scene.passes(request)) ++first;
    if (scene.passes(request)) ++again;
  }
  fmt::print("requests sent twice: {} of {} answered, {} the second time\n", first, kReplays,
             again);

  const PrivateKey key = PrivateKey::generate();
  const std::string text(300, 'x');
  const std::string signature = key.sign(text);
  fmt::print("one signature: {:.0f} us to make, {:.0f} us to check\n",
             cost([&] { static_cast<void>(key.sign(text)); }),
             cost([&] { static_cast<void>(key.public_key().verifies(text, signature)); }));
  return accepted == 0 && first == kReplays && again == 0;
}

}  // namespace spreadable::sectest
