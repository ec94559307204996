#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "runtime/base/attempt.h"
#include "runtime/base/status.h"
#include "runtime/config/step.h"
#include "runtime/engine/ledger.h"
#include "runtime/record/run_folder.h"
#include "runtime/record/stopped_workers.h"

namespace batchscope::host {

using StoppedWorker = record::StoppedWorker;

/// A run as seen at one moment.
struct Progress {
  std::string name;              ///< The step's.
  std::filesystem::path folder;  ///< The run's; its last part is the run's id.
  engine::RunStatus status = engine::RunStatus::kRunning;
  engine::Counts counts;
  std::uint64_t items_total = 0;
  double elapsed_seconds = 0;
  double items_per_second = 0;         ///< Over the last seconds.
  std::optional<double> seconds_left;  ///< None when it cannot be told.
  std::uint32_t workers_wanted = 0;
  std::string reason;  ///< Why it failed; empty else.
  std::optional<Failure> fatal;
  std::vector<StoppedWorker> stopped;  ///< In order of their numbers.
};

/// How the run stands, as the JSON object that viewers get; the fields are those of progress_sink.h's contract:
/// run, name, status, total, done, failed, items_done, items_failed, items_per_second, seconds_left, elapsed_seconds,
/// workers, workers_wanted, message, folder, stopped ([{worker, where, seconds}]).
std::string ToJson(const Progress& progress);

struct SubmitOptions {
  std::filesystem::path home;            ///< Where runs lie; record::RunsHome() when empty.
  std::filesystem::path python;          ///< For steps without `environment`.
  std::filesystem::path package_folder;  ///< Where the package `batchscope` lies (its parent folder).
  /// Called from the loop's thread when the progress changed, at most ten times a second, and once at the end
  /// (`ended`).
  std::function<void(const Progress&, bool ended)> on_progress;
  /// Workers wait, before they import the script, for a debugger that lets them go (`launch`).
  bool wait_for_debugger = false;
  /// The folder that holds the package debugpy, for workers whose own environment has none; empty: there is none.
  std::filesystem::path debugpy_folder = {};
};

enum class CancelHow { kTidy, kNow };

/// A run under way. Its loop has a thread of its own, which needs neither the caller nor Python; the object may be used
/// from any thread.
class Run {
 public:
  /// Plans, makes the run folder, binds the link, starts the fork server; returns when the loop runs. Errors: nothing
  /// was started, the message says why and what to do.
  static Result<std::shared_ptr<Run>> Submit(const config::StepConfig& step, const SubmitOptions& options);
  virtual ~Run() = default;  ///< Cancels what still runs, and waits for the record to be complete.

  virtual const record::RunFolder& folder() const = 0;
  virtual const std::filesystem::path& output_file() const = 0;
  virtual Progress progress() const = 0;
  /// Asks for the end and returns at once. kTidy: workers get their stop, stacks of what runs are noted; kNow: without
  /// any wait.
  virtual void Cancel(CancelHow how) = 0;
  /// True when the run has ended and its record is complete.
  virtual bool WaitFor(std::chrono::milliseconds limit) = 0;
};

}  // namespace batchscope::host
