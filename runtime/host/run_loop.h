#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "runtime/base/files.h"
#include "runtime/engine/ledger.h"
#include "runtime/host/debug_desk.h"
#include "runtime/host/process.h"
#include "runtime/host/progress.h"
#include "runtime/host/progress_limit.h"
#include "runtime/host/resources.h"
#include "runtime/host/run.h"
#include "runtime/input/plan.h"
#include "runtime/launch/fork_server.h"
#include "runtime/record/recorder.h"
#include "runtime/wire/board.h"
#include "runtime/wire/control.h"
#include "runtime/wire/links.h"

namespace batchscope::host {

/// The parts of a run that is ready to start.
struct RunParts {
  config::StepConfig step;
  std::unique_ptr<input::Plan> plan;
  std::unique_ptr<record::Recorder> recorder;
  std::unique_ptr<wire::Board> board;  ///< With a seat more for the debug lane.
  std::unique_ptr<wire::HostLink> link;
  std::unique_ptr<wire::ControlServer> control;  ///< Null: nobody can look in.
  std::unique_ptr<launch::ForkServer> server;
  std::vector<std::string> gpus;
  bool wait_for_debugger = false;
  std::function<void(const Progress&, bool ended)> on_progress;
};

/// What other threads may ask of the loop and read from it.
class Mailbox {
 public:
  Mailbox();
  /// Any thread. Wakes the loop.
  void PostCancel(CancelHow how);
  Progress progress() const;
  bool WaitForEnd(std::chrono::milliseconds limit) const;

  /// The loop's side: readable when something was posted.
  int fd() const { return wake_.get(); }
  std::optional<CancelHow> TakeCancel();
  void ShowProgress(Progress progress);
  void ShowEnd();

 private:
  const UniqueFd wake_;
  mutable std::mutex lock_;
  mutable std::condition_variable ended_signal_;
  std::optional<CancelHow> cancel_;  ///< Guarded by lock_, as all below.
  Progress progress_;
  bool ended_ = false;
};

/// The one place where a run's facts and decisions meet: facts of workers, clocks and people go to the ledger and the
/// record, and the ledger's commands to the workers. Owned by one thread, which never takes the GIL.
class RunLoop final : private DeskFleet {
 public:
  RunLoop(RunParts parts, Mailbox& mailbox);

  /// Runs until the record is complete.
  void Run();

 private:
  // The round (run_loop.cc).
  void Wait();
  void Commit();
  void ShowProgress();
  void TakeSamples();
  void Finish();
  MonotonicTime Now() const { return clock_.Now(); }
  void WakeAt(MonotonicTime time) { next_wake_ = std::min(next_wake_, time); }

  // Facts in (run_loop_facts.cc).
  void TakeRequests();
  /// At most so many: what was heard is to be committed before too much of it has gathered.
  void TakeMessages(std::size_t most);
  void TakeReports();
  void WatchClocks();
  void On(WorkerId worker, const wire::FromWorker& message);
  void On(WorkerId worker, const wire::TaskResults& results);
  void Book(WorkerId worker, const wire::TaskResult& result, std::string_view rows);
  void On(const launch::WorkerStarted& report);
  void On(const launch::WorkerExited& report);
  void On(const launch::ServerGone& report);
  void WorkerEnded(WorkerId worker, std::optional<int> wait_status);
  void BookDeath(WorkerId worker, const wire::BoardSlot& slot, const engine::WorkerExited& event);
  void Tell(const engine::Event& event);

  // Decisions out (run_loop_commands.cc).
  void Obey();
  void Do(const engine::StartWorker& command);
  void Do(const engine::Assign& command);
  void Do(const engine::DismissWorker& command);
  void Do(const engine::KillWorker& command);
  void Do(const engine::Settle& command);
  void Do(const engine::EndRun& command);
  void FailHost(const Status& status);
  /// Decides the worker's end: its stacks are asked for, then it is killed.
  void DoomWorker(WorkerId id, Process& process, Failure failure, std::optional<Attempt> attempt);
  void KillWhenDumped(WorkerId id, Process& process);
  std::string TakeStacks(WorkerId id);

  // Those who look in (run_loop_debug.cc).
  Doing DoingOf(WorkerId worker) override;
  void Send(WorkerId worker, const wire::ToWorker& message) override;
  void EndHeld(WorkerId worker) override;
  void Cancel() override;
  void Log(std::string_view level, const std::string& line) override;
  /// Books that the worker stays with what its mini-batch raised; false, and nothing is done, when it may not.
  bool HoldWorker(WorkerId worker, const wire::TaskResult& result);
  void WatchHeld(WorkerId id, Process& process);
  void KillHeld(WorkerId id, Process& process, Failure failure);

  SystemClock clock_;
  RunParts parts_;
  Mailbox& mailbox_;
  const TimeLimits limits_;
  engine::Ledger ledger_;
  DebugDesk desk_;
  ProgressLimit progress_limit_;
  ProgressMeter meter_;
  ResourceMeter resources_;
  std::vector<engine::Command> commands_;  ///< Not obeyed yet.
  std::map<WorkerId, Process> workers_;    ///< Those ordered and not exited.
  bool tidy_cancel_ = false;
  bool ended_ = false;
  bool host_failed_ = false;
  bool changed_ = true;  ///< Since the last commit.
  MonotonicTime next_wake_;
  MonotonicTime last_shown_;
  std::uint64_t shown_changes_ = 0;  ///< The desk's.
  MonotonicTime last_refresh_;
  MonotonicTime next_sample_;
};

}  // namespace batchscope::host
