#include "services/approvals/kinds.h"

#include <utility>

#include "services/approvals/captcha_approval.h"
#include "services/approvals/client_ip_approval.h"

namespace spreadable {
namespace {

using Made = Result<std::unique_ptr<Approval>>;

Made make_client_ip(const std::string& name, Json& settings) {
  const auto options = Approval::Options::take(settings);
  if (!options) return options.error();
  return std::unique_ptr<Approval>(std::make_unique<ClientIpApproval>(name, *options));
}

Made make_captcha(const std::string& name, Json& settings) {
  auto look = CaptchaApproval::take(settings);
  if (!look) return look.error();
  const auto length = static_cast<std::size_t>(look->style.length);
  for (const char* key : {"approversCount", "level"}) {
    if (!settings.contains(key)) continue;
    return Error{Errc::invalid_argument,
                 std::string(key) + ": each approver draws one character; set captchaLength",
                 {}};
  }
  const auto options = Approval::Options::take(settings, CaptchaApproval::default_options(length));
  if (!options) return options.error();
  return std::unique_ptr<Approval>(
      std::make_unique<CaptchaApproval>(name, *options, std::move(*look)));
}

struct Kind {
  const char* type;
  Made (*make)(const std::string& name, Json& settings);
};

constexpr Kind kKinds[] = {{CaptchaApproval::kType, make_captcha},
                           {ClientIpApproval::kType, make_client_ip}};

std::string known_types() {
  std::string names;
  for (const Kind& kind : kKinds) {
    names += (names.empty() ? "\"" : ", \"") + std::string(kind.type) + "\"";
  }
  return names;
}

}  // namespace

Result<std::unique_ptr<Approval>> make_approval(const NodeOptions::ApprovalConfig& config) {
  const std::string path = "option \"approval." + config.name;
  for (const Kind& kind : kKinds) {
    if (config.type != kind.type) continue;
    Json settings = config.settings;
    Made made = kind.make(config.name, settings);
    if (!made) return Error{Errc::invalid_argument, path + "\": " + made.error().message, {}};
    if (settings.empty()) return made;
    return Error{Errc::invalid_argument,
                 "unknown option \"approval." + config.name + "." + settings.begin().key() + "\"",
                 {}};
  }
  return Error{Errc::invalid_argument,
               path + ".type\": unknown type \"" + config.type + "\"; known: " + known_types(),
               {}};
}

}  // namespace spreadable
