#include "services/approvals/captcha_picture.h"

#include <algorithm>
#include <cmath>
#include <new>
#include <numbers>
#include <utility>
#include <vector>

#include "core/assert.h"
#include "core/secret.h"
#include "services/approvals/detail/gd_library.h"

namespace spreadable {
namespace {

using detail::GdLibrary;

/// Without those that look alike in many hands: 0 and o, 1, i and l, 9, g and q, 2 and z, 5 and s,
/// 6 and b.
constexpr std::string_view kCharacters = "234578acdefhjkmnprtuvwxy";
constexpr std::string_view kPngSignature = "\x89PNG\r\n\x1a\n";
constexpr std::size_t kPngHeaderBytes = 24;  // signature, length and type of IHDR, width, height
constexpr int kShadowAlpha = 80;             // of gd's 0 (opaque) to 127
/// A character is leant this far at most, so that none is taken for another; what lies behind it
/// may turn.
constexpr double kLean = 28;
constexpr double kShadowLean = 75;

const GdLibrary& gd() {
  return GdLibrary::get();
}

int to_gd(const Rgb& color, int alpha = gdAlphaOpaque) {
  return gdTrueColorAlpha(color.channels[0], color.channels[1], color.channels[2], alpha);
}

/// Each channel is far from the middle, so that the inverted colour differs in all three.
Rgb random_color() {
  Rgb color;
  for (std::uint8_t& channel : color.channels) {
    const std::size_t part = secret_below(2);
    channel = static_cast<std::uint8_t>(part * 190 + secret_below(66));
  }
  return color;
}

/// The colour around a character: its inverse, or black or white where that would hardly differ.
Rgb contrast_to(const Rgb& color) {
  Rgb inverse;
  int difference = 0;
  int brightness = 0;
  for (std::size_t i = 0; i < color.channels.size(); ++i) {
    inverse.channels[i] = static_cast<std::uint8_t>(255 - color.channels[i]);
    difference += std::abs(inverse.channels[i] - color.channels[i]);
    brightness += color.channels[i];
  }
  if (difference >= 192) return inverse;
  const std::uint8_t end = brightness > 384 ? 0 : 255;
  return {{end, end, end}};
}

double between(double from, double to) {
  constexpr std::size_t kSteps = 1'000'000;
  return from + (to - from) * static_cast<double>(secret_below(kSteps)) / kSteps;
}

/// One character on its way into a cell.
struct Glyph {
  std::string text;
  std::string font;
  double points = 0;
  double radians = 0;
  int x = 0;  ///< of the left end of its base line, in its cell
  int y = 0;
};

/// Sets where `glyph` begins so that its box lies in its cell, somewhere near the middle.
/// False when the font can't be used.
bool settle(Glyph& glyph, int cell) {
  std::array<int, 8> box{};
  if (gd().string_ft(nullptr, box.data(), 0, glyph.font.data(), glyph.points, glyph.radians, 0, 0,
                     glyph.text.data()) != nullptr) {
    return false;
  }
  const auto [x_min, x_max] = std::minmax({box[0], box[2], box[4], box[6]});
  const auto [y_min, y_max] = std::minmax({box[1], box[3], box[5], box[7]});
  const double slack_x = std::max(0, cell - (x_max - x_min) - 2) / 2.0;
  const double slack_y = std::max(0, cell - (y_max - y_min) - 2) / 2.0;
  glyph.x = cell / 2 - (x_min + x_max) / 2 + static_cast<int>(between(-slack_x, slack_x));
  glyph.y = cell / 2 - (y_min + y_max) / 2 + static_cast<int>(between(-slack_y, slack_y));
  return true;
}

/// How far a character covers each pixel of its cell, 0 to 127. Setting type is the dear part of
/// drawing, so it is done once, and the character is coloured from here.
class Mask {
 public:
  /// Empty when the font can't be used.
  static std::optional<Mask> of(Glyph glyph, int cell) {
    const std::unique_ptr<gdImage, decltype(GdLibrary::destroy)> image(
        gd().create_true_color(cell, cell), gd().destroy);
    if (!image || !settle(glyph, cell)) return {};
    if (gd().string_ft(image.get(), nullptr, gdTrueColor(0, 0, 255), glyph.font.data(),
                       glyph.points, glyph.radians, glyph.x, glyph.y,
                       glyph.text.data()) != nullptr) {
      return {};
    }
    Mask mask(cell);
    for (int y = 0; y < cell; ++y) {
      for (int x = 0; x < cell; ++x) {
        mask.at(x, y) = gdTrueColorGetBlue(gdImageTrueColorPixel(image.get(), x, y)) / 2;
      }
    }
    return mask;
  }

