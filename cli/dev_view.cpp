#include "cli/dev_view.h"

#include <fmt/format.h>

#include <cstdio>
#include <optional>

#include "cli/dev_table.h"
#include "services/system/spdlog_logger.h"

namespace spreadable::cli {
namespace {

/// Between two lines while the network forms: often enough to watch, rarely enough to read.
constexpr Duration kLineInterval = std::chrono::milliseconds{500};

/// The network without its lists: what lines and JSON tell.
struct Figures {
  std::size_t agreeing = 0;
  std::size_t masters = 0;
  std::size_t longest_list = 0;
  friend bool operator==(const Figures&, const Figures&) = default;
};

Figures figures_of(const DevSummary& summary) {
  return {summary.agreeing, summary.lists.size(), summary.longest_list};
}

/// A line per change, for logs and for programs.
class Lines final : public DevView {
 public:
  Lines(bool is_json, Title title) : is_json_(is_json), title_(std::move(title)) {}

  void begin(const DevSummary& summary) override {
    tell(fmt::format("{} on {}, sync every {}", count_of(summary.nodes, "node"), title_.range,
                     title_.interval),
         {{"event", "serving"}, {"nodes", summary.nodes}});
  }

  void show(const DevSummary& summary, Duration elapsed) override {
    const Figures figures = figures_of(summary);
    const bool is_news = was_agreed_ != summary.is_agreed();
    if (figures == shown_ || (!is_news && shown_at_ && elapsed < *shown_at_ + kLineInterval)) {
      return;
    }
    shown_ = figures;
    shown_at_ = elapsed;
    was_agreed_ = summary.is_agreed();
    tell(dev_summary_text(summary, elapsed),
         {{"event", was_agreed_ ? "agreed" : "summary"},
          {"elapsedMs", std::chrono::round<Millis>(elapsed).count()},
          {"nodes", summary.nodes},
          {"agreeing", figures.agreeing},
          {"masters", figures.masters},
          {"longestList", figures.longest_list}});
  }

  void end() override { tell("stopped", {{"event", "stopped"}}); }

 private:
  void tell(std::string_view text, const Json& json) const {
    print_line(is_json_ ? json_text(json) : std::string(text));
  }

  const bool is_json_;
  const Title title_;
  std::optional<Figures> shown_;
  std::optional<Duration> shown_at_;
  bool was_agreed_ = false;
};

/// A table on the terminal's other screen, drawn in place. What stood on the terminal comes back at
/// the end, followed by the last summary.
class LiveTable final : public DevView {
 public:
  LiveTable(Title title, const LatestRecords& records)
      : title_(std::move(title)), records_(records) {}
  ~LiveTable() override { leave(); }

  void begin(const DevSummary&) override {
    // The other screen, without a cursor.
    write("\x1b[?1049h\x1b[?25l");
    is_open_ = true;
  }

  void show(const DevSummary& summary, Duration elapsed) override {
    const TerminalSize size = terminal_size().value_or(TerminalSize{});
    std::vector<std::string> notes = records_.lines();
    if (summary == shown_ && size == shown_size_ && notes == shown_notes_) return;
    if (!summary.is_agreed()) {
      agreed_at_.reset();
    } else if (!agreed_at_) {
      agreed_at_ = elapsed;
    }
    last_text_ = dev_summary_text(summary, agreed_at_.value_or(elapsed));
    shown_ = summary;
    shown_size_ = size;
    shown_notes_ = std::move(notes);
    draw(size);
  }

  void end() override {
    leave();
    print_line(last_text_);
  }

 private:
  void draw(TerminalSize size) const {
    const TableTexts texts{
        .title = fmt::format("{} on {}, sync every {}", count_of(shown_.nodes, "node"),
                             title_.range, title_.interval),
        .summary = last_text_,
        .hint = "Ctrl-C ends",
        .notes = shown_notes_};
    std::string frame = "\x1b[H";
    const auto lines = dev_table(shown_, texts, size);
    for (std::size_t i = 0; i < lines.size(); ++i) {
      frame += i == 0 ? "" : "\r\n";
      frame += styled(lines[i]) + "\x1b[K";  // and nothing of what stood there
    }
    write(frame + "\x1b[J");
  }

  [[nodiscard]] static std::string styled(const TableLine& line) {
    switch (line.style) {
      case TableLine::Style::strong:
        return "\x1b[1m" + line.text + "\x1b[0m";
      case TableLine::Style::faint:
        return "\x1b[2m" + line.text + "\x1b[0m";
      case TableLine::Style::plain:
        break;
    }
    return line.text;
  }

  static void write(std::string_view text) {
    std::fwrite(text.data(), 1, text.size(), stdout);
    std::fflush(stdout);
  }

  void leave() {
    if (is_open_) write("\x1b[?25h\x1b[?1049l");
    is_open_ = false;
  }

  const Title title_;
  const LatestRecords& records_;
  bool is_open_ = false;
  DevSummary shown_;
  TerminalSize shown_size_{.rows = 0, .columns = 0};
  std::vector<std::string> shown_notes_;
  std::optional<Duration> agreed_at_;
  std::string last_text_;
};

}  // namespace

void LatestRecords::write(LogLevel level, std::string_view message) {
  if (!is_enabled(level)) return;
  const MutexLock lock(mutex_);
  lines_.push_back(fmt::format("{}: {}", to_string(level), to_one_line(message)));
  if (lines_.size() > kRecordsMax) lines_.pop_front();
}

std::vector<std::string> LatestRecords::lines() const {
  const MutexLock lock(mutex_);
  return {lines_.begin(), lines_.end()};
}

std::unique_ptr<DevView> DevView::make(Kind kind, Title title, const LatestRecords& records) {
  if (kind == Kind::table) return std::make_unique<LiveTable>(std::move(title), records);
  return std::make_unique<Lines>(kind == Kind::json, std::move(title));
}

}  // namespace spreadable::cli
