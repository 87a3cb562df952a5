// services/net/detail/curl_easy.h: libcurl's easy handles: how a request is put into one, and how
// its outcome is read.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "services/net/curl_transport.h"
#include "services/net/detail/curl_library.h"
#include "services/net/detail/exchange.h"

namespace spreadable::detail {

/// Where libcurl was built to look for the authorities that the system trusts; empty: nowhere.
struct TrustedByDefault {
  std::string file;
  std::string folder;
};

/// Easy handles for use again: making one costs more than a request. For one thread.
class CurlEasyPool {
 public:
  explicit CurlEasyPool(const CurlTransport::Options& options);

  /// A handle ready to carry `exchange`, which must outlive the transfer. nullptr when memory
  /// is short.
  [[nodiscard]] std::unique_ptr<CurlEasy> take(Exchange& exchange);
  void give_back(std::unique_ptr<CurlEasy> easy) { idle_.push_back(std::move(easy)); }

 private:
  [[nodiscard]] std::unique_ptr<CurlEasy> make() const;

  const CurlTransport::Options& options_;
  const TrustedByDefault trusted_;
  std::vector<std::unique_ptr<CurlEasy>> idle_;
};

/// Whether the transfer of `exchange`, which ended with `code`, failed on a kept connection before
/// the first byte of an answer. That says no more of the peer than that it had closed that one.
[[nodiscard]] bool has_met_stale_connection(const Exchange& exchange, CURLcode code);

/// Whether the answer to `exchange` inflates to more than CurlTransport allows.
[[nodiscard]] bool inflates_too_much(const Exchange& exchange);

/// What became of `exchange`, whose transfer ended with `code`. Moves the reply out.
[[nodiscard]] Result<TransportReply> outcome(Exchange& exchange, CURLcode code);

}  // namespace spreadable::detail
