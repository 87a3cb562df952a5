#include "extensions/documents/detail/regex.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include <string>
#include <utility>

#include "extensions/documents/detail/code_points.h"
#include "extensions/documents/detail/regex_translation.h"

namespace spreadable::documents::detail {
namespace {

bool is_found(const re2::RE2& program, std::string_view text) {
  const re2::StringPiece piece(text.data(), text.size());
  return program.Match(piece, 0, text.size(), re2::RE2::UNANCHORED, nullptr, 0);
}

}  // namespace

Result<Regex> Regex::parse(std::string_view source, std::string_view flags) {
  const auto meaning = RegexFlags::parse(flags);
  if (!meaning) return meaning.error();
  const auto translated = translate_regex(source, *meaning);
  if (!translated) return translated.error();
  re2::RE2::Options options;
  options.set_log_errors(false);
  options.set_never_capture(true);
  options.set_max_mem(static_cast<std::int64_t>(kMemoryBytesMax));
  auto program = std::make_unique<re2::RE2>(*translated, options);
  if (!program->ok()) return Error{Errc::invalid_argument, program->error(), {}};
  const auto steps = static_cast<std::size_t>(program->ProgramSize());
  if (steps > kStepsMax) {
    return Error{Errc::invalid_argument,
                 fmt::format("it takes {} steps, and {} is the limit", steps, kStepsMax),
                 {}};
  }
  return Regex(std::move(program), meaning->is_unicode);
}

Regex::Regex(std::unique_ptr<re2::RE2> program, bool is_unicode)
    : program_(std::move(program)), is_unicode_(is_unicode) {}

Regex::Regex(Regex&& other) noexcept = default;
Regex& Regex::operator=(Regex&& other) noexcept = default;
Regex::~Regex() = default;

bool Regex::is_found_in(std::string_view text) const {
  if (is_unicode_ || !has_surrogates(text)) return is_found(*program_, text);
  return is_found(*program_, with_surrogates(text));
}

std::size_t Regex::steps() const {
  return static_cast<std::size_t>(program_->ProgramSize());
}

}  // namespace spreadable::documents::detail
