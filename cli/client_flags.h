// cli/client_flags.h: how commands find the running node that they ask.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "cli/option_sources.h"
#include "core/client.h"
#include "core/options.h"
#include "services/net/curl_transport.h"
#include "services/net/system_resolver.h"
#include "services/system/system_clock.h"
#include "services/system/system_random.h"

namespace spreadable::cli {

/// The flags of the commands that ask a node. Kept alive by its owner while the command line is
/// read.
struct ClientFlags {
  std::string address;
  std::string user;
  std::string timeout;
  bool is_json = false;
  OptionFlags options;

  void add_to(CLI::App& app);

  /// What to connect with: flags, then what environment and config file say of the node of this
  /// machine, then localhost:4000. Errc::invalid_argument naming what is wrong.
  [[nodiscard]] Result<Client::Options> read() const;
};

/// A client with all that it needs.
class NodeClient {
 public:
  /// Throws std::runtime_error when the system refuses sockets or threads.
  explicit NodeClient(Client::Options options);

  [[nodiscard]] Client& operator*() { return client_; }
  [[nodiscard]] Client* operator->() { return &client_; }
  [[nodiscard]] const Clock& clock() const { return clock_; }

 private:
  SystemClock clock_;
  SystemResolver resolver_{clock_};
  SystemRandom random_;
  CurlTransport transport_;
  Client client_;
};

}  // namespace spreadable::cli
