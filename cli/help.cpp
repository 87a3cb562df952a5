#include "cli/help.h"

#include <CLI/CLI.hpp>
#include <sstream>

namespace spreadable::cli {
namespace {

constexpr std::size_t kWidth = 80;
constexpr std::size_t kColumn = 28;  ///< where descriptions begin; longer flags stand above theirs

/// `text` with line breaks between words, so that no line is longer than `width`.
std::string fold(const std::string& text, std::size_t width) {
  std::istringstream words(text);
  std::string folded;
  std::string word;
  std::size_t line = 0;
  while (words >> word) {
    const bool fits = line + 1 + word.size() <= width;
    if (!folded.empty()) folded += fits ? ' ' : '\n';
    line = folded.empty() || !fits ? word.size() : line + 1 + word.size();
    folded += word;
  }
  return folded;
}

class HelpFormatter final : public CLI::Formatter {
 public:
  HelpFormatter() { column_width(kColumn); }

  std::string make_option_opts(const CLI::Option* option) const override {
    // The name of the value alone; what is required and what repeats, the descriptions tell.
    return option->get_type_size() == 0 ? "" : " " + option->get_type_name();
  }
  std::string make_option_desc(const CLI::Option* option) const override {
    return fold(option->get_description(), kWidth - kColumn);
  }
};

}  // namespace

std::shared_ptr<CLI::FormatterBase> make_help_formatter() {
  return std::make_shared<HelpFormatter>();
}

}  // namespace spreadable::cli
