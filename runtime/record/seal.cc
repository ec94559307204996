#include <fmt/format.h>

#include <system_error>

#include "runtime/base/files.h"
#include "runtime/record/logs_layout.h"
#include "runtime/record/overview.h"
#include "runtime/record/recorder.h"
#include "runtime/record/recovery.h"

namespace batchscope::record {
namespace {

bool Exists(const std::filesystem::path& path) {
  std::error_code ignored;
  return std::filesystem::exists(path, ignored);
}

// How it ended: as its host had decided before it died, or by that death.
RunEnd EndOf(const RunFolder& folder, const RunFacts& facts, const CommittedJournal& journal,
             const JournalTotals& totals) {
  if (totals.end) return *totals.end;
  if (const auto noted = ReadEnd(folder)) return *noted;
  RunEnd end{.status = "crashed",
             .reason = fmt::format("the process that hosted the run (pid {} on {}) died", facts.pid, facts.node),
             .ended_unix_us = journal.last_commit_unix_us(),
             .counts = totals.counts,
             .fatal = {}};
  end.counts.workers_alive = 0;
  end.counts.workers_ready = 0;
  return end;
}

}  // namespace

Status Seal(const RunFolder& folder) {
  if (Exists(folder.complete())) return {};
  if (!Exists(folder.incomplete())) return Status::Error(folder.path().string() + " is no folder of a run");
  auto lock = HostLock::Take(folder);
  if (!lock.ok()) return HostLock::IsHeld(folder) ? Status() : lock.status();
  if (Exists(folder.complete())) {  // Its host ended meanwhile, and had removed the folder of the lock.
    std::error_code ignored;
    std::filesystem::remove_all(folder.control(), ignored);
    return {};
  }
  BATCHSCOPE_ASSIGN_OR_RETURN(const CommittedJournal journal, CommittedJournal::Open(folder.journal()));
  BATCHSCOPE_ASSIGN_OR_RETURN(const RunFacts facts, ParseFacts(journal.first_line()));
  BATCHSCOPE_ASSIGN_OR_RETURN(const JournalTotals totals, AddUp(journal, facts));
  RunEnd end = EndOf(folder, facts, journal, totals);
  BATCHSCOPE_RETURN_IF_ERROR(RecoverRows(folder, facts, journal, end));
  const OverviewFacts overview{.status = end.status,
                               .reason = end.reason,
                               .counts = end.counts,
                               .now_unix_us = end.ended_unix_us,
                               .most_frequent_error = {},
                               .fatal = end.fatal ? &*end.fatal : nullptr};
  const LogsLayout logs(folder.logs(), facts.node);
  (void)WriteFileAtomically(logs.overview(), RenderOverview(folder, facts, overview));
  (void)WriteFileAtomically(logs.job_result(), RenderResult(folder, facts, overview));
  return Complete(folder, end);
}

}  // namespace batchscope::record
