// The run loop's part for those who look inside the run: what the desk needs of it, and workers that hold a failure.
#include <utility>

#include "runtime/host/run_loop.h"

namespace batchscope::host {
namespace {

/// For a held worker to end by itself.
constexpr std::chrono::seconds kTimeToEnd{5};

}  // namespace

DeskFleet::Doing RunLoop::DoingOf(WorkerId worker) {
  const auto found = workers_.find(worker);
  if (found == workers_.end()) return {wire::WorkerPhase::kEnding, std::nullopt};
  const Process& process = found->second;
  if (process.doom || process.held) return {wire::WorkerPhase::kEnding, std::nullopt};
  if (const auto attempt = parts_.board->slot(process.seat).Running()) return {wire::WorkerPhase::kRunning, attempt};
  if (process.dismissed) return {wire::WorkerPhase::kEnding, std::nullopt};
  return {process.ready ? wire::WorkerPhase::kWaiting : wire::WorkerPhase::kStarting, std::nullopt};
}

void RunLoop::Send(WorkerId worker, const wire::ToWorker& message) {
  if (const Status sent = parts_.link->Send(worker, message); !sent.ok()) FailHost(sent);
}

void RunLoop::Cancel() { mailbox_.PostCancel(CancelHow::kTidy); }

void RunLoop::Log(std::string_view level, const std::string& line) {
  parts_.recorder->Log(level, line);
  changed_ = true;
}

bool RunLoop::HoldWorker(WorkerId worker, const wire::TaskResult& result) {
  if (ledger_.status() != engine::RunStatus::kRunning) return false;
  if (!desk_.Hold(worker, result.attempt, result.failure, Now())) return false;
  Process& process = workers_.at(worker);
  process.held = true;
  process.owed = 0;
  const engine::Event event = engine::WorkerHeld{worker, result.attempt};
  parts_.recorder->Apply(event);
  ledger_.Apply(event, commands_);
  return true;
}

void RunLoop::EndHeld(WorkerId worker) {
  const auto found = workers_.find(worker);
  if (found == workers_.end() || !found->second.held) return;
  found->second.end_by = Now() + kTimeToEnd;
  Send(worker, wire::Dismiss{});
}

void RunLoop::WatchHeld(WorkerId id, Process& process) {
  if (!process.end_by || process.doom) return;
  if (Now() > *process.end_by) return KillHeld(id, process, {FailureKind::kProcessDied, "", "", ""});
  WakeAt(*process.end_by + std::chrono::milliseconds(1));
}

void RunLoop::KillHeld(WorkerId id, Process& process, Failure failure) {
  // Its answer is booked, and where it stands is what the record has of it already: nothing is waited for.
  process.doom = Process::Doom{std::move(failure), std::nullopt, 0, Now(), true};
  parts_.server->Kill(id);
}

}  // namespace batchscope::host
