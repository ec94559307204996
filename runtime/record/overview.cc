#include "runtime/record/overview.h"

#include <fmt/format.h>

#include <algorithm>

#include "runtime/base/clock.h"
#include "runtime/base/text.h"
#include "runtime/record/error_log.h"
#include "runtime/record/utc_text.h"

namespace batchscope::record {
namespace {

std::string Head(const RunFolder& folder, const RunFacts& facts, const OverviewFacts& now) {
  const engine::Counts& counts = now.counts;
  const std::uint32_t done = counts.succeeded + counts.failed;
  const double percent = counts.mini_batches == 0 ? 100.0 : 100.0 * done / counts.mini_batches;
  const std::chrono::microseconds elapsed(std::max<std::int64_t>(0, now.now_unix_us - facts.started_unix_us));
  std::string text = fmt::format(
      "Run           {}\nStep          {}\nStatus        {}\nStarted       {}\nElapsed       {}\n"
      "Mini-batches  {} of {} done ({:.1f} %): {} succeeded, {} failed\n"
      "Items         {} of {} succeeded, {} failed\nRetries       {}\n",
      facts.id, facts.step, now.status, FormatUtc(FromUnixMicros(facts.started_unix_us)), FormatDuration(elapsed), done,
      counts.mini_batches, percent, counts.succeeded, counts.failed, counts.items_succeeded, facts.items,
      counts.items_failed, counts.retries);
  if (!facts.output_file.empty()) text += fmt::format("Output        {}\n", ToDisplay(facts.output_file.native()));
  text += fmt::format("Run folder    {}\n", ToDisplay(folder.path().native()));
  return text;
}

std::string FatalText(const Failure& fatal) {
  std::string text = "\nThe error that ended it:\n";
  const std::string& told = fatal.traceback.empty() ? fatal.message : fatal.traceback;
  for (const std::string_view line : Split(told, '\n')) text += "  " + ToDisplay(line) + "\n";
  if (fatal.traceback.find(fatal.message) == std::string::npos) text += "  " + OneLine(fatal) + "\n";
  return text;
}

}  // namespace

std::string ResultLine(const OverviewFacts& end) {
  std::string reason = ToDisplay(end.reason);
  std::replace(reason.begin(), reason.end(), '\n', ' ');
  if (!reason.empty()) return end.status + ": " + reason;
  return fmt::format("{}: {} of {} mini-batches succeeded, {} failed; {} items succeeded, {} failed", end.status,
                     end.counts.succeeded, end.counts.mini_batches, end.counts.failed, end.counts.items_succeeded,
                     end.counts.items_failed);
}

std::string RenderOverview(const RunFolder& folder, const RunFacts& facts, const OverviewFacts& now) {
  std::string text = Head(folder, facts, now);
  if (now.status == "running") {
    text += fmt::format("Workers       {} of {} alive, {} ready\n", now.counts.workers_alive, facts.workers,
                        now.counts.workers_ready);
  }
  for (const StoppedWorker& stopped : now.stopped) {
    text += fmt::format("Stopped       {}\n", InWords(stopped));
  }
  if (!now.reason.empty()) text += fmt::format("\nReason: {}\n", ToDisplay(now.reason));
  if (now.fatal != nullptr) text += FatalText(*now.fatal);
  if (!now.most_frequent_error.empty()) {
    text += fmt::format("\nMost frequent error: {}\n", now.most_frequent_error);
  }
  if (!now.most_frequent_error.empty() || !now.reason.empty()) {
    text += fmt::format(
        "Where to look: user/error.txt (errors, grouped), user/error/{0}/ (each with its stack),\n"
        "               user/{0}/ (what the script logged), sys/master.txt (the coordinator)\n",
        facts.node);
  }
  return text;
}

std::string RenderResult(const RunFolder& folder, const RunFacts& facts, const OverviewFacts& end) {
  return Head(folder, facts, end) + "\n" + ResultLine(end) + "\n";
}

}  // namespace batchscope::record
