// interop_node CONFIG_FILE: a node for the tests of mixed networks. It has the action
// `echo-address`, which answers the addresses of all nodes, and, where the config knows an approval
// `client`, the client route `guarded`, which asks for it. Tells events as JSON lines. Ends on
// SIGTERM, or with its parent.
#include <sys/prctl.h>

#include <csignal>
#include <cstdio>
#include <fstream>
#include <mutex>
#include <sstream>
#include <stdexcept>

#include "services/approvals/approvals.h"
#include "services/spreadable.h"

using namespace spreadable;

namespace {

/// Writes a line at once, since the tests wait for it. Events come from many threads.
void tell(const Json& line) {
  static std::mutex mutex;
  const std::lock_guard lock(mutex);
  std::printf("%s\n", dump_json(line).c_str());
  std::fflush(stdout);
}

NodeOptions read_options(const char* path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  const Result<Json> config = parse_config(text.str());
  if (!config) throw std::invalid_argument(config.error().message);
  Result<NodeOptions> options = parse_options(*config);
  if (!options) throw std::invalid_argument(options.error().message);
  return *options;
}

class InteropNode final : public Node {
 public:
  InteropNode(const NodeOptions& options, Environment environment)
      : Node(options, std::move(environment)) {
    add_action("echo-address").local([this](const Json&, CallContext&) -> Json {
      return Json::array({address().text()});
    });
    on(Event::size_changed, [](const EventInfo& info) {
      tell({{"event", "size"}, {"networkSize", info.size}});
    });
    on(Event::peer_banned, [](const EventInfo& info) {
      tell({{"event", "ban"}, {"of", info.peer.text()}});
    });
  }
  ~InteropNode() override { stop(); }

 protected:
  void prepare_routes() override {
    auto* const approvals = services().find<Approvals>();
    if (!approvals || !approvals->find(kApproval)) return;
    router().add(Method::post, kGuarded, WorkClass::client, [this](CallContext&) -> Result<Json> {
      return Json{{"address", address().text()}, {"action", kApproval}};
    });
    approvals->protect(router(), kGuarded, kApproval);
  }

 private:
  static constexpr const char* kApproval = "client";
  static constexpr const char* kGuarded = "/client/guarded";
};

void serve(const NodeOptions& options, StopSignals& signals) {
  Runtime runtime;
  InteropNode node(options, runtime.environment(options));
  if (const Result<void> started = node.start(); !started) {
    throw std::runtime_error(started.error().message);
  }
  tell({{"event", "serving"}, {"address", node.address().text()}});
  signals.wait();
  node.stop();
  tell({{"event", "stopped"}});
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc != 2) throw std::invalid_argument("usage: interop_node CONFIG_FILE");
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);  // a test that was killed leaves nothing behind
  const NodeOptions options = read_options(argv[1]);
  StopSignals signals;  // before any thread is started
  serve(options, signals);
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
