#include "runtime/engine/ledger.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "runtime/base/check.h"

namespace batchscope::engine {

std::string ToString(RunStatus status) {
  switch (status) {
    case RunStatus::kRunning:
      return "running";
    case RunStatus::kCancelling:
      return "cancelling";
    case RunStatus::kFailing:
      return "failing";
    case RunStatus::kCompleted:
      return "completed";
    case RunStatus::kFailed:
      return "failed";
    case RunStatus::kCancelled:
      return "cancelled";
  }
  Check(false, "there is no run status {}", static_cast<int>(status));
  return {};
}

Ledger::Ledger(Rules rules, std::function<std::uint32_t(MiniBatchId)> items, std::uint32_t mini_batches)
    : rules_(std::move(rules)),
      items_(std::move(items)),
      fleet_(std::min(rules_.workers, mini_batches)),
      mini_batches_(mini_batches, MiniBatch{State::kWaiting, 0}) {
  Check(rules_.workers > 0 && rules_.run_max_try > 0 && rules_.group_limit > 0,
        "a ledger with {} workers, {} tries, groups of {}", rules_.workers, rules_.run_max_try, rules_.group_limit);
  counts_.mini_batches = mini_batches;
  fresh_ = mini_batches;
  for (std::uint32_t place = fleet_; place > 0; --place) free_places_.push_back(place - 1);
  if (!lane_takes(Lane::Takes::kChosen)) return;
  const auto& chosen = rules_.lane->chosen;
  Check(!chosen.empty() && chosen.rbegin()->value < mini_batches, "a lane with {} chosen of {} mini-batches, up to {}",
        chosen.size(), mini_batches, chosen.empty() ? 0 : chosen.rbegin()->value);
  for_lane_.assign(chosen.begin(), chosen.end());
  fresh_ -= static_cast<std::uint32_t>(chosen.size());
}

std::vector<Command> Ledger::Start() {
  Check(next_worker_ == 0 && !ended_, "a ledger was started twice");
  std::vector<Command> commands;
  StartFleet(commands);
  RenewLane(commands);
  first_workers_ = next_worker_;
  EndWhenAllExited(commands);
  return commands;
}

void Ledger::Apply(const Event& event, std::vector<Command>& commands) {
  if (ended_) return;
  std::visit([&](const auto& what) { On(what, commands); }, event);
  EndWhenAllExited(commands);
}

bool Ledger::Holds(WorkerId worker, const Attempt& attempt) const {
  const auto found = workers_.find(worker);
  if (found == workers_.end() || found->second.stage != Stage::kReady) return false;
  const auto& held = found->second.held;
  if (std::find(held.begin(), held.end(), attempt.mini_batch) == held.end()) return false;
  return mini_batches_[attempt.mini_batch.value].attempts == attempt.number;
}

void Ledger::On(const AttemptFinished& event, std::vector<Command>& commands) {
  if (!TakeAnswer(event.worker, event.attempt)) return;
  ++mini_batches_[event.attempt.mini_batch.value].attempts;
  const std::uint32_t succeeded = std::min(event.results, items_(event.attempt.mini_batch));
  SettleAs(event.attempt.mini_batch, State::kSucceeded, succeeded, commands);
  ShareOut(event.worker, commands);
}

void Ledger::On(const AttemptFailed& event, std::vector<Command>& commands) {
  if (!TakeAnswer(event.worker, event.attempt)) return;
  FailAttempt(event.attempt.mini_batch, commands);
  ShareOut(event.worker, commands);
}

std::uint32_t Ledger::waiting() const {
  const bool keeps_one = lane_takes(Lane::Takes::kNext) && !lane_served_ && !lane_given_up_;
  return open() - (keeps_one && open() > 0 ? 1 : 0);
}

bool Ledger::TakeAnswer(WorkerId id, const Attempt& attempt) {
  if (!Holds(id, attempt)) return false;
  Worker& worker = workers_.at(id);
  // Answers come in the order of `held`, so this finds the first one.
  const auto place = std::find(worker.held.begin(), worker.held.end(), attempt.mini_batch);
  const bool in_first = place - worker.held.begin() < static_cast<std::ptrdiff_t>(worker.first_left);
  worker.held.erase(place);
  worker.answered = true;
  if (--(in_first ? worker.first_left : worker.next_left) == 0) {
    worker.group = std::min(worker.group * 2, rules_.group_limit);
    if (in_first) worker.first_left = std::exchange(worker.next_left, 0);
  }
  if (worker.held.empty() && !worker.lane) idle_.insert(id);
  return true;
}

void Ledger::FailAttempt(MiniBatchId id, std::vector<Command>& commands) {
  MiniBatch& mini_batch = mini_batches_[id.value];
  ++mini_batch.attempts;
  if (mini_batch.attempts < rules_.run_max_try) {
    ++counts_.retries;
    PutBack(id);
  } else {
    SettleAs(id, State::kFailed, 0, commands);
  }
}

void Ledger::PutBack(MiniBatchId id) {
  mini_batches_[id.value].state = State::kWaiting;
  (IsForLane(id) ? for_lane_ : returned_).push_back(id);
}

void Ledger::SettleAs(MiniBatchId id, State state, std::uint64_t succeeded_items, std::vector<Command>& commands) {
  MiniBatch& mini_batch = mini_batches_[id.value];
  mini_batch.state = state;
  const bool succeeded = state == State::kSucceeded;
  ++(succeeded ? counts_.succeeded : counts_.failed);
  counts_.items_succeeded += succeeded_items;
  counts_.items_failed += items_(id) - succeeded_items;
  commands.push_back(Settle{id, succeeded, mini_batch.attempts});
  if (status_ != RunStatus::kRunning) return;

  const auto above = [](std::uint64_t count, std::int64_t limit) {
    return limit >= 0 && count > static_cast<std::uint64_t>(limit);
  };
  if (above(counts_.items_failed, rules_.error_threshold)) {
    FailRun(fmt::format("{} {} failed, more than error_threshold = {} allows", counts_.items_failed,
                        counts_.items_failed == 1 ? "item" : "items", rules_.error_threshold),
            commands);
  } else if (above(counts_.failed, rules_.allowed_failed_count)) {
    FailRun(fmt::format("{} {} failed, more than allowed_failed_count = {} allows", counts_.failed,
                        counts_.failed == 1 ? "mini-batch" : "mini-batches", rules_.allowed_failed_count),
            commands);
  }
}

MiniBatchId Ledger::TakeOpen() {
  if (!returned_.empty()) {
    const MiniBatchId next = returned_.front();
    returned_.pop_front();
    return next;
  }
  // The chosen ones wait for the lane from the beginning, so they are never fresh.
  while (rules_.lane && rules_.lane->chosen.contains(MiniBatchId{next_fresh_})) ++next_fresh_;
  --fresh_;
  return MiniBatchId{next_fresh_++};
}

void Ledger::AssignGroup(WorkerId id, Worker& worker, std::uint32_t size, std::vector<Command>& commands) {
  Assign assign{id, {}};
  assign.attempts.reserve(size);
  for (std::uint32_t i = 0; i < size; ++i) {
    const MiniBatchId next = TakeOpen();
    MiniBatch& mini_batch = mini_batches_[next.value];
    mini_batch.state = State::kHanded;
    worker.held.push_back(next);
    assign.attempts.push_back({next, mini_batch.attempts});
  }
  commands.push_back(std::move(assign));
}

void Ledger::HandOut(WorkerId id, Worker& worker, std::vector<Command>& commands) {
  const auto fair_share = [&] { return std::min(worker.group, waiting() / (2 * fleet_) + 1); };
  if (worker.held.empty() && waiting() > 0) {
    worker.first_left = fair_share();
    AssignGroup(id, worker, worker.first_left, commands);
    idle_.erase(id);
  }
  if (!worker.held.empty() && worker.next_left == 0 && waiting() > fleet_) {
    worker.next_left = std::min(fair_share(), waiting() - fleet_);
    AssignGroup(id, worker, worker.next_left, commands);
  }
}

void Ledger::ShareOut(std::optional<WorkerId> asking, std::vector<Command>& commands) {
  if (status_ != RunStatus::kRunning) return;
  ServeLane(commands);
  while (waiting() > 0 && !idle_.empty()) {
    const WorkerId id = *idle_.begin();
    HandOut(id, workers_.at(id), commands);
  }
  if (asking && asking != lane_) {
    const auto found = workers_.find(*asking);
    if (found != workers_.end() && found->second.stage == Stage::kReady) HandOut(*asking, found->second, commands);
  }
  while (waiting() == 0 && idle_.size() > FleetMayGet()) {
    const WorkerId id = *idle_.rbegin();
    Dismiss(id, workers_.at(id), commands);
  }
  DismissLaneIfDone(commands);
}

void Ledger::Dismiss(WorkerId id, Worker& worker, std::vector<Command>& commands) {
  worker.stage = Stage::kEnding;
  --counts_.workers_ready;
  if (!worker.lane) {
    idle_.erase(id);
    --usable_;
  }
  commands.push_back(DismissWorker{id});
}

}  // namespace batchscope::engine
