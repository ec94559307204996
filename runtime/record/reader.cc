#include "runtime/record/reader.h"

#include <algorithm>
#include <string_view>
#include <system_error>

#include "runtime/base/clock.h"
#include "runtime/record/journal.h"
#include "runtime/record/plan_file.h"
#include "runtime/record/run_facts.h"
#include "runtime/record/utc_text.h"

namespace batchscope::record {
namespace {

std::string Utc(std::int64_t unix_us) { return FormatUtc(FromUnixMicros(unix_us)); }

bool IsComplete(const RunFolder& folder) {
  std::error_code ignored;
  return std::filesystem::exists(folder.complete(), ignored);
}

// How an incomplete run stands. The lock is looked at first: a host that ends meanwhile leaves `complete` behind, never
// nothing.
RunEnd StateOf(const RunFolder& folder, const CommittedJournal& journal, const JournalTotals& totals) {
  const bool lives = HostLock::IsHeld(folder);
  if (IsComplete(folder)) {
    if (auto end = ReadEnd(folder)) return *end;
  }
  if (lives) return {.status = "running", .reason = {}, .ended_unix_us = 0, .counts = totals.counts, .fatal = {}};
  if (totals.end) return *totals.end;
  if (auto noted = ReadEnd(folder)) return *noted;
  RunEnd end{.status = "crashed",
             .reason = "the process that hosted the run died",
             .ended_unix_us = journal.last_commit_unix_us(),
             .counts = totals.counts,
             .fatal = {}};
  end.counts.workers_alive = 0;
  end.counts.workers_ready = 0;
  return end;
}

double Seconds(std::int64_t value, double units_per_second) { return static_cast<double>(value) / units_per_second; }

void TakeAttempt(const JsonLine& line, bool succeeded, std::vector<MiniBatchRow>& rows) {
  const auto id = static_cast<std::uint64_t>(line.Number("b"));
  if (id >= rows.size()) return;
  MiniBatchRow& row = rows[id];
  row.picked_count = std::max(row.picked_count, static_cast<std::uint32_t>(line.Number("t")) + 1);
  row.process = line.Number("w");
  row.start_unix_us = line.Number("at");
  row.elapsed_seconds = Seconds(line.Number("el"), 1e6);
  row.process_seconds = Seconds(line.Number("p"), 1e9);
  row.run_seconds = Seconds(line.Number("run"), 1e9);
  if (succeeded) {
    row.status = "Succeeded";
    row.succeeded = std::min(row.total, static_cast<std::uint32_t>(line.Number("r")));
    row.failed = row.total - row.succeeded;
    row.error_category.clear();
    row.error_message.clear();
  } else {
    row.error_category = line.Text("kind");
    const std::string type = line.Text("type");
    row.error_message = (type.empty() ? "" : type + ": ") + line.Text("message");
  }
}

}  // namespace

Result<RunSummary> ReadSummary(const RunFolder& folder) {
  BATCHSCOPE_ASSIGN_OR_RETURN(const CommittedJournal journal, CommittedJournal::Open(folder.journal()));
  BATCHSCOPE_ASSIGN_OR_RETURN(const RunFacts facts, ParseFacts(journal.first_line()));
  RunEnd end;
  const auto known = IsComplete(folder) ? ReadEnd(folder) : std::nullopt;
  if (known) {  // The counts stand there: the journal of a long run need not be read.
    end = *known;
  } else {
    BATCHSCOPE_ASSIGN_OR_RETURN(const JournalTotals totals, AddUp(journal, facts));
    end = StateOf(folder, journal, totals);
  }
  const bool runs = end.ended_unix_us == 0;
  const std::int64_t now = UnixMicros(SystemClock().WallNow());
  const std::int64_t until = runs ? now : end.ended_unix_us;
  return RunSummary{.id = facts.id,
                    .name = facts.step,
                    .status = end.status,
                    .reason = end.reason,
                    .started = Utc(facts.started_unix_us),
                    .ended = runs ? std::string() : Utc(end.ended_unix_us),
                    .elapsed_seconds = Seconds(std::max<std::int64_t>(0, until - facts.started_unix_us), 1e6),
                    .counts = end.counts,
                    .folder = folder.path(),
                    .output_file = facts.output_file,
                    .logs = folder.logs(),
                    .fatal = end.fatal,
                    .stopped = runs ? ReadStopped(folder, now) : std::vector<StoppedWorker>()};
}

Result<std::vector<MiniBatchRow>> ReadMiniBatches(const RunFolder& folder) {
  BATCHSCOPE_ASSIGN_OR_RETURN(const CommittedJournal journal, CommittedJournal::Open(folder.journal()));
  BATCHSCOPE_ASSIGN_OR_RETURN(const std::vector<std::uint32_t> items, ReadItemCounts(folder.plan()));
  std::vector<MiniBatchRow> rows(items.size());
  for (std::size_t id = 0; id < rows.size(); ++id) {
    rows[id].id = static_cast<std::uint32_t>(id);
    rows[id].status = "Waiting";
    rows[id].total = items[id];
  }
  BATCHSCOPE_RETURN_IF_ERROR(journal.ForEach([&](const JsonLine& line) {
    if (line.kind() == "ok" || line.kind() == "fail") {
      TakeAttempt(line, line.kind() == "ok", rows);
    } else if (const auto id = static_cast<std::uint64_t>(line.Number("b"));
               line.kind() == "gave_up" && id < rows.size()) {
      rows[id].status = "Failed";
      rows[id].failed = rows[id].total;
    }
  }));
  return rows;
}

Result<std::vector<std::string>> ReadItems(const RunFolder& folder, MiniBatchId id) {
  BATCHSCOPE_ASSIGN_OR_RETURN(auto paths, ReadPaths(folder.plan(), {id}));
  return std::move(paths.front());
}

}  // namespace batchscope::record
