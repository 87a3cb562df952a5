// services/net/detail/curl_library.h: the functions of libcurl that outgoing requests need.
#pragma once

#include <curl/curl.h>

#include "core/result.h"

namespace spreadable::detail {

/// libcurl, loaded with the first request that needs it. It comes with 24 other shared libraries,
/// which take 4 MiB of memory and most of the time that a process needs to start; in a network of
/// nodes of ours over bare HTTP hardly anybody needs it (MuxTransport). The members are called as
/// the functions of libcurl whose names they have. It is set up for all threads. Thread-safe.
class CurlLibrary {
 public:
  /// Errc::io when it is not there; the first call decides, for all.
  [[nodiscard]] static Result<const CurlLibrary*> load();
  /// The same. Requires: it is there.
  [[nodiscard]] static const CurlLibrary& get();

  decltype(&::curl_easy_cleanup) easy_cleanup = nullptr;
  decltype(&::curl_easy_getinfo) easy_getinfo = nullptr;
  decltype(&::curl_easy_init) easy_init = nullptr;
  decltype(&::curl_easy_setopt) easy_setopt = nullptr;
  decltype(&::curl_easy_strerror) easy_strerror = nullptr;
  decltype(&::curl_multi_add_handle) multi_add_handle = nullptr;
  decltype(&::curl_multi_assign) multi_assign = nullptr;
  decltype(&::curl_multi_cleanup) multi_cleanup = nullptr;
  decltype(&::curl_multi_info_read) multi_info_read = nullptr;
  decltype(&::curl_multi_init) multi_init = nullptr;
  decltype(&::curl_multi_remove_handle) multi_remove_handle = nullptr;
  decltype(&::curl_multi_setopt) multi_setopt = nullptr;
  decltype(&::curl_multi_socket_action) multi_socket_action = nullptr;

 private:
  CurlLibrary() = default;
  [[nodiscard]] static Result<CurlLibrary> open();
};

/// CurlLibrary::get().
[[nodiscard]] inline const CurlLibrary& curl() {
  return CurlLibrary::get();
}

}  // namespace spreadable::detail
