// services/approvals/captcha_picture.h: pictures of characters that people read and programs find
// hard to.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/json.h"
#include "core/result.h"

struct gdImageStruct;

namespace spreadable {

/// Red, green and blue, 0 to 255 each.
struct Rgb {
  std::array<std::uint8_t, 3> channels{};

  /// From `#RRGGBB`, in either case.
  [[nodiscard]] static std::optional<Rgb> parse(std::string_view text);
  friend bool operator==(const Rgb&, const Rgb&) = default;
};

/// How a captcha looks. Source: protocol section 7.5.
struct CaptchaStyle {
  static constexpr int kWidthMin = 100;
  static constexpr int kWidthMax = 500;

  int width = 240;                ///< pixels
  int length = 6;                 ///< characters, each in a square cell as wide as its share
  std::optional<Rgb> background;  ///< none: transparent
  std::optional<Rgb> color;       ///< none: one drawn for each character
  int shadows = 1;                ///< paler copies behind each character

  [[nodiscard]] int cell() const { return width / length; }
};

/// Which characters of a text of `length` belong to the one at `index` among `count`.
struct CaptchaSlice {
  std::size_t begin = 0;
  std::size_t size = 0;  ///< 0 where there are more who share than characters

  /// Requires: index < count. Source: protocol section 7.5.
  [[nodiscard]] static CaptchaSlice of(std::size_t index, std::size_t count, std::size_t length);
};

/// A picture in memory. Not thread-safe; different pictures can be worked on at the same time.
class CaptchaPicture {
 public:
  /// Pictures of others larger than this, in either direction, are not read.
  static constexpr int kPixelsMax = CaptchaStyle::kWidthMax;

  ~CaptchaPicture();
  CaptchaPicture(CaptchaPicture&&) noexcept;
  CaptchaPicture& operator=(CaptchaPicture&&) noexcept;

  /// A picture with no characters, a row of cells filled with the background.
  [[nodiscard]] static CaptchaPicture blank(const CaptchaStyle& style);
  /// `text` has at most style.length characters. Errc::io when the font can't be used.
  [[nodiscard]] static Result<CaptchaPicture> draw(std::string_view text, const CaptchaStyle& style,
                                                   const std::filesystem::path& font);
  /// Reads a PNG file that a stranger made: its announced size is checked before anything is
  /// unpacked.
  [[nodiscard]] static std::optional<CaptchaPicture> read(std::string_view png);

  [[nodiscard]] int width() const;
  [[nodiscard]] int height() const;
  /// The PNG file.
  [[nodiscard]] std::string png() const;
  /// Copies the first cells of `from` to where `slice` lies in this picture. False, and nothing is
  /// done, when `from` is too small.
  bool place(const CaptchaPicture& from, const CaptchaSlice& slice, int cell);
  /// Draws a stroke where the characters of `slice` would stand: nothing is to be read there.
  void strike(const CaptchaSlice& slice, int cell);

 private:
  struct Free {
    void operator()(gdImageStruct* image) const;
  };
  explicit CaptchaPicture(gdImageStruct* image) : image_(image) {}

  std::unique_ptr<gdImageStruct, Free> image_;
};

/// `length` characters that people tell apart, drawn by OpenSSL: a captcha is a secret.
[[nodiscard]] std::string captcha_text(std::size_t length);

}  // namespace spreadable
