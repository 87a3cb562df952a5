#include "bench/nats/nats_link.h"

#include <fmt/format.h>
#include <poll.h>

#include <array>
#include <charconv>
#include <stdexcept>

namespace spreadable::bench {
namespace {

constexpr int kPatienceMillis = 10'000;
constexpr std::string_view kLineEnd = "\r\n";

/// Takes the next word off `line`.
std::string_view next_word(std::string_view& line) {
  const std::size_t begin = std::min(line.find_first_not_of(' '), line.size());
  const std::size_t end = std::min(line.find(' ', begin), line.size());
  const std::string_view word = line.substr(begin, end - begin);
  line.remove_prefix(end);
  return word;
}

std::size_t number(std::string_view text) {
  std::size_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) {
    throw std::runtime_error("NATS server: not a length: " + std::string(text));
  }
  return value;
}

/// The fields of `MSG <subject> <id> [<reply-to>] <bytes>`, without its first word.
struct MessageLine {
  std::string_view subject;
  std::string_view reply_to;
  std::size_t bytes;
};

MessageLine parse_message_line(std::string_view line) {
  const std::string_view subject = next_word(line);
  (void)next_word(line);
  const std::string_view third = next_word(line);
  const std::string_view fourth = next_word(line);
  if (fourth.empty()) return {subject, {}, number(third)};
  return {subject, third, number(fourth)};
}

}  // namespace

NatsLink::NatsLink(std::uint16_t port) : stream_(connect_to(port)) {
  stream_.output() = R"(CONNECT {"verbose":false,"pedantic":false,"lang":"bench"})";
  stream_.output() += kLineEnd;
  wait_for_server();
}

void NatsLink::subscribe(std::string_view subject) {
  fmt::format_to(std::back_inserter(stream_.output()), "SUB {} 1\r\n", subject);
}

void NatsLink::publish(std::string_view subject, std::string_view reply_to,
                       std::string_view payload) {
  fmt::format_to(std::back_inserter(stream_.output()), "PUB {} {} {}\r\n{}\r\n", subject, reply_to,
                 payload.size(), payload);
}

void NatsLink::flush() {
  while (stream_.has_output()) {
    if (!stream_.flush()) throw std::runtime_error("NATS server: the connection broke");
    if (!stream_.has_output()) return;
    pollfd entry{stream_.socket().get(), POLLOUT, 0};
    if (::poll(&entry, 1, kPatienceMillis) != 1) {
      throw std::runtime_error("NATS server: takes nothing any more");
    }
  }
}

void NatsLink::wait_for_server() {
  is_answered_ = false;
  stream_.output() += "PING\r\n";
  flush();
  while (!is_answered_) {
    pollfd entry{stream_.socket().get(), POLLIN, 0};
    if (::poll(&entry, 1, kPatienceMillis) != 1) {
      throw std::runtime_error("NATS server: no answer in time");
    }
    receive([](const Message&) {});
  }
}

void NatsLink::receive(const OnMessage& on_message) {
  if (!stream_.receive()) throw std::runtime_error("NATS server: the connection ended");
  while (take_operation(on_message)) {
  }
}

bool NatsLink::take_operation(const OnMessage& on_message) {
  const std::string_view input = stream_.input();
  const std::size_t line_bytes = input.find(kLineEnd);
  if (line_bytes == std::string_view::npos) return false;
  std::string_view line = input.substr(0, line_bytes);
  std::size_t size = line_bytes + kLineEnd.size();
  const std::string_view operation = next_word(line);
  if (operation == "MSG") {
    const MessageLine fields = parse_message_line(line);
    const std::size_t payload_at = size;
    size += fields.bytes + kLineEnd.size();
    if (input.size() < size) return false;
    on_message({fields.subject, fields.reply_to, input.substr(payload_at, fields.bytes)});
  } else if (operation == "PING") {
    stream_.output() += "PONG\r\n";
    flush();
  } else if (operation == "PONG") {
    is_answered_ = true;
  } else if (operation == "-ERR") {
    throw std::runtime_error("NATS server:" + std::string(line));
  }
  stream_.consume(size);
  return true;
}

}  // namespace spreadable::bench
