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

void Ledger::AddWorker(std::uint32_t place, bool lane, std::vector<Command>& commands) {
  const WorkerId id{next_worker_++};
  Worker& worker = workers_[id];
  worker.place = place;
  worker.lane = lane;
  if (lane) {
    lane_ = id;
  } else {
    ++usable_;
  }
  ++counts_.workers_alive;
  commands.push_back(StartWorker{id, place, lane});
}

void Ledger::On(const WorkerReady& event, std::vector<Command>& commands) {
  const auto found = workers_.find(event.worker);
  if (found == workers_.end() || found->second.stage != Stage::kStarting) return;
  found->second.stage = Stage::kReady;
  any_was_ready_ = true;
  ++counts_.workers_ready;
  if (!found->second.lane) idle_.insert(event.worker);
  ShareOut(event.worker, commands);
}

void Ledger::On(const InitFailed& event, std::vector<Command>& commands) {
  const auto found = workers_.find(event.worker);
  if (found == workers_.end() || found->second.stage != Stage::kStarting) return;
  found->second.stage = Stage::kEnding;
  if (!found->second.lane) --usable_;
  CountFailedInit(event.worker, event.failure, commands);
}

void Ledger::CountFailedInit(WorkerId id, const Failure& failure, std::vector<Command>& commands) {
  ++(id == lane_ ? lane_init_failures_ : init_failures_);
  last_init_failure_ = failure;
  if (unsettled() == 0) return;  // Too late to matter.
  if (id.value >= first_workers_) return;
  if (!first_init_failure_) first_init_failure_ = failure;
  if (*first_init_failure_ == failure) ++same_first_failures_;
  if (same_first_failures_ < first_workers_ || any_was_ready_) return;
  fatal_ = failure;
  const char* what =
      failure.kind == FailureKind::kRejected ? "the entry script cannot be used" : "init() failed in every worker";
  FailRun(fmt::format("{}: {}", what, Headline(failure)), commands);
}

bool Ledger::TakeOff(WorkerId id, Worker& worker, const std::vector<Attempt>& begun, std::vector<Command>& commands) {
  idle_.erase(id);
  if (worker.stage == Stage::kReady) --counts_.workers_ready;
  if (!worker.lane && (worker.stage == Stage::kReady || worker.stage == Stage::kStarting)) --usable_;
  if (worker.place && !worker.lane) free_places_.push_back(*worker.place);
  worker.place.reset();

  bool any_begun = false;
  for (const MiniBatchId mini_batch : std::exchange(worker.held, {})) {
    const Attempt attempt{mini_batch, mini_batches_[mini_batch.value].attempts};
    const bool was_begun = std::find(begun.begin(), begun.end(), attempt) != begun.end();
    if (was_begun && worker.stage != Stage::kKilled) {
      any_begun = true;
      FailAttempt(mini_batch, commands);
    } else {
      PutBack(mini_batch);
    }
  }
  worker.first_left = worker.next_left = 0;
  return any_begun;
}

void Ledger::On(const WorkerExited& event, std::vector<Command>& commands) {
  const auto found = workers_.find(event.worker);
  if (found == workers_.end()) return;
  Worker gone = std::move(found->second);
  workers_.erase(found);
  --counts_.workers_alive;
  const bool did_something = TakeOff(event.worker, gone, event.begun, commands) || gone.answered;
  // One that dies before it did anything counts as a failed init() too, or replacing it might never end.
  const bool useless = gone.stage == Stage::kStarting || (gone.stage == Stage::kReady && !did_something);
  if (useless && status_ == RunStatus::kRunning) CountFailedInit(event.worker, event.failure, commands);
  if (lane_ == event.worker) lane_.reset();
  FillPlaces(commands);
}

void Ledger::On(const WorkerHeld& event, std::vector<Command>& commands) {
  if (!TakeAnswer(event.worker, event.attempt)) return;
  Worker& worker = workers_.at(event.worker);
  TakeOff(event.worker, worker, {}, commands);
  worker.stage = Stage::kEnding;
  if (lane_ == event.worker) lane_.reset();
  FailAttempt(event.attempt.mini_batch, commands);
  FillPlaces(commands);
}

void Ledger::FillPlaces(std::vector<Command>& commands) {
  if (status_ != RunStatus::kRunning) return;
  RenewLane(commands);
  ShareOut(std::nullopt, commands);
  StartFleet(commands);
  if (!workers_.empty() || unsettled() == 0) return;
  fatal_ = last_init_failure_;
  FailRun(fmt::format("init() failed {} times (3 x process_count_per_node = {} end it) and no worker is left: {}",
                      init_failures_, InitFailureLimit(), Headline(*fatal_)),
          commands);
}

void Ledger::StartFleet(std::vector<Command>& commands) {
  while (usable_ < std::min(fleet_, FleetMayGet()) && !free_places_.empty() && init_failures_ < InitFailureLimit()) {
    const std::uint32_t place = free_places_.back();
    free_places_.pop_back();
    AddWorker(place, false, commands);
  }
}

void Ledger::On(const CancelRequested&, std::vector<Command>& commands) {
  // With everything settled the result stands, whether the last workers end by themselves or not.
  if (status_ == RunStatus::kRunning && unsettled() > 0) status_ = RunStatus::kCancelling;
  KillAll(commands);
}

void Ledger::On(const HostFailed& event, std::vector<Command>& commands) {
  if (status_ == RunStatus::kRunning) FailRun(event.reason, commands);
  KillAll(commands);
}

void Ledger::On(const ProgressStalled& event, std::vector<Command>& commands) {
  if (status_ != RunStatus::kRunning) return;
  if (unsettled() == 0) return KillAll(commands);
  FailRun(fmt::format("no result came from any worker for {} (progress_update_timeout)", FormatDuration(event.limit)),
          commands);
  KillAll(commands);
}

void Ledger::FailRun(std::string reason, std::vector<Command>& commands) {
  status_ = RunStatus::kFailing;
  reason_ = std::move(reason);
  for (auto& [id, worker] : workers_) {
    if (worker.place) Kill(id, worker, commands);
  }
}

void Ledger::KillAll(std::vector<Command>& commands) {
  for (auto& [id, worker] : workers_) Kill(id, worker, commands);
}

void Ledger::Kill(WorkerId id, Worker& worker, std::vector<Command>& commands) {
  if (worker.stage == Stage::kKilled) return;
  const bool ready = worker.stage == Stage::kReady;
  if (ready) --counts_.workers_ready;
  if (!worker.lane && (ready || worker.stage == Stage::kStarting)) --usable_;
  idle_.erase(id);
  worker.stage = Stage::kKilled;
  commands.push_back(KillWorker{id});
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
