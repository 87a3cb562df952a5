#include "services/simulation/plot.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <iterator>
#include <optional>
#include <vector>

#include "core/assert.h"

namespace spreadable {
namespace {

// In units of the picture, which are pixels when it is not scaled.
constexpr double kWidth = 960;
constexpr double kLeft = 72;
constexpr double kRight = 24;
constexpr double kTop = 84;
constexpr double kPanelHeight = 150;
constexpr double kPanelGap = 58;
constexpr double kBottom = 56;
constexpr double kPlotWidth = kWidth - kLeft - kRight;
constexpr int kTicksX = 10;
constexpr int kTicksY = 4;
/// Of a mark's name from the next one's, before it goes one line lower.
constexpr double kMarkWidth = 150;
constexpr double kMarkLine = 12;
constexpr double kLetterWidth = 6.05;  // of the legend, on average

constexpr const char* kBlue = "#1f5fa8";
constexpr const char* kOrange = "#c8641b";
constexpr const char* kGreen = "#2d7d46";
constexpr const char* kBand = "#c9dcf2";

using Value = std::function<std::optional<double>(const ScenarioSample&)>;

struct Curve {
  std::string name;
  const char* colour;
  Value value;
};

/// Curves that share one axis.
struct Panel {
  std::string title;  ///< with its unit
  std::vector<Curve> curves;
  std::optional<Curve> band_low{};  ///< a band from this one to band_high lies below the curves
  std::optional<Curve> band_high{};
  double bottom_max = 0;        ///< the axis begins here, or lower where values are
  std::optional<double> top{};  ///< of the axis, where it is known
};

/// Round numbers that cover `low` to `high` in about `count` steps.
struct Axis {
  Axis(double low, double high, int count) {
    const double raw = std::max(high - low, 1e-9) / count;
    const double power = std::pow(10, std::floor(std::log10(raw)));
    step = 10 * power;
    for (const double factor : {1.0, 2.0, 5.0}) {
      if (factor * power >= raw * 0.999) {
        step = factor * power;
        break;
      }
    }
    begin = std::floor(low / step + 1e-6) * step;
    end = std::max(begin + step, std::ceil(high / step - 1e-6) * step);
  }
  [[nodiscard]] double share(double value) const { return (value - begin) / (end - begin); }

  double step = 1;
  double begin = 0;
  double end = 1;
};

std::string number(double value) {
  return std::abs(value) >= 1e5 ? fmt::format("{:.0f}k", value / 1000)
                                : fmt::format("{:g}", std::round(value * 1e6) / 1e6);
}

std::string escaped(std::string_view text) {
  std::string safe;
  for (const char c : text) {
    if (c == '<') {
      safe += "&lt;";
    } else if (c == '&') {
      safe += "&amp;";
    } else {
      safe += c;
    }
  }
  return safe;
}

double minutes(Duration span) {
  return std::chrono::duration<double, std::ratio<60>>(span).count();
}

/// Draws one picture, part by part.
class Picture {
 public:
  explicit Picture(const ScenarioFigures& figures)
      : figures_(figures), time_(0, minutes(figures.samples.back().at), kTicksX) {
    time_.end = std::max(minutes(figures.samples.back().at), 1e-6);  // no empty end
  }

  std::string draw(const std::vector<Panel>& panels) {
    const double height = kTop + static_cast<double>(panels.size()) * (kPanelHeight + kPanelGap) -
                          kPanelGap + kBottom;
    add("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0} {1}\" width=\"{0}\" "
        "height=\"{1}\" font-family=\"DejaVu Sans, Helvetica, Arial, sans-serif\">\n",
        kWidth, height);
    add("<rect width=\"{}\" height=\"{}\" fill=\"#ffffff\"/>\n", kWidth, height);
    text(kLeft, 30, 17, "#222222",
         fmt::format("{} of {} nodes, seed {}", figures_.scenario, figures_.nodes, figures_.seed),
         "start", "600");
    double top = kTop;
    for (const Panel& panel : panels) {
      draw_panel(panel, top);
      top += kPanelHeight + kPanelGap;
    }
    const double end = top - kPanelGap;
    draw_time(end);
    draw_marks(end);
    return svg_ + "</svg>\n";
  }

 private:
  template <class... Args>
  void add(fmt::format_string<Args...> format, Args&&... args) {
    fmt::format_to(std::back_inserter(svg_), format, std::forward<Args>(args)...);
  }
  void text(double x, double y, int size, const char* colour, std::string_view content,
            const char* anchor = "start", const char* weight = "400") {
    add("<text x=\"{:.1f}\" y=\"{:.1f}\" font-size=\"{}\" fill=\"{}\" text-anchor=\"{}\" "
        "font-weight=\"{}\">{}</text>\n",
        x, y, size, colour, anchor, weight, escaped(content));
  }
  void line(double x1, double y1, double x2, double y2, const char* style) {
    add("<line x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\" {}/>\n", x1, y1, x2, y2,
        style);
  }
  [[nodiscard]] double x_of(Duration at) const {
    return kLeft + kPlotWidth * time_.share(minutes(at));
  }

  [[nodiscard]] Axis axis_of(const Panel& panel) const {
    double low = panel.bottom_max;
    double high = panel.top.value_or(-1e300);
    const auto widen = [&](const Curve& curve) {
      for (const ScenarioSample& sample : figures_.samples) {
        const auto value = curve.value(sample);
        if (!value) continue;
        low = std::min(low, *value);
        if (!panel.top) high = std::max(high, *value);
      }
    };
    for (const Curve& curve : panel.curves) widen(curve);
    if (panel.band_high) widen(*panel.band_high);
    return {low, std::max(high, low + 1), kTicksY};
  }

