#include "services/approvals/captcha_approval.h"

#include <algorithm>
#include <cctype>
#include <utility>

#include "core/base64.h"
#include "core/schema.h"
#include "core/secret.h"

namespace spreadable {
namespace {

constexpr std::size_t kPartBytesMax = 32767;  // of base64; protocol section 7.5
constexpr std::size_t kAnswerBytesMax = 64;
constexpr std::string_view kTransparent = "transparent";
constexpr std::string_view kRandomColor = "random";

/// `word`, or a colour.
Schema color_schema(std::string_view word) {
  return schema::string(
      {.bytes_max = 16,
       .is_valid = [word](std::string_view text) { return text == word || Rgb::parse(text); },
       .expected = "\"" + std::string(word) + "\" or a colour such as \"#1a2b3c\""});
}

Schema width_schema() {
  return schema::integer({.min = CaptchaStyle::kWidthMin, .max = CaptchaStyle::kWidthMax});
}

const Schema& info_schema() {
  static const Schema schema =
      schema::object({schema::optional("captchaWidth", width_schema()),
                      schema::optional("captchaBackground", color_schema(kTransparent)),
                      schema::optional("captchaColor", color_schema(kRandomColor))},
                     schema::Keys::listed);
  return schema;
}

const Schema& config_schema() {
  static const Schema schema = schema::object(
      {schema::optional("captchaLength",
                        schema::integer({.min = 1, .max = CaptchaApproval::kLengthMax})),
       schema::optional("captchaWidth", width_schema()),
       schema::optional("captchaBackground", color_schema(kTransparent)),
       schema::optional("captchaColor", color_schema(kRandomColor)),
       schema::optional("captchaShadows",
                        schema::integer({.min = 0, .max = CaptchaApproval::kShadowsMax})),
       schema::optional("captchaFont", schema::string({.bytes_min = 1}))});
  return schema;
}

/// Applies what a client or a config wishes. Requires: `wishes` has passed its schema.
void apply_wishes(const Json& wishes, CaptchaStyle& style) {
  if (!wishes.is_object()) return;
  const auto number = [&](const char* key, int& place) {
    if (const auto field = wishes.find(key); field != wishes.end()) {
      place = static_cast<int>(field->get<double>());
    }
  };
  const auto color = [&](const char* key, std::optional<Rgb>& place) {
    const auto field = wishes.find(key);
    if (field != wishes.end()) place = Rgb::parse(field->get_ref<const std::string&>());
  };
  number("captchaWidth", style.width);
  number("captchaLength", style.length);
  number("captchaShadows", style.shadows);
  color("captchaBackground", style.background);
  color("captchaColor", style.color);
}

std::string lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

/// The picture in a part of a question.
std::optional<CaptchaPicture> picture_of(const Json& part) {
  if (!part.is_string() || part.get_ref<const std::string&>().size() > kPartBytesMax) return {};
  const auto png = base64_decode(part.get_ref<const std::string&>());
  return png ? CaptchaPicture::read(*png) : std::nullopt;
}

}  // namespace

Approval::Options CaptchaApproval::default_options(std::size_t length) {
  Options options;
  options.approvers = CountRule::fixed(static_cast<double>(length));
  options.decision_level = CountRule::percent(75);
  return options;
}

std::filesystem::path CaptchaApproval::default_font() {
  return SPREADABLE_CAPTCHA_FONT;
}

Result<CaptchaApproval::Look> CaptchaApproval::take(Json& settings) {
  if (Result<void> passed = config_schema().check(settings); !passed) return passed.error();
  Look look;
  apply_wishes(settings, look.style);
  if (const auto font = settings.find("captchaFont"); font != settings.end()) {
    look.font = font->get<std::string>();
  }
  for (const char* key : {"captchaLength", "captchaWidth", "captchaBackground", "captchaColor",
                          "captchaShadows", "captchaFont"}) {
    settings.erase(key);
  }
  return look;
}

CaptchaApproval::CaptchaApproval(std::string name, Options options, Look look)
    : Approval(std::move(name), options), look_(std::move(look)) {
  const CaptchaStyle& style = look_.style;
  SPREADABLE_ASSERT(style.length > 0 && style.length <= static_cast<int>(kLengthMax));
  SPREADABLE_ASSERT(style.width >= CaptchaStyle::kWidthMin &&
                    style.width <= CaptchaStyle::kWidthMax);
}

Result<void> CaptchaApproval::init() {
  const auto drawn = CaptchaPicture::draw("a", look_.style, look_.font);
  if (drawn) return {};
  return Error{Errc::io, "approval \"" + action() + "\": " + drawn.error().message, {}};
}

CaptchaStyle CaptchaApproval::style_for(const Applicant& applicant) const {
  CaptchaStyle style = look_.style;
  apply_wishes(applicant.info, style);
  return style;
}

Result<void> CaptchaApproval::check_info(const Json& info) const {
  if (info.is_null()) return {};
  Result<void> passed = info_schema().check(info);
  if (!passed) return Error{Errc::logical, passed.error().message, passed.error().wire_code};
  return passed;
}

Approval::Question CaptchaApproval::make_question(const Applicant& applicant) {
  const CaptchaStyle style = style_for(applicant);
  std::string text = captcha_text(static_cast<std::size_t>(style.length));
  const auto picture = CaptchaPicture::draw(text, style, look_.font);
  // The font was there when the node started. Without a picture the question has no right answer.
  if (!picture) return {.part = base64_encode(CaptchaPicture::blank(style).png()), .answer = {}};
  return {.part = base64_encode(picture->png()), .answer = std::move(text)};
}

Result<void> CaptchaApproval::check_part(const Json& part) const {
  if (picture_of(part)) return {};
  return Error{Errc::bad_response, "expected a PNG picture in base64", {}};
}

Result<Json> CaptchaApproval::join(const Applicant& applicant,
                                   const std::vector<Json>& parts) const {
  const CaptchaStyle style = style_for(applicant);
  CaptchaPicture question = CaptchaPicture::blank(style);
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const auto slice = CaptchaSlice::of(i, parts.size(), static_cast<std::size_t>(style.length));
    const auto picture = parts[i].is_null() ? std::nullopt : picture_of(parts[i]);
    if (!picture || !question.place(*picture, slice, style.cell())) {
      question.strike(slice, style.cell());
    }
  }
  return Json("data:image/png;base64," + base64_encode(question.png()));
}

Result<void> CaptchaApproval::check_answer(const Json& answer) const {
  if (answer.is_string() && answer.get_ref<const std::string&>().size() <= kAnswerBytesMax)
    return {};
  return Error{Errc::invalid_argument, "the answer must be a short text", {}};
}

bool CaptchaApproval::is_right_answer(const Json& expected, const Json& given,
                                      const Seat& seat) const {
  if (!expected.is_string() || !given.is_string()) return false;
  const auto length = static_cast<std::size_t>(look_.style.length);
  const std::string own = lower(expected.get<std::string>());
  const std::string whole = lower(given.get<std::string>());
  if (own.size() != length || whole.size() != length) return false;
  const CaptchaSlice slice = CaptchaSlice::of(seat.index, seat.count, length);
  if (slice.size == 0) return false;  // nothing to compare is nothing that is right
  return equal_in_constant_time(own.substr(0, slice.size), whole.substr(slice.begin, slice.size));
}

}  // namespace spreadable
