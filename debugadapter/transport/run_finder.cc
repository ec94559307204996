#include "debugadapter/transport/run_finder.h"

#include <fmt/format.h>

#include <algorithm>
#include <system_error>
#include <vector>

#include "runtime/base/text.h"
#include "runtime/record/reader.h"

namespace batchscope::transport {
namespace {

using record::RunFolder;

constexpr std::size_t kMostListed = 10;
constexpr const char* kWhatToDo = "start one with `batchscope run STEP.yml`, or launch a step under the debugger";

bool IsRunning(const RunFolder& folder) {
  std::error_code ignored;
  return !std::filesystem::exists(folder.complete(), ignored) && record::HostLock::IsHeld(folder);
}

std::string Ids(const std::vector<RunFolder>& runs) {
  std::string ids;
  for (std::size_t i = 0; i < std::min(runs.size(), kMostListed); ++i) ids += (i == 0 ? "" : ", ") + runs[i].id();
  if (runs.size() > kMostListed) ids += fmt::format(" and {} more", runs.size() - kMostListed);
  return ToDisplay(ids);
}

Status IsOver(const RunFolder& run) {
  const Result<record::RunSummary> summary = record::ReadSummary(run);
  return Status::Error(fmt::format("the run {} is over{}: only a running one can be debugged; {}", ToDisplay(run.id()),
                                   summary.ok() ? " (" + summary->status + ")" : "", kWhatToDo));
}

Status NothingRuns(const std::filesystem::path& home, const std::vector<RunFolder>& all) {
  const std::string newest = all.empty() ? "" : fmt::format(" (the newest, {}, is over)", ToDisplay(all.front().id()));
  return Status::Error(fmt::format("no run is running in {}{}; {}", ToDisplay(home.string()), newest, kWhatToDo));
}

}  // namespace

Result<RunFolder> FindRunning(const std::filesystem::path& home, const std::string& which) {
  if (which.find('/') != std::string::npos || which == "." || which == "..") {
    BATCHSCOPE_ASSIGN_OR_RETURN(const RunFolder folder, record::FindRun(home, which));
    if (!IsRunning(folder)) return IsOver(folder);
    return folder;
  }
  const std::vector<RunFolder> all = record::ListRuns(home);
  const bool any = which.empty() || which == "latest";
  std::vector<RunFolder> running;
  std::vector<RunFolder> matching;
  for (const RunFolder& run : all) {
    const bool is_running = IsRunning(run);
    if (run.id() == which) return is_running ? Result<RunFolder>(run) : IsOver(run);
    if (!is_running) continue;
    running.push_back(run);
    if (any || run.id().find(which) != std::string::npos) matching.push_back(run);
  }
  if (running.empty()) return NothingRuns(home, all);
  if (matching.size() == 1 || (any && !matching.empty())) return matching.front();
  if (matching.empty()) {
    return Status::Error(fmt::format("no running run is called {} in {}; there are {}", ToDisplay(which),
                                     ToDisplay(home.string()), Ids(running)));
  }
  return Status::Error(fmt::format("{} may be any of {}; name one of them", ToDisplay(which), Ids(matching)));
}

}  // namespace batchscope::transport
