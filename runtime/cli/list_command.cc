#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <ostream>

#include "runtime/base/clock.h"
#include "runtime/base/text.h"
#include "runtime/cli/commands.h"
#include "runtime/cli/exit_code.h"
#include "runtime/cli/places.h"
#include "runtime/cli/run_page.h"
#include "runtime/record/reader.h"

namespace batchscope::cli {
namespace {

/// "2026-05-04 10:11:12" of ISO 8601 with fractions.
std::string ShortTime(std::string time) {
  time = time.substr(0, 19);
  std::replace(time.begin(), time.end(), 'T', ' ');
  return time;
}

std::string Table(const std::vector<record::RunSummary>& runs) {
  std::size_t widest = 3;
  for (const record::RunSummary& run : runs) widest = std::max(widest, run.id.size());
  std::string text = fmt::format("{:<{}}  {:<9}  {:>12}  {:>6}  {:>11}  {}\n", "run", widest, "status", "mini-batches",
                                 "failed", "time", "started (UTC)");
  for (const record::RunSummary& run : runs) {
    const engine::Counts& counts = run.counts;
    text += fmt::format("{:<{}}  {:<9}  {:>12}  {:>6}  {:>11}  {}\n", run.id, widest, run.status,
                        fmt::format("{}/{}", counts.succeeded + counts.failed, counts.mini_batches), counts.failed,
                        FormatDuration(std::chrono::duration<double>(run.elapsed_seconds)), ShortTime(run.started));
  }
  return text;
}

}  // namespace

int ListRuns(const ListOptions& options, std::ostream& out, std::ostream& err) {
  const std::filesystem::path home = HomeOf(options.home);
  std::vector<record::RunSummary> runs;
  for (const record::RunFolder& folder : record::ListRuns(home)) {
    const Result<record::RunSummary> run = record::ReadSummary(folder);
    if (run.ok()) {
      runs.push_back(*run);
    } else {
      err << "batchscope: " << ToDisplay(run.message()) << '\n';
    }
  }
  if (options.json) {
    nlohmann::json all = nlohmann::json::array();
    for (const record::RunSummary& run : runs) all.push_back(ToJson(run));
    out << Pretty(all);
  } else if (runs.empty()) {
    err << "no runs in " << ToDisplay(home.string()) << '\n';
  } else {
    out << Table(runs);
  }
  return kCompleted;
}

}  // namespace batchscope::cli
