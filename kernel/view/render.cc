#include "kernel/view/render.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <sstream>
#include <vector>

#include <fmt/format.h>

#include "runtime/base/clock.h"

namespace batchscope::kernel {
namespace {

using Seconds = std::chrono::duration<double>;

constexpr std::string_view kGood = "var(--jp-success-color1, var(--vscode-charts-green, #388a34))";
constexpr std::string_view kBad = "var(--jp-error-color1, var(--vscode-charts-red, #d13438))";
constexpr std::string_view kWarn = "var(--jp-warn-color1, var(--vscode-charts-orange, #b95000))";
constexpr std::string_view kBusy = "var(--jp-brand-color1, var(--vscode-progressBar-background, #0e70c0))";
constexpr std::string_view kRest = "var(--jp-border-color2, var(--vscode-widget-border, rgba(128,128,128,.3)))";
constexpr std::size_t kTextBarWidth = 20;

std::int64_t Finished(const Progress& progress) { return std::min(progress.done, progress.total); }

double Percent(std::int64_t part, std::int64_t total) {
  return total <= 0
             ? 0.0
             : 100.0 * static_cast<double>(std::clamp<std::int64_t>(part, 0, total)) / static_cast<double>(total);
}

std::string RenderRate(double per_second) {
  return per_second < 10 ? fmt::format("{:.1f} items/s", per_second)
                         : RenderCount(std::llround(per_second)) + " items/s";
}

// What both forms say, in their order.
std::vector<std::string> Facts(const Progress& progress) {
  std::vector<std::string> facts;
  facts.push_back(RenderCount(Finished(progress)) + " of " + RenderCount(progress.total) + " mini-batches");
  if (progress.failed > 0) {
    facts.push_back(RenderCount(progress.failed) + " failed");
  }
  std::string items = RenderCount(progress.items_done) + " items";
  if (progress.items_failed > 0) {
    items += ", " + RenderCount(progress.items_failed) + " failed";
  }
  facts.push_back(items);
  if (progress.items_per_second > 0) {
    facts.push_back(RenderRate(progress.items_per_second));
  }
  if (IsOver(progress.status)) {
    facts.push_back("took " + FormatDuration(Seconds(progress.elapsed_seconds)));
  } else {
    facts.push_back(fmt::format("{}/{} workers", progress.workers, progress.workers_wanted));
    facts.push_back(FormatDuration(Seconds(progress.elapsed_seconds)) + " so far");
    if (progress.seconds_left) {
      facts.push_back("about " + FormatDuration(Seconds(*progress.seconds_left)) + " left");
    }
  }
  return facts;
}

// A line a worker that waits for a person; of many the first ones.
std::vector<std::string> StoppedLines(const Progress& progress) {
  constexpr std::size_t kMost = 8;
  std::vector<std::string> lines;
  for (const StoppedWorker& one : progress.stopped) {
    if (lines.size() == kMost) {
      lines.push_back(fmt::format("and {} more", progress.stopped.size() - kMost));
      break;
    }
    lines.push_back(fmt::format("worker {}: {} for {}", one.worker, one.where, FormatDuration(Seconds(one.seconds))));
  }
  return lines;
}

std::string Segment(double percent, std::string_view colour) {
  return percent <= 0 ? "" : fmt::format(R"(<div style="width:{:.2f}%;background:{}"></div>)", percent, colour);
}

std::string_view StatusColour(RunStatus status) {
  switch (status) {
    case RunStatus::kCompleted:
      return kGood;
    case RunStatus::kFailed:
      return kBad;
    case RunStatus::kCancelling:
    case RunStatus::kCancelled:
      return kWarn;
    default:
      return kBusy;
  }
}

}  // namespace

std::string RenderCount(std::int64_t count) {
  std::string digits = std::to_string(count);
  const std::size_t first = count < 0 ? 1 : 0;
  for (std::size_t at = digits.size(); at > first + 3;) {
    at -= 3;
    digits.insert(at, ",");
  }
  return digits;
}

std::string EscapeHtml(std::string_view text) {
  std::string escaped;
  for (const char letter : text) {
    switch (letter) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      default:
        escaped += letter;
    }
  }
  return escaped;
}

std::string RenderText(const Progress& progress) {
  const double percent = Percent(Finished(progress), progress.total);
  const auto filled = static_cast<std::size_t>(percent * kTextBarWidth / 100.0);
  const std::string bar = std::string(filled, '#') + std::string(kTextBarWidth - filled, '.');
  std::string text = fmt::format("{} [{}] {:.0f}% {}: {}", progress.name, bar, std::floor(percent),
                                 StatusName(progress.status), fmt::join(Facts(progress), ", "));
  for (const std::string& line : StoppedLines(progress)) {
    text += "\n" + line;
  }
  if (!progress.message.empty()) {
    text += "\n" + progress.message.substr(0, progress.message.find('\n'));
  }
  return text;
}

std::string RenderHtml(const Progress& progress) {
  std::string facts;
  for (const std::string& fact : Facts(progress)) {
    facts += (facts.empty() ? "" : " &middot; ") + EscapeHtml(fact);
  }
  std::string html =
      R"(<div style="font-size:13px;line-height:1.5;max-width:720px;font-variant-numeric:tabular-nums">)";
  html += fmt::format(R"(<div style="display:flex;justify-content:space-between"><span><b>{}</b> )"
                      R"(<span style="color:{}">{}</span></span><span style="opacity:.6" title="{}">{}</span></div>)",
                      EscapeHtml(progress.name), StatusColour(progress.status), StatusName(progress.status),
                      EscapeHtml(progress.folder), EscapeHtml(progress.run));
  html += fmt::format(
      R"(<div role="progressbar" aria-valuemin="0" aria-valuemax="{}" aria-valuenow="{}" )"
      R"(style="display:flex;height:6px;border-radius:3px;overflow:hidden;margin:3px 0;background:{}">{}{}</div>)",
      progress.total, Finished(progress), kRest,
      Segment(Percent(Finished(progress) - progress.failed, progress.total), IsOver(progress.status) ? kGood : kBusy),
      Segment(Percent(progress.failed, progress.total), kBad));
  html += fmt::format(R"(<div style="opacity:.8">{}</div>)", facts);
  for (const std::string& line : StoppedLines(progress)) {
    html += fmt::format(R"(<div style="color:{}">{}</div>)", kWarn, EscapeHtml(line));
  }
  if (!progress.message.empty()) {
    html += fmt::format(
        R"(<pre style="margin:4px 0 0;white-space:pre-wrap;word-break:normal;overflow-wrap:anywhere;font-size:12px;)"
        R"(color:{}">{}</pre>)",
        progress.status == RunStatus::kFailed ? kBad : "inherit", EscapeHtml(progress.message));
  }
  return html + "</div>";
}

}  // namespace batchscope::kernel
