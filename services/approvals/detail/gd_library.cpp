#include "services/approvals/detail/gd_library.h"

#include <dlfcn.h>

#include <stdexcept>
#include <string>

namespace spreadable::detail {
namespace {

constexpr const char* kFile = "libgd.so.3";  // the name of its interface since gd 2.1

/// Puts the function `name` into `function`, and clears `is_whole` when there is none.
template <class Function>
void find(void* library, const char* name, Function& function, bool& is_whole) {
  function = reinterpret_cast<Function>(::dlsym(library, name));
  if (!function) is_whole = false;
}

}  // namespace

Result<GdLibrary> GdLibrary::open() {
  void* const library = ::dlopen(kFile, RTLD_NOW | RTLD_LOCAL);
  if (!library) {
    const char* const reason = ::dlerror();
    return Error{
        Errc::io,
        std::string("captchas need the Debian package libgd3: ") + (reason ? reason : kFile),
        {}};
  }
  GdLibrary gd;
  bool is_whole = true;
  find(library, "gdFree", gd.free, is_whole);
  find(library, "gdImageAlphaBlending", gd.alpha_blending, is_whole);
  find(library, "gdImageCopy", gd.copy, is_whole);
  find(library, "gdImageCreateFromPngPtr", gd.create_from_png, is_whole);
  find(library, "gdImageCreateTrueColor", gd.create_true_color, is_whole);
  find(library, "gdImageDestroy", gd.destroy, is_whole);
  find(library, "gdImageFilledRectangle", gd.filled_rectangle, is_whole);
  find(library, "gdImagePaletteToTrueColor", gd.palette_to_true_color, is_whole);
  find(library, "gdImagePngPtr", gd.png, is_whole);
  find(library, "gdImageSaveAlpha", gd.save_alpha, is_whole);
  find(library, "gdImageSetPixel", gd.set_pixel, is_whole);
  find(library, "gdImageStringFT", gd.string_ft, is_whole);
  decltype(&::gdFontCacheSetup) set_up_fonts = nullptr;
  decltype(&::gdSetErrorMethod) set_error_method = nullptr;
  find(library, "gdFontCacheSetup", set_up_fonts, is_whole);
  find(library, "gdSetErrorMethod", set_error_method, is_whole);
  if (!is_whole) {
    return Error{Errc::io,
                 std::string("captchas need the library gd, and this is another one: ") + kFile,
                 {}};
  }
  set_up_fonts();  // shared by all threads, and not safe to set up from several
  set_error_method([](int, const char*, va_list) {});
  return gd;
}

Result<const GdLibrary*> GdLibrary::load() {
  static const Result<GdLibrary> kOpened = open();
  if (!kOpened) return kOpened.error();
  return &*kOpened;
}

const GdLibrary& GdLibrary::get() {
  const auto gd = load();
  if (!gd) throw std::runtime_error(gd.error().message);
  return **gd;
}

}  // namespace spreadable::detail
