#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace batchscope::kernel {

enum class RunStatus { kStarting, kRunning, kCancelling, kCompleted, kFailed, kCancelled };

// A worker that waits for a person.
struct StoppedWorker {
  std::int64_t worker = 0;
  std::string where;  // "stopped in debugger at entry.py:12", "held after mini-batch 7 failed" and the like
  double seconds = 0;

  bool operator==(const StoppedWorker&) const = default;
};

// Where a run stands, as the engine tells it about ten times a second.
struct Progress {
  std::string run;   // its id
  std::string name;  // of the step
  RunStatus status = RunStatus::kStarting;
  std::int64_t total = 0;  // mini-batches
  std::int64_t done = 0;   // with the failed ones
  std::int64_t failed = 0;
  std::int64_t items_done = 0;  // with the failed ones
  std::int64_t items_failed = 0;
  double items_per_second = 0;
  std::optional<double> seconds_left;
  double elapsed_seconds = 0;
  std::int64_t workers = 0;  // alive
  std::int64_t workers_wanted = 0;
  std::string message;  // may have several lines; empty: nothing to say
  std::string folder;   // of the run
  std::vector<StoppedWorker> stopped = {};

  bool operator==(const Progress&) const = default;
};

// Nothing when `json` is not an object or its status is unknown. Fields that are missing keep their default.
std::optional<Progress> ParseProgress(std::string_view json);

// As the engine spells it.
std::string_view StatusName(RunStatus status);
bool IsOver(RunStatus status);

}  // namespace batchscope::kernel
