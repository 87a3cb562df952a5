// Pictures that strangers draw, colours, and wishes about pictures. The first line is both a colour
// and a wish; the rest a PNG file.
#include "services/approvals/captcha_picture.h"

#include "core/base64.h"
#include "services/approvals/captcha_approval.h"
#include "tests/fuzz/fuzz.h"

namespace spreadable {
namespace {

void check_picture(std::string_view png) {
  const auto picture = CaptchaPicture::read(png);
  if (!picture) return;
  SPREADABLE_ASSERT(picture->width() >= 1 && picture->width() <= CaptchaPicture::kPixelsMax);
  SPREADABLE_ASSERT(picture->height() >= 1 && picture->height() <= CaptchaPicture::kPixelsMax);
  const auto again = CaptchaPicture::read(picture->png());
  SPREADABLE_ASSERT(again && again->width() == picture->width());
  SPREADABLE_ASSERT(again->height() == picture->height());
  const CaptchaStyle style;
  CaptchaPicture whole = CaptchaPicture::blank(style);
  for (std::size_t i = 0; i < 3; ++i) {
    const CaptchaSlice slice = CaptchaSlice::of(i, 3, static_cast<std::size_t>(style.length));
    const bool is_placed = whole.place(*picture, slice, style.cell());
    const bool is_large = picture->height() >= style.cell() &&
                          picture->width() >= static_cast<int>(slice.size) * style.cell();
    SPREADABLE_ASSERT(!is_placed || is_large);
  }
}

void check_wish(std::string_view text) {
  const CaptchaApproval approval("human", CaptchaApproval::default_options(6), {});
  const Result<Json> info = parse_json(text);
  const Result<void> passed = approval.check_info(info ? *info : Json(text));
  if (!passed) return fuzz::check_error(passed.error(), {Errc::logical});
  const auto question = approval.join({{}, info ? *info : Json()}, {Json(), Json()});
  SPREADABLE_ASSERT(question && question->is_string());
}

}  // namespace

void fuzz::run(std::string_view input) {
  const std::string_view line = cut_line(input);
  const auto color = Rgb::parse(line);
  SPREADABLE_ASSERT(!color || (line.size() == 7 && line.front() == '#'));
  check_wish(line);
  check_picture(input);
}

}  // namespace spreadable
