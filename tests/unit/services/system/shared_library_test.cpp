#include "services/system/shared_library.h"

#include <doctest/doctest.h>

namespace spreadable {

TEST_CASE("shared library: functions: are found by name and can be called") {
  auto library = SharedLibrary::load("libm.so.6", "roots need libm");
  REQUIRE(library);
  double (*root)(double) = nullptr;
  library->find("sqrt", root);
  REQUIRE(library->check());
  CHECK(root(81) == 9);
}

TEST_CASE("shared library: errors: say what it is for, and what is missing") {
  const auto absent = SharedLibrary::load("libabsent.so.1", "cakes need the package libcake1");
  REQUIRE_FALSE(absent);
  CHECK(absent.error().code == Errc::io);
  CHECK(absent.error().message.starts_with("cakes need the package libcake1: libabsent.so.1"));

  auto library = SharedLibrary::load("libm.so.6", "cakes need the package libcake1");
  REQUIRE(library);
  void (*bake)() = nullptr;
  double (*root)(double) = nullptr;
  library->find("bake", bake);
  library->find("sqrt", root);
  const bool is_found = bake != nullptr;
  CHECK_FALSE(is_found);
  REQUIRE_FALSE(library->check());
  CHECK(library->check().error().message ==
        "cakes need the package libcake1: libm.so.6 is another library, without bake");
}

}  // namespace spreadable
