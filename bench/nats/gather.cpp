#include "bench/nats/gather.h"

#include <fmt/format.h>

#include <stdexcept>

namespace spreadable::bench {
namespace {

constexpr std::string_view kSubject = "question";
constexpr std::size_t kPayloadBytes = 200;
constexpr double kWarmUpShare = 0.2;
constexpr std::chrono::seconds kPatience{10};

SteadyClock::duration seconds(double count) {
  return std::chrono::duration_cast<SteadyClock::duration>(std::chrono::duration<double>(count));
}

}  // namespace

void answer_questions(std::uint16_t port, const std::function<void()>& on_subscribed) {
  const std::string payload(kPayloadBytes, 'x');
  NatsLink link(port);
  link.subscribe(kSubject);
  link.wait_for_server();
  on_subscribed();
  Poller poller;
  poller.watch(link.socket(), &link);
  for (;;) {
    if (poller.wait().empty()) continue;
    link.receive(
        [&](const NatsLink::Message& message) { link.publish(message.reply_to, {}, payload); });
    link.flush();
  }
}

Gather::Gather(Options options)
    : options_(options),
      end_(begun_ + seconds(options.seconds * (1 + kWarmUpShare))),
      latencies_(begun_ + seconds(options.seconds * kWarmUpShare)) {}

Json Gather::run() {
  askers_.resize(options_.connections);
  for (std::size_t i = 0; i < askers_.size(); ++i) {
    Asker& asker = askers_[i];
    asker.link = std::make_unique<NatsLink>(options_.port);
    asker.inbox = fmt::format("inbox.{}", i);
    asker.link->subscribe(asker.inbox + ".*");
    asker.link->wait_for_server();
    poller_.watch(asker.link->socket(), &asker);
  }
  busy_ = askers_.size();
  for (Asker& asker : askers_) ask(asker);
  while (busy_ > 0) {
    const auto ready = poller_.wait(kPatience);
    if (ready.empty()) throw std::runtime_error("not all subscribers answer");
    for (const Poller::Ready& one : ready) serve(*static_cast<Asker*>(one.owner));
  }
  Json result = latencies_.summary();
  result["connections"] = askers_.size();
  return result;
}

void Gather::ask(Asker& asker) {
  static const std::string payload(kPayloadBytes, 'q');
  ++asker.question;
  asker.answers = 0;
  asker.sent = SteadyClock::now();
  asker.link->publish(kSubject, fmt::format("{}.{}", asker.inbox, asker.question), payload);
  asker.link->flush();
}

void Gather::serve(Asker& asker) {
  bool is_complete = false;
  asker.link->receive([&](const NatsLink::Message& message) {
    const std::string_view number = message.subject.substr(asker.inbox.size() + 1);
    if (number != fmt::format_int(asker.question).c_str()) return;  // nobody waits for it any more
    is_complete = ++asker.answers == options_.subscribers;
  });
  if (!is_complete) return;
  const auto now = SteadyClock::now();
  latencies_.add(asker.sent, now);
  if (now < end_) {
    ask(asker);
  } else {
    --busy_;
  }
}

}  // namespace spreadable::bench
