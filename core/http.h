// core/http.h: requests and responses as they pass between the Server and Transport ports and the
// core.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/ip.h"

namespace spreadable {

enum class Method { get, head, post, options, other };

/// Header fields in the order they came. Names compare without regard to case.
class Headers {
 public:
  Headers() = default;
  Headers(std::initializer_list<std::pair<std::string, std::string>> fields) : fields_(fields) {}

  void add(std::string name, std::string value) {
    fields_.emplace_back(std::move(name), std::move(value));
  }
  /// Replaces all fields `name` by this one.
  void set(std::string name, std::string value);
  /// The first value of `name`, or nullptr.
  [[nodiscard]] const std::string* find(std::string_view name) const;
  [[nodiscard]] auto begin() const { return fields_.begin(); }
  [[nodiscard]] auto end() const { return fields_.end(); }
  [[nodiscard]] std::size_t size() const { return fields_.size(); }

 private:
  std::vector<std::pair<std::string, std::string>> fields_;
};

/// A request that a Server has received in whole.
struct HttpRequest {
  Method method = Method::get;
  std::string path;   ///< as sent, percent-encoded, without the query
  std::string query;  ///< as sent, without `?`
  Headers headers;
  std::string body;     ///< transfer and content encodings undone
  IpAddress remote_ip;  ///< of the socket
  bool is_tls = false;  ///< came over TLS that this server itself speaks
};

struct HttpResponse {
  int status = 200;
  Headers headers;
  std::string content_type = "application/json; charset=utf-8";
  std::string body;
};

}  // namespace spreadable
