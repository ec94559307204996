#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "runtime/base/attempt.h"
#include "runtime/base/clock.h"
#include "runtime/config/step.h"
#include "runtime/input/plan.h"
#include "runtime/record/recorder.h"
#include "tests/support/temp_folder.h"

namespace batchscope::record {

/// Moves only when told.
class HandClock final : public Clock {
 public:
  MonotonicTime Now() const override { return MonotonicTime(time_); }
  WallTime WallNow() const override { return WallTime(time_); }
  void Forward(std::chrono::microseconds by) { time_ += by; }

 private:
  /// 2026-05-04T10:11:12.000000Z.
  std::chrono::microseconds time_{1'777'889'472'000'000};
};

/// An exception of user code; its last place is line 3 of score.py.
Failure ValueError(const std::string& message = "bad value 7");

/// A recorded run in a folder of its own: mini-batches of two files each, a source directory with one script, no
/// workers.
class SmallRun {
 public:
  explicit SmallRun(std::uint32_t mini_batches = 4);

  /// Changes to the step go before this. Aborts the test where the recorder cannot be made.
  Recorder& Begin();
  Result<std::unique_ptr<Recorder>> TryToBegin();
  /// The host dies: nothing more is written, its locks go.
  void Die() { recorder.reset(); }

  void Ok(std::uint32_t mini_batch, std::string_view rows, std::uint32_t header_size = 0, std::uint32_t number = 0);
  void Fail(std::uint32_t mini_batch, std::uint32_t number = 0, const Failure& failure = ValueError());

  /// The result with no worker left and these counts of mini-batches.
  Status Finish(engine::RunStatus status, std::uint32_t succeeded, std::uint32_t failed,
                const std::string& reason = "");

  RunFolder folder() const { return RunFolder(folder_path); }
  std::string Output() const;

  TempFolder temp;
  HandClock clock;
  config::StepConfig step;
  input::Plan plan;
  std::unique_ptr<Recorder> recorder;
  std::filesystem::path folder_path;  ///< Of the run, once it has begun.
  std::filesystem::path output_file;
};

std::string ReadAll(const std::filesystem::path& file);
void WriteAllTo(const std::filesystem::path& file, std::string_view text);

}  // namespace batchscope::record
