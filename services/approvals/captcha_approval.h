// services/approvals/captcha_approval.h: an approval for people: type what you see.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "services/approvals/approval.h"
#include "services/approvals/captcha_picture.h"

namespace spreadable {

/// Each approver draws a picture of a text of its own; the coordinator cuts a few characters from
/// each and joins them to one picture. So no approver knows more of the answer than its share, and
/// the coordinator, who sees pictures, knows no more than a reader does. An approver that is lost
/// on the way leaves a stroke in the picture: whatever stands there in the answer, the others still
/// find theirs.
///
/// The client may wish, as info, for captchaWidth (100 to 500), captchaBackground (`transparent` or
/// `#RRGGBB`) and captchaColor (`random` or `#RRGGBB`). Drawing takes some six milliseconds of
/// processor time. Source: protocol section 7.5.
class CaptchaApproval : public Approval {
 public:
  static constexpr const char* kType = "captcha";
  static constexpr std::size_t kLengthMax = 12;
  static constexpr int kShadowsMax = 4;

  struct Look {
    CaptchaStyle style{};
    std::filesystem::path font = default_font();
  };

  /// As many approvers vote as there are characters, three quarters of them decide.
  [[nodiscard]] static Options default_options(std::size_t length);
  /// The font that the build named (cache variable SPREADABLE_CAPTCHA_FONT).
  [[nodiscard]] static std::filesystem::path default_font();
  /// From config keys captchaLength, captchaWidth, captchaBackground, captchaColor, captchaShadows
  /// and captchaFont, which are taken out of `settings`. Errc::invalid_argument naming the key.
  [[nodiscard]] static Result<Look> take(Json& settings);

  CaptchaApproval(std::string name, Options options, Look look);

  /// Errc::io when the font is missing.
  [[nodiscard]] Result<void> init() override;

  [[nodiscard]] Result<void> check_info(const Json& info) const override;
  [[nodiscard]] Question make_question(const Applicant& applicant) override;
  [[nodiscard]] Result<void> check_part(const Json& part) const override;
  [[nodiscard]] Result<Json> join(const Applicant& applicant,
                                  const std::vector<Json>& parts) const override;
  [[nodiscard]] Result<void> check_answer(const Json& answer) const override;
  [[nodiscard]] bool is_right_answer(const Json& expected, const Json& given,
                                     const Seat& seat) const override;

 private:
  [[nodiscard]] CaptchaStyle style_for(const Applicant& applicant) const;

  const Look look_;
};

}  // namespace spreadable