  /// The same, a pixel thicker on all sides.
  [[nodiscard]] Mask thickened() const {
    Mask thick(cell_);
    for (int y = 0; y < cell_; ++y) {
      for (int x = 0; x < cell_; ++x) {
        for (int near_y = std::max(0, y - 1); near_y <= std::min(cell_ - 1, y + 1); ++near_y) {
          for (int near_x = std::max(0, x - 1); near_x <= std::min(cell_ - 1, x + 1); ++near_x) {
            thick.at(x, y) = std::max(thick.at(x, y), at(near_x, near_y));
          }
        }
      }
    }
    return thick;
  }

  /// Paints `color` where the mask covers, the cell's left end at `left`. `alpha` as gd has it.
  void paint(gdImagePtr image, int left, const Rgb& color, int alpha) const {
    for (int y = 0; y < cell_; ++y) {
      for (int x = 0; x < cell_; ++x) {
        const int cover = at(x, y) * (gdAlphaTransparent - alpha) / gdAlphaTransparent;
        if (cover > 0) {
          gd().set_pixel(image, left + x, y, to_gd(color, gdAlphaTransparent - cover));
        }
      }
    }
  }

 private:
  explicit Mask(int cell) : cell_(cell), cover_(static_cast<std::size_t>(cell * cell)) {}
  [[nodiscard]] int& at(int x, int y) { return cover_[static_cast<std::size_t>(y * cell_ + x)]; }
  [[nodiscard]] int at(int x, int y) const {
    return cover_[static_cast<std::size_t>(y * cell_ + x)];
  }

