#include "services/net/detail/curl_library.h"

#include "services/system/shared_library.h"

namespace spreadable::detail {
namespace {

constexpr const char* kFile = "libcurl.so.4";  // the name of its interface since libcurl 7.16
constexpr const char* kNeed =
    "requests over TLS, and to nodes of other kinds, need the Debian package libcurl4";

}  // namespace

Result<CurlLibrary> CurlLibrary::open() {
  auto library = SharedLibrary::load(kFile, kNeed);
  if (!library) return library.error();
  CurlLibrary curl;
  library->find("curl_easy_cleanup", curl.easy_cleanup);
  library->find("curl_easy_getinfo", curl.easy_getinfo);
  library->find("curl_easy_init", curl.easy_init);
  library->find("curl_easy_setopt", curl.easy_setopt);
  library->find("curl_easy_strerror", curl.easy_strerror);
  library->find("curl_multi_add_handle", curl.multi_add_handle);
  library->find("curl_multi_assign", curl.multi_assign);
  library->find("curl_multi_cleanup", curl.multi_cleanup);
  library->find("curl_multi_info_read", curl.multi_info_read);
  library->find("curl_multi_init", curl.multi_init);
  library->find("curl_multi_remove_handle", curl.multi_remove_handle);
  library->find("curl_multi_setopt", curl.multi_setopt);
  library->find("curl_multi_socket_action", curl.multi_socket_action);
  decltype(&::curl_global_init) set_up = nullptr;
  library->find("curl_global_init", set_up);
  if (const auto whole = library->check(); !whole) return whole.error();
  if (set_up(CURL_GLOBAL_ALL) != CURLE_OK) return library->unusable("it does not start");
  return curl;
}

Result<const CurlLibrary*> CurlLibrary::load() {
  static const Result<CurlLibrary> kOpened = open();
  if (!kOpened) return kOpened.error();
  return &*kOpened;
}

const CurlLibrary& CurlLibrary::get() {
  static const CurlLibrary& library = **load();
  return library;
}

}  // namespace spreadable::detail
