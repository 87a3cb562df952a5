#include "services/approvals/detail/gd_library.h"

#include <stdexcept>

#include "services/system/shared_library.h"

namespace spreadable::detail {
namespace {

constexpr const char* kFile = "libgd.so.3";  // the name of its interface since gd 2.1
constexpr const char* kNeed = "captchas need the Debian package libgd3";

}  // namespace

Result<GdLibrary> GdLibrary::open() {
  auto library = SharedLibrary::load(kFile, kNeed);
  if (!library) return library.error();
  GdLibrary gd;
  library->find("gdFree", gd.free);
  library->find("gdImageAlphaBlending", gd.alpha_blending);
  library->find("gdImageCopy", gd.copy);
  library->find("gdImageCreateFromPngPtr", gd.create_from_png);
  library->find("gdImageCreateTrueColor", gd.create_true_color);
  library->find("gdImageDestroy", gd.destroy);
  library->find("gdImageFilledRectangle", gd.filled_rectangle);
  library->find("gdImagePaletteToTrueColor", gd.palette_to_true_color);
  library->find("gdImagePngPtr", gd.png);
  library->find("gdImageSaveAlpha", gd.save_alpha);
  library->find("gdImageSetPixel", gd.set_pixel);
  library->find("gdImageStringFT", gd.string_ft);
  decltype(&::gdFontCacheSetup) set_up_fonts = nullptr;
  decltype(&::gdSetErrorMethod) set_error_method = nullptr;
  library->find("gdFontCacheSetup", set_up_fonts);
  library->find("gdSetErrorMethod", set_error_method);
  if (const auto whole = library->check(); !whole) return whole.error();
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