  int cell_;
  std::vector<int> cover_;
};

Glyph random_glyph(std::string_view text, const std::string& font, int cell, bool is_shadow) {
  const double lean = is_shadow ? kShadowLean : kLean;
  return {.text = std::string(text),
          .font = font,
          .points = cell * (is_shadow ? between(0.5, 0.7) : between(0.58, 0.72)),
          .radians = between(-lean, lean) * std::numbers::pi / 180};
}

/// Draws `text` into the cell at `left`: what lies behind it, then the character with a rim around
/// it.
bool draw_cell(gdImagePtr image, std::string_view text, int left, const CaptchaStyle& style,
               const std::string& font) {
  const Rgb color = style.color.value_or(random_color());
  const int cell = style.cell();
  for (int i = 0; i < style.shadows; ++i) {
    const std::string other(1, kCharacters[secret_below(kCharacters.size())]);
    const auto shadow = Mask::of(random_glyph(other, font, cell, /*is_shadow=*/true), cell);
    if (!shadow) return false;
    shadow->paint(image, left, color, kShadowAlpha);
  }
  const auto mask = Mask::of(random_glyph(text, font, cell, /*is_shadow=*/false), cell);
  if (!mask) return false;
  mask->thickened().paint(image, left, contrast_to(color), gdAlphaOpaque);
  mask->paint(image, left, color, gdAlphaOpaque);
  return true;
}

std::uint32_t big_endian(std::string_view bytes) {
  std::uint32_t number = 0;
  for (const char byte : bytes) number = (number << 8) | static_cast<std::uint8_t>(byte);
  return number;
}

bool has_fair_size(std::string_view png) {
  if (png.size() < kPngHeaderBytes || !png.starts_with(kPngSignature)) return false;
  if (png.substr(12, 4) != "IHDR") return false;
  const std::uint32_t width = big_endian(png.substr(16, 4));
  const std::uint32_t height = big_endian(png.substr(20, 4));
  constexpr auto kMax = static_cast<std::uint32_t>(CaptchaPicture::kPixelsMax);
  return width > 0 && height > 0 && width <= kMax && height <= kMax;
}

}  // namespace

std::optional<Rgb> Rgb::parse(std::string_view text) {
  if (text.size() != 7 || text[0] != '#') return {};
  Rgb color;
  for (std::size_t i = 1; i < text.size(); ++i) {
    const char c = text[i];
    int digit = -1;
    if (c >= '0' && c <= '9') digit = c - '0';
    if (c >= 'a' && c <= 'f') digit = c - 'a' + 10;
    if (c >= 'A' && c <= 'F') digit = c - 'A' + 10;
    if (digit < 0) return {};
    std::uint8_t& channel = color.channels[(i - 1) / 2];
    channel = static_cast<std::uint8_t>(channel * 16 + digit);
  }
  return color;
}

CaptchaSlice CaptchaSlice::of(std::size_t index, std::size_t count, std::size_t length) {
  SPREADABLE_ASSERT(index < count);
  std::size_t rest = length;
  for (std::size_t i = 0;; ++i) {
    const std::size_t size = rest / (count - i);
    if (i == index) return {.begin = length - rest, .size = size};
    rest -= size;
  }
}

void CaptchaPicture::Free::operator()(gdImageStruct* image) const {
  gd().destroy(image);
}

CaptchaPicture::~CaptchaPicture() = default;
CaptchaPicture::CaptchaPicture(CaptchaPicture&&) noexcept = default;
CaptchaPicture& CaptchaPicture::operator=(CaptchaPicture&&) noexcept = default;

CaptchaPicture CaptchaPicture::blank(const CaptchaStyle& style) {
  SPREADABLE_ASSERT(style.length > 0 && style.cell() > 0);
  gdImagePtr image = gd().create_true_color(style.width, style.cell());
  if (!image) throw std::bad_alloc();
  gd().save_alpha(image, 1);
  gd().alpha_blending(image, 0);
  const int paper = style.background ? to_gd(*style.background)
                                     : gdTrueColorAlpha(255, 255, 255, gdAlphaTransparent);
  gd().filled_rectangle(image, 0, 0, style.width - 1, style.cell() - 1, paper);
  gd().alpha_blending(image, 1);
  return CaptchaPicture(image);
}

Result<CaptchaPicture> CaptchaPicture::draw(std::string_view text, const CaptchaStyle& style,
                                            const std::filesystem::path& font) {
  SPREADABLE_ASSERT(text.size() <= static_cast<std::size_t>(style.length));
  if (const auto loaded = GdLibrary::load(); !loaded) return loaded.error();
  CaptchaPicture picture = blank(style);
  for (std::size_t i = 0; i < text.size(); ++i) {
    const int left = static_cast<int>(i) * style.cell();
    if (!draw_cell(picture.image_.get(), text.substr(i, 1), left, style, font.string())) {
      return Error{
          Errc::io,
          "the font " + font.string() +
              " can't be used; install the Debian package fonts-dejavu-core, or name a font "
              "in option \"captchaFont\"",
          {}};
    }
  }
  return picture;
}

std::optional<CaptchaPicture> CaptchaPicture::read(std::string_view png) {
  if (!has_fair_size(png) || !GdLibrary::load()) return {};
  std::string bytes(png);  // gd takes a pointer to what it may write to
  gdImagePtr image = gd().create_from_png(static_cast<int>(bytes.size()), bytes.data());
  if (!image) return {};
  CaptchaPicture picture(image);
  if (!gdImageTrueColor(image) && gd().palette_to_true_color(image) == 0) return {};
  return picture;
}

int CaptchaPicture::width() const {
  return gdImageSX(image_.get());
}
int CaptchaPicture::height() const {
  return gdImageSY(image_.get());
}

std::string CaptchaPicture::png() const {
  int size = 0;
  void* const bytes = gd().png(image_.get(), &size);
  if (!bytes) throw std::bad_alloc();
  const std::unique_ptr<void, decltype(GdLibrary::free)> owner(bytes, gd().free);
  return {static_cast<const char*>(bytes), static_cast<std::size_t>(size)};
}

bool CaptchaPicture::place(const CaptchaPicture& from, const CaptchaSlice& slice, int cell) {
  const int left = static_cast<int>(slice.begin) * cell;
  const int span = static_cast<int>(slice.size) * cell;
  SPREADABLE_ASSERT(left + span <= width() && cell <= height());
  if (from.width() < span || from.height() < cell) return false;
  gd().alpha_blending(image_.get(), 0);
  gd().copy(image_.get(), from.image_.get(), left, 0, 0, 0, span, cell);
  gd().alpha_blending(image_.get(), 1);
  return true;
}

void CaptchaPicture::strike(const CaptchaSlice& slice, int cell) {
  for (std::size_t i = slice.begin; i < slice.begin + slice.size; ++i) {
    const int left = static_cast<int>(i) * cell;
    const int y = cell / 2;
    gd().filled_rectangle(image_.get(), left + cell / 4, y - 2, left + 3 * cell / 4, y + 2,
                          gdTrueColor(255, 255, 255));
    gd().filled_rectangle(image_.get(), left + cell / 4 + 1, y - 1, left + 3 * cell / 4 - 1, y + 1,
                          gdTrueColor(96, 96, 96));
  }
}

std::string captcha_text(std::size_t length) {
  std::string text;
  for (std::size_t i = 0; i < length; ++i) text += kCharacters[secret_below(kCharacters.size())];
  return text;
}

}  // namespace spreadable
