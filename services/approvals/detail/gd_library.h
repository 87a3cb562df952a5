// services/approvals/detail/gd_library.h: the functions of gd that captchas need.
#pragma once

#include <gd.h>

#include "core/result.h"

namespace spreadable::detail {

/// gd, loaded when the first captcha is drawn. It comes with 45 other shared libraries, which take
/// 5 MiB of memory and half of the time that a process needs to start; few nodes ever draw one. It
/// stays loaded until the process ends: its font cache and its error method are of the process, and
/// the threads that draw are not counted. The members are called as the functions of gd whose names
/// they have. gd's font cache is set up, and its complaints about foreign pictures go nowhere.
/// Thread-safe.
class GdLibrary {
 public:
  /// Errc::io when it is not there; the first call decides, for all.
  [[nodiscard]] static Result<const GdLibrary*> load();
  /// The same; throws std::runtime_error.
  [[nodiscard]] static const GdLibrary& get();

  decltype(&::gdFree) free = nullptr;
  decltype(&::gdImageAlphaBlending) alpha_blending = nullptr;
  decltype(&::gdImageCopy) copy = nullptr;
  decltype(&::gdImageCreateFromPngPtr) create_from_png = nullptr;
  decltype(&::gdImageCreateTrueColor) create_true_color = nullptr;
  decltype(&::gdImageDestroy) destroy = nullptr;
  decltype(&::gdImageFilledRectangle) filled_rectangle = nullptr;
  decltype(&::gdImagePaletteToTrueColor) palette_to_true_color = nullptr;
  decltype(&::gdImagePngPtr) png = nullptr;
  decltype(&::gdImageSaveAlpha) save_alpha = nullptr;
  decltype(&::gdImageSetPixel) set_pixel = nullptr;
  decltype(&::gdImageStringFT) string_ft = nullptr;

 private:
  GdLibrary() = default;
  [[nodiscard]] static Result<GdLibrary> open();
};

}  // namespace spreadable::detail
