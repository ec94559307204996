#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "runtime/base/check.h"
#include "runtime/base/clock.h"
#include "runtime/engine/ledger.h"

/// The ledger's workers, from start to exit, and the end of the run.
namespace batchscope::engine {
namespace {

/// "ValueError: the first line of the message".
std::string Headline(const Failure& failure) {
  const std::string line = failure.message.substr(0, failure.message.find('\n'));
  if (failure.type.empty() || line.empty()) return failure.type + line;
  return failure.type + ": " + line;
}

}  // namespace

void Ledger::AddWorker(std::uint32_t place, std::vector<Command>& commands) {
  const WorkerId id{next_worker_++};
  workers_[id].place = place;
  ++usable_;
  ++counts_.workers_alive;
  commands.push_back(StartWorker{id, place});
}

void Ledger::On(const WorkerReady& event, std::vector<Command>& commands) {
  const auto found = workers_.find(event.worker);
  if (found == workers_.end() || found->second.stage != Stage::kStarting) return;
  found->second.stage = Stage::kReady;
  any_was_ready_ = true;
  ++counts_.workers_ready;
  idle_.insert(event.worker);
  ShareOut(event.worker, commands);
}

void Ledger::On(const InitFailed& event, std::vector<Command>& commands) {
  const auto found = workers_.find(event.worker);
  if (found == workers_.end() || found->second.stage != Stage::kStarting) return;
  found->second.stage = Stage::kEnding;
  --usable_;
  CountFailedInit(event.worker, event.failure, commands);
}

void Ledger::CountFailedInit(WorkerId id, const Failure& failure, std::vector<Command>& commands) {
  ++init_failures_;
  last_init_failure_ = failure;
  if (unsettled() == 0) return;  // Too late to matter.
  if (id.value >= fleet_) return;
  if (!first_init_failure_) first_init_failure_ = failure;
  if (*first_init_failure_ == failure) ++same_first_failures_;
  if (same_first_failures_ < fleet_ || any_was_ready_) return;
  fatal_ = failure;
  const char* what =
      failure.kind == FailureKind::kRejected ? "the entry script cannot be used" : "init() failed in every worker";
  FailRun(fmt::format("{}: {}", what, Headline(failure)), commands);
}

void Ledger::On(const WorkerExited& event, std::vector<Command>& commands) {
  const auto found = workers_.find(event.worker);
  if (found == workers_.end()) return;
  const Worker gone = std::move(found->second);
  workers_.erase(found);
  idle_.erase(event.worker);
  --counts_.workers_alive;
  if (gone.stage == Stage::kReady) --counts_.workers_ready;
  if (gone.stage == Stage::kReady || gone.stage == Stage::kStarting) --usable_;

  bool did_something = gone.answered;
  held_ -= static_cast<std::uint32_t>(gone.held.size());
  for (const MiniBatchId id : gone.held) {
    const Attempt attempt{id, mini_batches_[id.value].attempts};
    const bool begun = std::find(event.begun.begin(), event.begun.end(), attempt) != event.begun.end();
    if (begun && gone.stage != Stage::kKilled) {
      did_something = true;
      FailAttempt(id, commands);
    } else {
      PutBack(id);
    }
  }
  // One that dies before it did anything counts as a failed init() too, or replacing it might never end.
  const bool useless = gone.stage == Stage::kStarting || (gone.stage == Stage::kReady && !did_something);
  if (useless && status_ == RunStatus::kRunning) CountFailedInit(event.worker, event.failure, commands);
  ShareOut(std::nullopt, commands);
  ReplaceOrGiveUp(gone.place, commands);
}

void Ledger::On(const WorkerHeld& event, std::vector<Command>& commands) {
  const auto found = workers_.find(event.worker);
  if (found == workers_.end() || found->second.stage != Stage::kReady) return;
  Worker& worker = found->second;
  worker.stage = Stage::kEnding;
  idle_.erase(event.worker);
  --usable_;
  --counts_.workers_ready;
  held_ -= static_cast<std::uint32_t>(worker.held.size());
  for (const MiniBatchId id : worker.held) PutBack(id);
  worker.held.clear();
  worker.first_left = worker.next_left = 0;
  ShareOut(std::nullopt, commands);
  ReplaceOrGiveUp(worker.place, commands);
}

void Ledger::ReplaceOrGiveUp(std::uint32_t place, std::vector<Command>& commands) {
  if (status_ != RunStatus::kRunning || usable_ >= std::min(fleet_, unsettled())) return;
  if (init_failures_ < InitFailureLimit()) {
    AddWorker(place, commands);
  } else if (workers_.empty()) {
    fatal_ = last_init_failure_;
    FailRun(fmt::format("init() failed {} times (3 x process_count_per_node = {} end it) and no worker is left: {}",
                        init_failures_, InitFailureLimit(), Headline(*fatal_)),
            commands);
  }
}

void Ledger::On(const CancelRequested&, std::vector<Command>& commands) {
  if (status_ != RunStatus::kRunning) return;
  // With everything settled the result stands, whether the last workers end by themselves or not.
  if (unsettled() > 0) status_ = RunStatus::kCancelling;
  KillAll(commands);
}

void Ledger::On(const HostFailed& event, std::vector<Command>& commands) {
  if (status_ == RunStatus::kRunning) FailRun(event.reason, commands);
}

void Ledger::On(const ProgressStalled& event, std::vector<Command>& commands) {
  if (status_ != RunStatus::kRunning) return;
  if (unsettled() == 0) return KillAll(commands);
  FailRun(fmt::format("no result came from any worker for {} (progress_update_timeout)", FormatDuration(event.limit)),
          commands);
}

void Ledger::FailRun(std::string reason, std::vector<Command>& commands) {
  status_ = RunStatus::kFailing;
  reason_ = std::move(reason);
  KillAll(commands);
}

void Ledger::KillAll(std::vector<Command>& commands) {
  for (auto& [id, worker] : workers_) {
    if (worker.stage == Stage::kKilled) continue;
    worker.stage = Stage::kKilled;
    commands.push_back(KillWorker{id});
  }
  idle_.clear();
  usable_ = 0;
  counts_.workers_ready = 0;
}

std::string Ledger::FinalObjection() const {
  if (rules_.needs_a_row && counts_.items_succeeded == 0) {
    return fmt::format(
        "no item succeeded ({} items in {} mini-batches failed), and output_action append_row needs at least one row",
        counts_.items_failed, counts_.mini_batches);
  }
  const double percent = counts_.mini_batches == 0 ? 0 : 100.0 * counts_.failed / counts_.mini_batches;
  if (rules_.allowed_failed_percent && counts_.failed * 100.0 > *rules_.allowed_failed_percent * counts_.mini_batches) {
    return fmt::format("{} of {} mini-batches failed ({:.4g} %), more than allowed_failed_percent = {:g} allows",
                       counts_.failed, counts_.mini_batches, percent, *rules_.allowed_failed_percent);
  }
  return {};
}

void Ledger::EndWhenAllExited(std::vector<Command>& commands) {
  if (!workers_.empty()) return;
  if (status_ == RunStatus::kRunning) {
    Check(unsettled() == 0, "no worker is left for {} mini-batches", unsettled());
    reason_ = FinalObjection();
    status_ = reason_.empty() ? RunStatus::kCompleted : RunStatus::kFailed;
  } else {
    status_ = status_ == RunStatus::kCancelling ? RunStatus::kCancelled : RunStatus::kFailed;
  }
  ended_ = true;
  commands.push_back(EndRun{});
}

}  // namespace batchscope::engine
