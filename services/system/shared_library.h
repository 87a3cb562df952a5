// services/system/shared_library.h: libraries of the system that few processes need.
#pragma once

#include <string>
#include <utility>

#include "core/result.h"

namespace spreadable {

/// A shared library that is loaded while the process runs. It stays loaded until the process ends,
/// since nobody counts who still calls its functions. For one thread; the library itself may be
/// used by all.
class SharedLibrary {
 public:
  /// `file` is the name that the loader finds it by, with the number of its interface. `need` says
  /// what it is for, and the package that has it; errors begin with it. Errc::io when it is not
  /// there.
  [[nodiscard]] static Result<SharedLibrary> load(std::string file, std::string need);

  /// Puts the function `name` into `function`; a null pointer when there is none (check()).
  template <class Function>
  void find(const char* name, Function& function) {
    function = reinterpret_cast<Function>(find_address(name));
  }
  /// Errc::io when a function that was looked for was not there: it is another library.
  [[nodiscard]] Result<void> check() const;
  /// Errc::io with `reason`.
  [[nodiscard]] Error unusable(const std::string& reason) const;

 private:
  SharedLibrary(std::string file, std::string need, void* handle)
      : file_(std::move(file)), need_(std::move(need)), handle_(handle) {}

  [[nodiscard]] void* find_address(const char* name);

  std::string file_;
  std::string need_;
  void* handle_;
  std::string missing_;  ///< the first function that was not there
};

}  // namespace spreadable
