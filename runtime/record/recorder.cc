#include "runtime/record/recorder.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <variant>

#include "runtime/record/error_log.h"
#include "runtime/record/recorder_parts.h"
#include "runtime/record/recovery.h"

namespace batchscope::record {
namespace {

template <typename... Ts>
struct Overloaded : Ts... {
  using Ts::operator()...;
};
template <typename... Ts>
Overloaded(Ts...) -> Overloaded<Ts...>;  // clang 14 does not find it by itself.

std::int64_t ElapsedMicros(std::int64_t now_unix_us, const AttemptTimes& times) {
  // By the wall clock, which may have been set back meanwhile.
  return std::max<std::int64_t>(now_unix_us - times.picked_unix_us, times.process.count() / 1000);
}

}  // namespace

Recorder::Recorder(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Recorder::~Recorder() = default;

const RunFolder& Recorder::folder() const { return parts_->folder; }
const std::filesystem::path& Recorder::output_file() const { return parts_->facts.output_file; }

void Recorder::WorkerStarted(const engine::StartWorker& start, int pid) {
  const std::int64_t now = parts_->Now();
  parts_->journal.Add("start")
      .Number("at", now)
      .Number("w", start.worker.value)
      .Number("place", start.place)
      .Number("pid", pid)
      .End();
  parts_->deaths.Started(start.worker.value);
  parts_->logs->processes().Started(start.worker, pid, FormatUtc(FromUnixMicros(now)));
  parts_->logs->Master(now, "INFO",
                       fmt::format("worker {} started, pid {}, place {}", start.worker.value, pid, start.place));
}

void Recorder::Apply(const engine::Event& event) {
  const std::int64_t now = parts_->Now();
  Journal& journal = parts_->journal;
  RunLogs& logs = *parts_->logs;
  const Overloaded record = {
      [&](const engine::WorkerReady& ready) {
        parts_->deaths.Heard(ready.worker.value);
        journal.Add("ready").Number("at", now).Number("w", ready.worker.value).End();
        logs.Master(now, "DEBUG", fmt::format("worker {} waits for work", ready.worker.value));
      },
      [&](const engine::InitFailed& failed) {
        parts_->deaths.Heard(failed.worker.value);
        LineWriter line = journal.Add("init");
        AddFailure(line.Number("at", now).Number("w", failed.worker.value), failed.failure);
        line.End();
        logs.Error(now, failed.worker, {}, failed.failure);
        logs.Master(now, "ERROR",
                    fmt::format("worker {}: init() failed: {}", failed.worker.value, OneLine(failed.failure)));
      },
      [&](const engine::AttemptFinished& finished) {
        Check(false, "mini-batch {} is to be recorded by Finished()", finished.attempt.mini_batch.value);
      },
      [&](const engine::AttemptFailed& failed) {
        Check(false, "mini-batch {} is to be recorded by Failed()", failed.attempt.mini_batch.value);
      },
      [&](const engine::WorkerExited& exited) {
        std::string begun = "[";
        for (const Attempt& attempt : exited.begun) {
          begun += fmt::format("{}[{},{}]", begun.size() > 1 ? "," : "", attempt.mini_batch.value, attempt.number);
        }
        LineWriter line = journal.Add("exit");
        AddFailure(line.Number("at", now).Number("w", exited.worker.value).Raw("begun", begun + "]"), exited.failure);
        line.End();
        const bool died_early = parts_->deaths.Exited(exited.worker.value) && IsOwnDeath(exited.failure);
        if (died_early) logs.Error(now, exited.worker, {}, exited.failure);
        logs.Master(now, died_early || !exited.begun.empty() ? "ERROR" : "INFO",
                    fmt::format("worker {} ended{}", exited.worker.value,
                                exited.failure.message.empty() ? "" : ": " + OneLine(exited.failure)));
        logs.processes().Exited(exited.worker);
      },
      [&](const engine::WorkerHeld& held) {
        journal.Add("held")
            .Number("at", now)
            .Number("w", held.worker.value)
            .Number("b", held.attempt.mini_batch.value)
            .Number("t", held.attempt.number)
            .End();
      },
      [&](const engine::CancelRequested&) {
        journal.Add("cancel").Number("at", now).End();
        logs.Master(now, "WARNING", "the end was asked for");
      },
      [&](const engine::HostFailed& failed) {
        journal.Add("host_failed").Number("at", now).Text("reason", failed.reason).End();
        logs.Master(now, "ERROR", failed.reason);
      },
      [&](const engine::ProgressStalled& stalled) {
        journal.Add("stalled").Number("at", now).Raw("limit", fmt::format("{}", stalled.limit.count())).End();
        logs.Master(now, "ERROR", fmt::format("no result for {}", FormatDuration(stalled.limit)));
      }};
  std::visit(record, event);
}

void Recorder::Finished(WorkerId worker, const Attempt& attempt, std::uint32_t items, std::uint32_t results,
                        const AttemptTimes& times, std::string_view rows, std::uint32_t header_size) {
  if (!parts_->broken.ok()) return;
  const std::int64_t elapsed = ElapsedMicros(parts_->Now(), times);
  parts_->journal.Add("ok")
      .Number("b", attempt.mini_batch.value)
      .Number("t", attempt.number)
      .Number("w", worker.value)
      .Number("n", items)
      .Number("r", results)
      .Number("at", times.picked_unix_us)
      .Number("el", elapsed)
      .Number("p", times.process.count())
      .Number("run", times.run.count())
      .End();
  parts_->output->Rows(attempt.mini_batch, rows, header_size);
  const std::uint32_t succeeded = std::min(items, results);
  parts_->logs->processes().Add(worker, {.attempt = attempt,
                                         .start_unix_us = times.picked_unix_us,
                                         .total = items,
                                         .succeeded = succeeded,
                                         .failed = items - succeeded,
                                         .elapsed_ns = elapsed * 1000,
                                         .process_ns = times.process.count(),
                                         .run_ns = times.run.count()});
}

void Recorder::Failed(WorkerId worker, const Attempt& attempt, std::uint32_t items, const Failure& failure,
                      const AttemptTimes& times) {
  if (!parts_->broken.ok()) return;
  const std::int64_t now = parts_->Now();
  const std::int64_t elapsed = ElapsedMicros(now, times);
  LineWriter line = parts_->journal.Add("fail");
  line.Number("b", attempt.mini_batch.value)
      .Number("t", attempt.number)
      .Number("w", worker.value)
      .Number("n", items)
      .Number("at", times.picked_unix_us)
      .Number("el", elapsed)
      .Number("p", times.process.count())
      .Number("run", times.run.count());
  AddFailure(line, failure);
  line.End();
  parts_->logs->Error(now, worker, attempt, failure);
  parts_->logs->processes().Add(worker, {.attempt = attempt,
                                         .start_unix_us = times.picked_unix_us,
                                         .total = items,
                                         .succeeded = 0,
                                         .failed = items,
                                         .elapsed_ns = elapsed * 1000,
                                         .process_ns = times.process.count(),
                                         .run_ns = times.run.count(),
                                         .failure = &failure});
}

void Recorder::GaveUp(MiniBatchId mini_batch) {
  if (!parts_->broken.ok()) return;
  parts_->journal.Add("gave_up").Number("b", mini_batch.value).Number("n", parts_->plan->items(mini_batch)).End();
  parts_->output->WithoutRows(mini_batch);
}

void Recorder::Log(std::string_view level, std::string_view line) { parts_->logs->Master(parts_->Now(), level, line); }

void Recorder::Sample(const std::vector<ResourceSample>& samples) { parts_->logs->Sample(parts_->Now(), samples); }

Status Recorder::Commit() {
  if (!parts_->broken.ok()) return parts_->broken;
  if (!parts_->journal.has_pending()) return {};
  Status status = parts_->output->Write();
  if (status.ok()) status = parts_->journal.Commit(parts_->output->mark(), parts_->Now());
  if (status.ok()) {
    parts_->output->MarkCommitted();
    return {};
  }
  (void)parts_->output->RollBack();
  (void)parts_->journal.RollBack();
  parts_->broken = Status::Error(status.message() + "; what was recorded before is kept");
  return parts_->broken;
}

void Recorder::Refresh(const engine::Counts& counts, engine::RunStatus status,
                       const std::vector<StoppedWorker>& stopped) {
  parts_->stopped->Renew(parts_->Now(), stopped);
  parts_->logs->Renew({.status = ToString(status),
                       .reason = parts_->broken.message(),
                       .counts = counts,
                       .now_unix_us = parts_->Now(),
                       .most_frequent_error = {},
                       .stopped = stopped});
}

Status Recorder::Finish(engine::RunStatus status, const engine::Counts& counts, const std::string& reason,
                        const Failure* fatal) {
  Check(!parts_->finished, "the run {} is finished twice", parts_->folder.id());
  parts_->finished = true;
  RunEnd end{
      .status = ToString(status), .reason = reason, .ended_unix_us = parts_->Now(), .counts = counts, .fatal = {}};
  if (fatal != nullptr) end.fatal = *fatal;
  if (parts_->broken.ok()) {
    parts_->output->CloseGaps();
    AddLine(parts_->journal, end);
    (void)Commit();
  }
  Status outcome;
  if (!parts_->broken.ok()) {
    (void)parts_->journal.RollBack();
    outcome = FinishBroken(end);
  }
  parts_->logs->Master(end.ended_unix_us, "INFO", end.reason.empty() ? end.status : end.status + ": " + end.reason);
  parts_->logs->End({.status = end.status,
                     .reason = end.reason,
                     .counts = end.counts,
                     .now_unix_us = end.ended_unix_us,
                     .most_frequent_error = {},
                     .fatal = fatal});
  if (!outcome.ok()) {
    (void)NoteEnd(parts_->folder, end);
    return outcome;
  }
  return Complete(parts_->folder, end);
}

Status Recorder::FinishBroken(RunEnd& end) {
  // What the ledger counted beyond the last commit is lost.
  BATCHSCOPE_ASSIGN_OR_RETURN(const CommittedJournal journal, CommittedJournal::Open(parts_->folder.journal()));
  BATCHSCOPE_ASSIGN_OR_RETURN(const JournalTotals totals, AddUp(journal, parts_->facts));
  end.counts = totals.counts;
  end.counts.workers_alive = 0;
  end.counts.workers_ready = 0;
  if (end.status == ToString(engine::RunStatus::kCompleted)) end.status = ToString(engine::RunStatus::kFailed);
  if (end.reason.empty()) end.reason = parts_->broken.message();
  const Status recovered = RecoverRows(parts_->folder, parts_->facts, journal, end);
  return recovered.Within("the record is not whole, make room and read it again");
}

}  // namespace batchscope::record
