#include "bench/load/load.h"

#include <fmt/format.h>

#include <stdexcept>

namespace spreadable::bench {
namespace {

constexpr double kWarmUpShare = 0.2;
constexpr std::size_t kShownBytes = 300;

/// Steps through any number of numbers that is no multiple of this prime, and leaves none out.
constexpr std::size_t kNumberStep = 7'919;

std::string request_of(const Load::Options& options, const std::string& body) {
  const std::string head = fmt::format("{} {} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\n",
                                       body.empty() ? "GET" : "POST", options.path, options.port);
  if (body.empty()) return head + "\r\n";
  return fmt::format("{}Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{}", head,
                     body.size(), body);
}

SteadyClock::duration seconds(double count) {
  return std::chrono::duration_cast<SteadyClock::duration>(std::chrono::duration<double>(count));
}

}  // namespace

Load::Load(Options options)
    : options_(std::move(options)),
      has_numbers_(options_.body.find(kNumberMark) != std::string::npos),
      request_(request_of(options_, options_.body)),
      latencies_(begun_ + (options_.requests > 0 ? SteadyClock::duration::zero()
                                                 : seconds(options_.seconds * kWarmUpShare))) {}

Json Load::run() {
  links_.reserve(options_.connections);  // the poller names them
  for (std::size_t i = 0; i < options_.connections; ++i) {
    links_.push_back({.stream = Stream(connect_to(options_.port))});
    poller_.watch(links_.back().stream.socket(), &links_.back());
  }
  busy_ = links_.size();
  for (Link& link : links_) send(link);
  while (busy_ > 0) {
    const auto ready = poller_.wait(seconds(options_.patience_s));
    if (ready.empty()) {
      note_bad("no answer in time", busy_);
      break;
    }
    for (const Poller::Ready& one : ready) serve(*static_cast<Link*>(one.owner));
  }
  Json result = latencies_.summary();
  result["connections"] = links_.size();
  result["bad"] = bad_;
  result["bytes"] = bytes_;
  if (bad_ > 0) result["first_bad"] = first_bad_;
  return result;
}

std::string Load::next_request() {
  if (!has_numbers_) return request_;
  const std::size_t step = sent_++;
  const std::size_t offset = options_.numbers > 0 ? step * kNumberStep % options_.numbers : step;
  const std::string number = std::to_string(options_.first_number + offset);
  std::string body = options_.body;
  for (std::size_t at = body.find(kNumberMark); at != std::string::npos;
       at = body.find(kNumberMark, at + number.size())) {
    body.replace(at, kNumberMark.size(), number);
  }
  return request_of(options_, body);
}

void Load::send(Link& link) {
  ++link.requests;
  link.stream.output() = next_request();
  link.sent = SteadyClock::now();
  // Requests are far smaller than a socket's buffer, which is empty by now.
  if (!link.stream.flush() || link.stream.has_output()) {
    throw std::runtime_error("a request could not be sent");
  }
}

void Load::serve(Link& link) {
  const bool is_open = link.stream.receive();
  const auto message = first_message(link.stream.input());
  if (!message) {
    if (is_open) return;
    note_bad("the server ended the connection without an answer");
    return leave(link);
  }
  const auto now = SteadyClock::now();
  latencies_.add(link.sent, now);
  judge(*message);
  link.stream.consume(message->size());
  if (is_done(link, now)) return leave(link);
  send(link);
}

void Load::leave(Link& link) {
  link.stream = Stream(Descriptor());
  --busy_;
}

void Load::judge(const HttpMessage& message) {
  bytes_ += message.size();
  const bool is_right = message.head.starts_with("HTTP/1.1 200") &&
                        message.body.find(options_.expect) != std::string_view::npos;
  if (is_right) return;
  note_bad(fmt::format("{}: {}", message.head.substr(0, message.head.find('\r')),
                       message.body.substr(0, kShownBytes)));
}

void Load::note_bad(std::string what, std::size_t count) {
  if (bad_ == 0) first_bad_ = std::move(what);
  bad_ += count;
}

bool Load::is_done(const Link& link, SteadyClock::time_point now) const {
  if (options_.requests > 0) return link.requests >= options_.requests;
  return now >= begun_ + seconds(options_.seconds * (1 + kWarmUpShare));
}

}  // namespace spreadable::bench
