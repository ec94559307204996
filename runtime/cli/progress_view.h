#pragma once

#include <chrono>
#include <functional>
#include <iosfwd>
#include <optional>
#include <string>

#include "runtime/base/clock.h"
#include "runtime/host/run.h"

namespace batchscope::cli {

/// "812 of 1797 mini-batches, 3 failed, 410 items/s, 12 s left, 2 workers": what there is to say in one line.
std::string ProgressText(const host::Progress& progress);
/// The same behind a bar, at most `columns` wide.
std::string ProgressBar(const host::Progress& progress, int columns);

/// Shows how a run stands to whoever looks: a bar redrawn in place on a terminal, else plain lines, when something
/// changed and at most one in kLineInterval. One thread uses it.
class ProgressView {
 public:
  enum class Style { kNone, kLines, kBar };
  static constexpr std::chrono::seconds kLineInterval{5};

  /// `columns` tells the terminal's width now. `out` and `clock` outlive the view.
  ProgressView(Style style, std::ostream& out, const Clock& clock, std::function<int()> columns);

  void Show(const host::Progress& progress);
  /// Draws what Show() held back, when its time has come.
  void Tick();
  /// How long until Tick() has something to do; nothing: not before the next Show().
  std::optional<std::chrono::milliseconds> UntilTick() const;
  /// A line for the person, above the bar; shown in every style but kNone.
  void Say(const std::string& line);
  /// Takes the bar away; the last plain line is not held back. Nothing is drawn after it.
  void End();

 private:
  void Draw();

  const Style style_;
  std::ostream& out_;
  const Clock& clock_;
  const std::function<int()> columns_;
  host::Progress last_;
  std::string drawn_;  ///< The line that stands there.
  bool pending_ = false;
  bool bar_is_on_ = false;
  std::optional<MonotonicTime> drawn_at_;
};

/// kBar when `fd` is a terminal that can redraw a line, else kLines.
ProgressView::Style StyleFor(int fd);
/// The width of the terminal, 80 when it is unknown.
int ColumnsOf(int fd);

}  // namespace batchscope::cli
