#pragma once

#include <poll.h>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "debugadapter/session/session.h"
#include "debugadapter/transport/child_process.h"
#include "runtime/base/clock.h"
#include "runtime/base/status.h"

namespace batchscope::transport {

/// How long a step that was asked to end may take before it is killed.
inline constexpr std::chrono::seconds kStopLimit{10};

/// Something a launched step printed: whole lines, but for the last.
struct Printed {
  std::string text;
  bool is_stderr = false;

  friend bool operator==(const Printed&, const Printed&) = default;
};
/// What happened to a launched step, in this order.
struct StepNews {
  std::vector<Printed> printed;
  std::optional<std::filesystem::path> run_folder;  ///< Its run runs, and can be joined. Once.
  std::optional<int> exit_code;                     ///< It has ended. Once, and nothing follows.
};

/// A `batchscope run` that this process started. Killed when it goes out of scope. One thread; nothing blocks.
class LaunchedStep {
 public:
  /// `home`: where the run is to lie; empty: the usual place. Errors: no such program, folder or step, in words for a
  /// person.
  static Result<LaunchedStep> Start(const session::LaunchPlan& plan, const std::filesystem::path& home);

  void AddTo(std::vector<pollfd>& wanted) const;
  /// To be called when one of those is ready.
  StepNews Take();
  /// Asks it to end, as Ctrl-C does, which keeps what is done.
  void Stop(MonotonicTime now);
  /// When it is killed; none: never.
  const std::optional<MonotonicTime>& deadline() const { return deadline_; }
  /// Kills it when the deadline has come.
  void OnTime(MonotonicTime now);
  bool has_ended() const { return has_ended_; }

 private:
  LaunchedStep(ChildProcess child, UniqueFd announced)
      : child_(std::move(child)), announced_fd_(std::move(announced)) {}

  ChildProcess child_;
  UniqueFd announced_fd_;
  std::string announced_;
  std::string out_;  ///< The begin of a line.
  std::string err_;
  std::optional<MonotonicTime> deadline_;
  bool has_ended_ = false;
};

/// The program `batchscope`: `wanted`, else the one beside `adapter`, else the one in `search_path` ($PATH). Absolute.
Result<std::filesystem::path> FindProgram(const std::filesystem::path& wanted, const std::filesystem::path& adapter,
                                          const std::string& search_path);

}  // namespace batchscope::transport
