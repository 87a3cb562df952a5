#include "services/system/shared_library.h"

#include <dlfcn.h>

namespace spreadable {

Result<SharedLibrary> SharedLibrary::load(std::string file, std::string need) {
  void* const handle = ::dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
  SharedLibrary library(std::move(file), std::move(need), handle);
  if (handle) return library;
  const char* const reason = ::dlerror();
  return library.unusable(reason ? reason : library.file_);
}

Result<void> SharedLibrary::check() const {
  if (missing_.empty()) return {};
  return unusable(file_ + " is another library, without " + missing_);
}

Error SharedLibrary::unusable(const std::string& reason) const {
  return {Errc::io, need_ + ": " + reason, {}};
}

void* SharedLibrary::find_address(const char* name) {
  void* const address = ::dlsym(handle_, name);
  if (!address && missing_.empty()) missing_ = name;
  return address;
}

}  // namespace spreadable
