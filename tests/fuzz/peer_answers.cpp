// A node that joins through strangers. Each line is what they answer to one route: its last word,
// the status and the body, such as `structure 200 {"address":…}`; a `+` in front makes it an answer
// of a node of ours. Several lines of one route are given in turn.
#include <map>
#include <vector>

#include "core/wire.h"
#include "tests/fuzz/checked_node.h"

namespace spreadable {
namespace {

constexpr std::uint16_t kFirstPort = 7500;
constexpr std::uint16_t kStrangers = 4;

class Stranger final : public RequestHandler {
 public:
  void read(std::string_view line) {
    Answer answer;
    answer.is_native = line.starts_with('+');
    if (answer.is_native) line.remove_prefix(1);
    const std::string route = cut_word(line);
    answer.status = std::clamp(std::atoi(cut_word(line).c_str()), 200, 599);
    answer.body = std::string(line);
    answers_[route].push_back(std::move(answer));
  }

  WorkClass work_class(Method, std::string_view) const override { return WorkClass::leaf; }

  HttpResponse handle(HttpRequest request) override {
    HttpResponse response;
    const auto found = answers_.find(request.path.substr(request.path.rfind('/') + 1));
    if (found == answers_.end()) {
      response.status = 404;
      return response;
    }
    const std::size_t turn = turns_[found->first]++ % found->second.size();
    const Answer& answer = found->second[turn];
    response.status = answer.status;
    response.body = answer.body;
    if (!answer.is_native) return response;
    response.headers.add(wire::kFeatures, wire::kOwnFeatures);
    for (const std::string_view name : {wire::kCoverage, wire::kMoveTo, wire::kChallenge}) {
      const auto field = answers_.find(std::string(name));
      if (field != answers_.end()) response.headers.add(field->first, field->second.front().body);
    }
    return response;
  }

 private:
  struct Answer {
    bool is_native = false;
    int status = 200;
    std::string body;
  };

  static std::string cut_word(std::string_view& line) {
    const std::string_view word = line.substr(0, line.find(' '));
    line.remove_prefix(std::min(word.size() + 1, line.size()));
    return std::string(word);
  }

  std::map<std::string, std::vector<Answer>> answers_;
  std::map<std::string, std::size_t> turns_;
};

}  // namespace

void fuzz::run(std::string_view input) {
  Stranger stranger;
  while (!input.empty()) stranger.read(cut_line(input));
  LocalNetwork network(real_nodes());
  for (std::uint16_t i = 0; i < kStrangers; ++i) {
    const auto port = static_cast<std::uint16_t>(kFirstPort + i);
    network.serve(*Address::from_parts("localhost", port), stranger);
  }
  Node& node = network.add(Millis::zero(), Address::from_parts("localhost", kFirstPort).value());
  const Result<void> started = node.start();
  SPREADABLE_ASSERT(started);
  for (int i = 0; i < 4; ++i) {
    network.run_for(network.interval());
    check_view(node);
  }
  const auto answer = node.traverse("count", Json{{"a", 1}});
  SPREADABLE_ASSERT(answer && answer->value.is_number());
  SPREADABLE_ASSERT(answer->nodes_answered <= answer->nodes_asked);
  SPREADABLE_ASSERT(!answer->complete || answer->masters_failed == 0);
  SPREADABLE_ASSERT(network.logger().count(LogLevel::error) == 0);
}

}  // namespace spreadable
