#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace batchscope::kernel {

enum class RunStatus { kStarting, kRunning, kCancelling, kCompleted, kFailed, kCancelled };

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

  bool operator==(const Progress&) const = default;
};

// Nothing when `json` is not an object or its status is unknown. Fields that are missing keep their default.
std::optional<Progress> ParseProgress(std::string_view json);

// As the engine spells it.
std::string_view StatusName(RunStatus status);
bool IsOver(RunStatus status);

}  // namespace batchscope::kernel
