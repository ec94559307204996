// What the run loop does on the ledger's word.
#include <fmt/format.h>

#include <utility>

#include "runtime/host/run_loop.h"

namespace batchscope::host {

void RunLoop::Obey() {
  // Doing one may bring facts that bring more commands; they join the end of the queue of this same call.
  for (std::size_t next = 0; next < commands_.size(); ++next) {
    const engine::Command command = std::move(commands_[next]);
    std::visit([this](const auto& one) { Do(one); }, command);
  }
  commands_.clear();
}

void RunLoop::Do(const engine::StartWorker& command) {
  Process process;
  process.seat = command.place;
  process.asked_for = Now();
  workers_.emplace(command.worker, std::move(process));
  desk_.Ordered(command.worker, command.lane);
  std::map<std::string, std::string> environment;
  if (!parts_.gpus.empty()) environment["CUDA_VISIBLE_DEVICES"] = parts_.gpus[command.place % parts_.gpus.size()];
  if (const Status asked = parts_.server->Fork(command.worker, command.place, environment, desk_.at_start());
      !asked.ok())
    FailHost(asked);
}

void RunLoop::Do(const engine::Assign& command) {
  const auto found = workers_.find(command.worker);
  if (found == workers_.end() || found->second.held) return;
  found->second.owed += static_cast<std::uint32_t>(command.attempts.size());
  wire::Work work;
  work.tasks.reserve(command.attempts.size());
  for (const Attempt& attempt : command.attempts) {
    wire::Task task{attempt, 0, {}, attempt.number + 1 >= parts_.step.run.run_max_try};
    task.items = parts_.plan->AppendPaths(attempt.mini_batch, task.paths);
    work.tasks.push_back(std::move(task));
  }
  Send(command.worker, std::move(work));
}

void RunLoop::Do(const engine::DismissWorker& command) {
  const auto found = workers_.find(command.worker);
  if (found == workers_.end() || found->second.held) return;  // A held one ends when nobody looks any more.
  found->second.dismissed = true;
  desk_.Dismissed(command.worker);
  Send(command.worker, wire::Dismiss{});
}

void RunLoop::Do(const engine::KillWorker& command) {
  const auto found = workers_.find(command.worker);
  if (found == workers_.end() || found->second.doom) return;
  Process& process = found->second;
  const Failure failure{FailureKind::kProcessDied, "", "ended with its run", ""};
  if (process.held) return KillHeld(command.worker, process, failure);
  DoomWorker(command.worker, process, failure, std::nullopt);
  if (tidy_cancel_ || !process.doom) return;
  process.doom->kill_at = Now();
  KillWhenDumped(command.worker, process);
}

void RunLoop::Do(const engine::Settle& command) {
  if (!command.succeeded) parts_.recorder->GaveUp(command.mini_batch);
}

void RunLoop::Do(const engine::EndRun&) { ended_ = true; }

void RunLoop::FailHost(const Status& status) {
  if (std::exchange(host_failed_, true)) return;
  parts_.recorder->Log("ERROR", status.message());
  changed_ = true;
  const engine::Event event = engine::HostFailed{status.message()};
  parts_.recorder->Apply(event);
  ledger_.Apply(event, commands_);
}

std::string RunLoop::TakeStacks(WorkerId id) {
  const auto file = parts_.recorder->folder().stacks() / fmt::format("{}.txt", id.value);
  const Result<std::string> stacks = ReadFile(file);
  return stacks.ok() ? UserFrames(*stacks) : std::string();
}

}  // namespace batchscope::host