  void draw_panel(const Panel& panel, double top) {
    const Axis axis = axis_of(panel);
    const auto y_of = [&](double value) { return top + kPanelHeight * (1 - axis.share(value)); };
    text(kLeft, top - 12, 13, "#222222", panel.title, "start", "600");
    for (double tick = axis.begin; tick <= axis.end + axis.step / 2; tick += axis.step) {
      line(kLeft, y_of(tick), kLeft + kPlotWidth, y_of(tick), "stroke=\"#e3e3e3\"");
      text(kLeft - 8, y_of(tick) + 4, 11, "#555555", number(tick), "end");
    }
    if (panel.band_low && panel.band_high) draw_band(panel, y_of);
    for (const Curve& curve : panel.curves) draw_curve(curve, y_of);
    line(kLeft, top, kLeft, top + kPanelHeight, "stroke=\"#888888\"");
    line(kLeft, top + kPanelHeight, kLeft + kPlotWidth, top + kPanelHeight, "stroke=\"#888888\"");
    draw_legend(panel, top - 12);
  }

  template <class Y>
  void draw_curve(const Curve& curve, const Y& y_of) {
    std::string points;
    for (const ScenarioSample& sample : figures_.samples) {
      if (const auto value = curve.value(sample)) {
        points += fmt::format("{:.1f},{:.1f} ", x_of(sample.at), y_of(*value));
      }
    }
    add("<polyline fill=\"none\" stroke=\"{}\" stroke-width=\"1.6\" stroke-linejoin=\"round\" "
        "points=\"{}\"/>\n",
        curve.colour, points);
  }

  template <class Y>
  void draw_band(const Panel& panel, const Y& y_of) {
    std::string points;
    std::string back;
    for (const ScenarioSample& sample : figures_.samples) {
      const double x = x_of(sample.at);
      points += fmt::format("{:.1f},{:.1f} ", x, y_of(panel.band_high->value(sample).value_or(0)));
      back =
          fmt::format("{:.1f},{:.1f} ", x, y_of(panel.band_low->value(sample).value_or(0))) + back;
    }
    add("<polygon fill=\"{}\" stroke=\"none\" points=\"{}\"/>\n", panel.band_low->colour,
        points + back);
  }

  /// From the right end to the left.
  void draw_legend(const Panel& panel, double y) {
    double x = kLeft + kPlotWidth;
    const auto entry = [&](const Curve& curve, double thickness) {
      text(x, y, 11, "#333333", curve.name, "end");
      x -= kLetterWidth * static_cast<double>(curve.name.size()) + 8;
      add("<line x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\" stroke=\"{}\" "
          "stroke-width=\"{}\"/>\n",
          x - 20, y - 4, x, y - 4, curve.colour, thickness);
      x -= 38;
    };
    if (panel.band_low) entry(*panel.band_low, 8);
    for (auto it = panel.curves.rbegin(); it != panel.curves.rend(); ++it) entry(*it, 2);
  }

  void draw_time(double y) {
    for (double tick = 0; tick <= time_.end + 1e-9; tick += time_.step) {
      const double x = kLeft + kPlotWidth * time_.share(tick);
      line(x, y, x, y + 5, "stroke=\"#888888\"");
      text(x, y + 20, 11, "#555555", number(tick), "middle");
    }
    text(kLeft + kPlotWidth / 2, y + 42, 12, "#222222", "time in minutes", "middle");
  }

  void draw_marks(double bottom) {
    double taken_until = 0;
    double y = 48;
    for (const ScenarioMark& mark : figures_.marks) {
      const double x = x_of(mark.at);
      line(x, kTop, x, bottom, "stroke=\"#999999\" stroke-dasharray=\"4 4\"");
      y = x < taken_until ? y + kMarkLine : 48;
      const bool is_right = x > kLeft + kPlotWidth - kMarkWidth;
      text(is_right ? x - 3 : x + 3, y, 11, "#666666", mark.what, is_right ? "end" : "start");
      taken_until = x + kMarkWidth;
    }
  }

  const ScenarioFigures& figures_;
  Axis time_;
  std::string svg_;
};

std::vector<Panel> panels() {
  const auto count = [](std::size_t ScenarioSample::*member) -> Value {
    return [member](const ScenarioSample& sample) { return static_cast<double>(sample.*member); };
  };
  const auto size = [](double ScenarioSample::*member) -> Value {
    return [member](const ScenarioSample& sample) { return sample.*member; };
  };
  const Value coverage = [](const ScenarioSample& sample) -> std::optional<double> {
    return sample.coverage ? std::optional(100 * *sample.coverage) : std::nullopt;
  };
  return {
      {.title = "Coverage, %",
       .curves = {{"honest nodes whose answers a traversal brought", kBlue, coverage}},
       .bottom_max = 95,
       .top = 100},
      {.title = "Network size, nodes",
       .curves = {{"up", kOrange, count(&ScenarioSample::nodes)},
                  {"as nodes see it, mean", kBlue, size(&ScenarioSample::size_mean)}},
       .band_low = Curve{"least to most", kBand, size(&ScenarioSample::size_min)},
       .band_high = Curve{"", kBand, size(&ScenarioSample::size_max)}},
      {.title = "Masters and lists",
       .curves = {{"masters", kBlue, count(&ScenarioSample::masters)},
                  {"longest list", kOrange, count(&ScenarioSample::list_max)}}},
      {.title = "Messages, requests per node and interval",
       .curves = {{"requests", kGreen, size(&ScenarioSample::messages)}}},
  };
}

}  // namespace

std::string plot_svg(const ScenarioFigures& figures) {
  SPREADABLE_ASSERT(!figures.samples.empty());
  return Picture(figures).draw(panels());
}

}  // namespace spreadable
