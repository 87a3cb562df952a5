#include "services/net/detail/curl_library.h"

#include <dlfcn.h>

#include <string>

#include "core/assert.h"

namespace spreadable::detail {
namespace {

constexpr const char* kFile = "libcurl.so.4";  // the name of its interface since libcurl 7.16

/// Puts the function `name` into `function`, and clears `is_whole` when there is none.
template <class Function>
void find(void* library, const char* name, Function& function, bool& is_whole) {
  function = reinterpret_cast<Function>(::dlsym(library, name));
  if (!function) is_whole = false;
}

Error unusable(const std::string& reason) {
  return {
      Errc::io,
      "requests over TLS, and to nodes of other kinds, need the Debian package libcurl4: " + reason,
      {}};
}

}  // namespace

Result<CurlLibrary> CurlLibrary::open() {
  void* const library = ::dlopen(kFile, RTLD_NOW | RTLD_LOCAL);
  if (!library) {
    const char* const reason = ::dlerror();
    return unusable(reason ? reason : kFile);
  }
  CurlLibrary curl;
  bool is_whole = true;
  find(library, "curl_easy_cleanup", curl.easy_cleanup, is_whole);
  find(library, "curl_easy_getinfo", curl.easy_getinfo, is_whole);
  find(library, "curl_easy_init", curl.easy_init, is_whole);
  find(library, "curl_easy_setopt", curl.easy_setopt, is_whole);
  find(library, "curl_easy_strerror", curl.easy_strerror, is_whole);
  find(library, "curl_multi_add_handle", curl.multi_add_handle, is_whole);
  find(library, "curl_multi_assign", curl.multi_assign, is_whole);
  find(library, "curl_multi_cleanup", curl.multi_cleanup, is_whole);
  find(library, "curl_multi_info_read", curl.multi_info_read, is_whole);
  find(library, "curl_multi_init", curl.multi_init, is_whole);
  find(library, "curl_multi_remove_handle", curl.multi_remove_handle, is_whole);
  find(library, "curl_multi_setopt", curl.multi_setopt, is_whole);
  find(library, "curl_multi_socket_action", curl.multi_socket_action, is_whole);
  decltype(&::curl_global_init) set_up = nullptr;
  find(library, "curl_global_init", set_up, is_whole);
  if (!is_whole) return unusable(std::string(kFile) + " is another library");
  if (set_up(CURL_GLOBAL_ALL) != CURLE_OK) return unusable("it does not start");
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
