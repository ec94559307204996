#include "runtime/host/progress.h"

#include <fmt/format.h>

#include <iterator>
#include <utility>

#include "runtime/base/text.h"

namespace batchscope::host {
namespace {

using Seconds = std::chrono::duration<double>;
constexpr auto kWindow = std::chrono::seconds(5);
constexpr auto kMarkEvery = std::chrono::milliseconds(250);

std::uint64_t ItemsDone(const engine::Counts& counts) { return counts.items_succeeded + counts.items_failed; }

std::string_view ShownStatus(const Progress& progress) {
  const bool begun = progress.counts.workers_ready > 0 || progress.counts.succeeded + progress.counts.failed > 0;
  if (progress.status == engine::RunStatus::kRunning) return begun ? "running" : "starting";
  if (progress.status == engine::RunStatus::kFailing) return "failed";
  return {};
}

}  // namespace

ProgressMeter::ProgressMeter(Progress fixed, MonotonicTime started)
    : fixed_(std::move(fixed)), started_(started), marks_{{started, 0}} {}

Progress ProgressMeter::At(MonotonicTime now, engine::RunStatus status, const engine::Counts& counts) {
  const std::uint64_t done = ItemsDone(counts);
  while (marks_.size() > 1 && now - marks_[1].at >= kWindow) marks_.pop_front();
  Progress progress = fixed_;
  progress.status = status;
  progress.counts = counts;
  progress.elapsed_seconds = Seconds(now - started_).count();
  const double window = Seconds(now - marks_.front().at).count();
  if (window > 0) progress.items_per_second = static_cast<double>(done - marks_.front().items) / window;
  if (progress.items_per_second > 0) {
    progress.seconds_left = static_cast<double>(fixed_.items_total - done) / progress.items_per_second;
  }
  if (now - marks_.back().at >= kMarkEvery) marks_.push_back({now, done});
  return progress;
}

std::string ToJson(const Progress& progress) {
  std::string json;
  const auto text = [&](std::string_view name, std::string_view value) {
    AppendJsonString(json, name);
    json += ": ";
    AppendJsonString(json, value);
    json += ", ";
  };
  const std::string_view shown = ShownStatus(progress);
  const engine::Counts& counts = progress.counts;
  json += '{';
  text("run", progress.folder.filename().native());
  text("name", progress.name);
  text("status", shown.empty() ? engine::ToString(progress.status) : std::string(shown));
  text("message", progress.reason);
  text("folder", progress.folder.native());
  fmt::format_to(std::back_inserter(json),
                 R"("total": {}, "done": {}, "failed": {}, "items_total": {}, "items_done": {}, "items_failed": {}, )"
                 R"("items_per_second": {:.3f}, "seconds_left": {}, "elapsed_seconds": {:.3f}, "workers": {}, )"
                 R"("workers_wanted": {})",
                 counts.mini_batches, counts.succeeded + counts.failed, counts.failed, progress.items_total,
                 ItemsDone(counts), counts.items_failed, progress.items_per_second,
                 progress.seconds_left ? fmt::format("{:.3f}", *progress.seconds_left) : "null",
                 progress.elapsed_seconds, counts.workers_alive, progress.workers_wanted);
  json += R"(, "stopped": [)";
  for (const StoppedWorker& stopped : progress.stopped) {
    if (json.back() != '[') json += ", ";
    fmt::format_to(std::back_inserter(json), R"({{"worker": {}, "where": )", stopped.worker);
    AppendJsonString(json, stopped.where);
    fmt::format_to(std::back_inserter(json), R"(, "seconds": {:.3f}}})", stopped.seconds);
  }
  return json + "]}";
}

}  // namespace batchscope::host
