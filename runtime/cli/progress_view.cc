#include "runtime/cli/progress_view.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <ostream>
#include <string_view>
#include <utility>
#include <vector>

#include "runtime/base/text.h"

namespace batchscope::cli {
namespace {

constexpr const char* kClearLine = "\r\x1b[K";

std::uint32_t Done(const engine::Counts& counts) { return counts.succeeded + counts.failed; }

std::string Percent(const engine::Counts& counts) {
  // Rounded down: 100 % is said only when all is done.
  return fmt::format("{:3}%", counts.mini_batches == 0 ? 0 : 100ull * Done(counts) / counts.mini_batches);
}

/// What is said of the progress, and how dear each part is: the part of the lowest rank is left out first.
struct Part {
  int rank;
  std::string text;
};

/// How long a worker is stopped changes all the time: on a terminal that is drawn anew, in lines it is left out.
enum class StopTime { kShown, kLeftOut };

std::string StoppedText(const std::vector<host::StoppedWorker>& stopped, StopTime time) {
  const host::StoppedWorker& first = stopped.front();
  std::string text = time == StopTime::kShown ? record::InWords(first)
                                              : fmt::format("worker {}: {}", first.worker, ToDisplay(first.where));
  if (stopped.size() > 1) text += fmt::format(" and {} more", stopped.size() - 1);
  return text;
}

std::vector<Part> Parts(const host::Progress& progress, StopTime time) {
  const engine::Counts& counts = progress.counts;
  std::vector<Part> parts;
  if (progress.status == engine::RunStatus::kCancelling || progress.status == engine::RunStatus::kFailing) {
    parts.push_back({5, engine::ToString(progress.status)});
  } else if (progress.status == engine::RunStatus::kRunning && Done(counts) == 0 && counts.workers_ready == 0) {
    parts.push_back({5, "starting"});
  }
  parts.push_back({6, fmt::format("{} of {} mini-batches", Done(counts), counts.mini_batches)});
  if (counts.failed > 0) parts.push_back({4, fmt::format("{} failed", counts.failed)});
  if (counts.retries > 0) parts.push_back({0, fmt::format("{} tried again", counts.retries)});
  if (progress.items_per_second > 0) {
    const int digits = progress.items_per_second < 10 ? 1 : 0;
    parts.push_back({2, fmt::format("{:.{}f} items/s", progress.items_per_second, digits)});
  }
  if (progress.seconds_left && progress.status == engine::RunStatus::kRunning && Done(counts) < counts.mini_batches) {
    parts.push_back({3, FormatDuration(std::chrono::duration<double>(*progress.seconds_left)) + " left"});
  }
  if (!progress.stopped.empty()) parts.push_back({5, StoppedText(progress.stopped, time)});
  const bool is_over = progress.status >= engine::RunStatus::kCompleted;
  if (!is_over) {
    parts.push_back({1, counts.workers_ready == 1 ? "1 worker" : fmt::format("{} workers", counts.workers_ready)});
  }
  return parts;
}

std::string Join(const std::vector<Part>& parts) {
  std::string text;
  for (const Part& part : parts) text += (text.empty() ? "" : ", ") + part.text;
  return text;
}

}  // namespace

std::string ProgressText(const host::Progress& progress) { return Join(Parts(progress, StopTime::kLeftOut)); }

std::string ProgressBar(const host::Progress& progress, int columns) {
  const engine::Counts& counts = progress.counts;
  const auto room = static_cast<std::size_t>(std::max(columns - 1, 20));  // A full last column wraps on some terminals.
  constexpr std::size_t kSmallest = 10, kLargest = 30;
  std::vector<Part> parts = Parts(progress, StopTime::kShown);
  std::string text = Percent(counts) + "  " + Join(parts);
  const auto lowest = [](const Part& a, const Part& b) { return a.rank < b.rank; };
  while (text.size() + kSmallest + 3 > room && parts.size() > 1) {
    parts.erase(std::min_element(parts.begin(), parts.end(), lowest));
    text = Percent(counts) + "  " + Join(parts);
  }
  if (text.size() + kSmallest + 3 > room) return text.substr(0, room);
  const std::size_t width = std::min(kLargest, room - text.size() - 3);
  const std::size_t full = counts.mini_batches == 0 ? 0 : width * Done(counts) / counts.mini_batches;
  return fmt::format("[{}{}] {}", std::string(full, '='), std::string(width - full, ' '), text);
}

ProgressView::ProgressView(Style style, std::ostream& out, const Clock& clock, std::function<int()> columns)
    : style_(style), out_(out), clock_(clock), columns_(std::move(columns)) {}

void ProgressView::Show(const host::Progress& progress) {
  if (style_ == Style::kNone) return;
  last_ = progress;
  pending_ = true;
  Tick();
}

void ProgressView::Tick() {
  const auto wait = UntilTick();
  if (wait && wait->count() == 0) Draw();
}

std::optional<std::chrono::milliseconds> ProgressView::UntilTick() const {
  if (!pending_) return std::nullopt;
  if (style_ == Style::kBar || !drawn_at_) return std::chrono::milliseconds(0);
  const auto left = *drawn_at_ + kLineInterval - clock_.Now();
  return std::max(std::chrono::ceil<std::chrono::milliseconds>(left), std::chrono::milliseconds(0));
}

void ProgressView::Draw() {
  pending_ = false;
  std::string line = style_ == Style::kBar ? ProgressBar(last_, columns_()) : ProgressText(last_);
  if (line == drawn_ && (style_ == Style::kLines || bar_is_on_)) return;
  if (style_ == Style::kBar) {
    out_ << kClearLine << line << std::flush;
    bar_is_on_ = true;
  } else {
    out_ << line << '\n' << std::flush;
  }
  drawn_ = std::move(line);
  drawn_at_ = clock_.Now();
}

void ProgressView::Say(const std::string& line) {
  if (style_ == Style::kNone) return;
  if (bar_is_on_) out_ << kClearLine;
  out_ << line << '\n' << std::flush;
  if (std::exchange(bar_is_on_, false)) Draw();
}

void ProgressView::End() {
  if (style_ == Style::kLines && pending_) Draw();
  if (std::exchange(bar_is_on_, false)) out_ << kClearLine << std::flush;
  pending_ = false;
}

ProgressView::Style StyleFor(int fd) {
  const char* terminal = std::getenv("TERM");  // NOLINT(concurrency-mt-unsafe): nobody sets it.
  const bool can_redraw = terminal != nullptr && std::string_view(terminal) != "dumb";
  return ::isatty(fd) == 1 && can_redraw ? ProgressView::Style::kBar : ProgressView::Style::kLines;
}

int ColumnsOf(int fd) {
  winsize size{};
  return ::ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

}  // namespace batchscope::cli
