#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/attempt.h"
#include "runtime/base/clock.h"
#include "runtime/base/status.h"
#include "runtime/config/step.h"
#include "runtime/engine/events.h"
#include "runtime/engine/ledger.h"
#include "runtime/input/plan.h"
#include "runtime/record/run_folder.h"
#include "runtime/record/stopped_workers.h"

namespace batchscope::record {

/// When an attempt ran and for how long.
struct AttemptTimes {
  std::int64_t picked_unix_us = 0;      ///< Begun by the worker, UTC, microseconds since 1970.
  std::chrono::nanoseconds process{0};  ///< From taking it up to having its rows ready.
  std::chrono::nanoseconds run{0};      ///< run() alone.
};

/// One sample of a process, for sys/perf.
struct ResourceSample {
  std::string who;  ///< "host", "fork server" or "worker 3".
  int pid = 0;
  double cpu_percent = 0;  ///< Of one core, since the sample before.
  std::uint64_t rss_bytes = 0;
  std::uint64_t read_bytes = 0;  ///< Since the process's start.
  std::uint64_t written_bytes = 0;
};

struct CreateOptions {
  std::filesystem::path home;         ///< RunsHome() when empty.
  std::filesystem::path interpreter;  ///< The workers' Python, as it will be started.
  const Clock* clock = nullptr;       ///< Outlives the recorder.
};

struct RunEnd;

/// Writes a run: folder, journal, ordered output, logs. Owned and called by the run loop alone; no call blocks for
/// longer than a write.
///
/// Facts go in as they happen and become durable (against the death of any process) at Commit(), all or nothing: after
/// a kill at any byte, the facts and the rows of the last commit are there, each once, and nothing later. Rows become
/// visible in the output file in the mini-batches' order; rows that come early wait, on disk, for their turn.
class Recorder {
 public:
  /// Makes the run's folder (its id is "<step>-<UTC time>-<4 letters>"), takes its lock, copies source_directory into
  /// entry/, writes config, plan (with each file's size and mtime) and environment. `plan` outlives the recorder.
  /// Errors name the folder; nothing is left behind then.
  static Result<std::unique_ptr<Recorder>> Create(const CreateOptions& options, const config::StepConfig& step,
                                                  const input::Plan& plan);
  ~Recorder();

  const RunFolder& folder() const;
  /// The file append_row writes; inside StepConfig::output or the run folder's output/.
  const std::filesystem::path& output_file() const;

  void WorkerStarted(const engine::StartWorker& start, int pid);
  /// Journals a fact, and logs it. Attempts' facts go through the two calls below.
  void Apply(const engine::Event& event);
  /// `rows` are the attempt's lines (empty with summary_only); the first `header_size` bytes of them are a header line,
  /// written once a file. Called only for answers that count; the mini-batch is settled by it.
  void Finished(WorkerId worker, const Attempt& attempt, std::uint32_t items, std::uint32_t results,
                const AttemptTimes& times, std::string_view rows, std::uint32_t header_size);
  void Failed(WorkerId worker, const Attempt& attempt, std::uint32_t items, const Failure& failure,
              const AttemptTimes& times);
  /// A mini-batch whose tries are used up: later rows need not wait for it.
  void GaveUp(MiniBatchId mini_batch);
  /// A line for sys/master.txt (UTC time and level are put in front); `level` as Python's logging names it.
  void Log(std::string_view level, std::string_view line);
  void Sample(const std::vector<ResourceSample>& samples);

  /// Makes what was noted durable: rows first, then the journal with a commit line.
  Status Commit();
  /// Renews overview.txt, user/error.txt and who is stopped; called about once a second while things change.
  void Refresh(const engine::Counts& counts, engine::RunStatus status, const std::vector<StoppedWorker>& stopped = {});

  /// The last word: summaries, job_result.txt, `incomplete` renamed to `complete`, control/ and work/ emptied of what
  /// is not the user's. Works also when the disk is full, as far as it can.
  Status Finish(engine::RunStatus status, const engine::Counts& counts, const std::string& reason,
                const Failure* fatal);

 private:
  struct Parts;
  explicit Recorder(std::unique_ptr<Parts> parts);
  /// After a failed commit: the record ends with the commit before it.
  Status FinishBroken(RunEnd& end);

  std::unique_ptr<Parts> parts_;
};

/// Brings the folder of a run whose host died into the state `complete` with status "crashed": the output holds every
/// committed row once, in order. Does nothing when a host lives or the run is complete.
Status Seal(const RunFolder& folder);

}  // namespace batchscope::record
