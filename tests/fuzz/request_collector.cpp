// The bytes of a connection: requests do not depend on how the bytes were cut on the way, and no
// more is held than the limits allow. The first byte says how they are cut.
#include "services/http/detail/request_collector.h"

#include <vector>

#include "tests/fuzz/fuzz.h"

namespace spreadable {
namespace {

using detail::RequestCollector;

constexpr RequestCollector::Limits kLimits{
    .head_bytes_max = 512, .head_fields_max = 8, .body_bytes_max = 1024};

/// What came of a connection.
struct Outcome {
  std::vector<HttpRequest> requests;
  RequestCollector::State state = RequestCollector::State::empty;
  int refusal = 0;
};

bool are_same(const HttpRequest& a, const HttpRequest& b) {
  return a.method == b.method && a.path == b.path && a.query == b.query && a.body == b.body &&
         fuzz::have_same_fields(a.headers, b.headers);
}

void check_limits(const RequestCollector& collector, std::size_t fed) {
  SPREADABLE_ASSERT(collector.body_bytes() <= kLimits.body_bytes_max);
  // Room grows by doubling, and what follows a request waits with it.
  SPREADABLE_ASSERT(collector.buffered() <=
                    2 * (kLimits.head_bytes_max + kLimits.body_bytes_max + fed) + 64);
}

/// Feeds `input` in pieces of at most `piece` bytes.
Outcome collect(std::string_view input, std::size_t piece) {
  using State = RequestCollector::State;
  RequestCollector collector(kLimits);
  Outcome outcome;
  while (!input.empty() && collector.state() != State::refused) {
    const std::string_view bytes = input.substr(0, piece);
    input.remove_prefix(bytes.size());
    collector.feed(bytes);
    check_limits(collector, bytes.size());
    while (collector.state() == State::complete) outcome.requests.push_back(collector.take());
  }
  outcome.state = collector.state();
  if (outcome.state == State::refused) {
    outcome.refusal = collector.refusal().status;
    SPREADABLE_ASSERT(!collector.refusal().message.empty());
  }
  return outcome;
}

}  // namespace

void fuzz::run(std::string_view input) {
  const std::size_t piece = 1 + cut_byte(input) % 32;
  const Outcome whole = collect(input, std::max<std::size_t>(1, input.size()));
  const Outcome cut = collect(input, piece);
  SPREADABLE_ASSERT(whole.state == cut.state && whole.refusal == cut.refusal);
  SPREADABLE_ASSERT(whole.requests.size() == cut.requests.size());
  for (std::size_t i = 0; i < whole.requests.size(); ++i) {
    SPREADABLE_ASSERT(are_same(whole.requests[i], cut.requests[i]));
    SPREADABLE_ASSERT(whole.requests[i].body.size() <= kLimits.body_bytes_max);
  }
}

}  // namespace spreadable
