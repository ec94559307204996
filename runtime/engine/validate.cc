#include <algorithm>

#include "runtime/base/check.h"
#include "runtime/engine/ledger.h"

/// The ledger's rules, written down once more as checks; tests run them after every event.
namespace batchscope::engine {

void Ledger::Validate() const {
  std::vector<bool> placed(mini_batches_.size());  // Held or returned; the others are fresh or settled.
  ValidateWorkers(placed);
  ValidatePlaces();
  for (const auto* queue : {&returned_, &for_lane_}) {
    for (const MiniBatchId id : *queue) {
      Check(!placed[id.value], "mini-batch {} waits and is held, or waits twice", id.value);
      placed[id.value] = true;
      Check(mini_batches_[id.value].state == State::kWaiting, "mini-batch {} came back but does not wait", id.value);
      Check(IsForLane(id) == (queue == &for_lane_), "mini-batch {} waits for the wrong workers", id.value);
    }
  }
  std::uint32_t succeeded = 0;
  std::uint32_t failed = 0;
  std::uint32_t fresh_ones = 0;
  std::uint64_t items = 0;
  for (std::uint32_t i = 0; i < mini_batches_.size(); ++i) {
    const auto [state, attempts] = mini_batches_[i];
    const bool settled = state == State::kSucceeded || state == State::kFailed;
    const bool fresh = i >= next_fresh_ && !(rules_.lane && rules_.lane->chosen.contains(MiniBatchId{i}));
    fresh_ones += fresh;
    Check(fresh + placed[i] + settled == 1, "mini-batch {}: fresh {}, held or returned {}, settled {}", i, fresh,
          bool{placed[i]}, settled);
    Check(!fresh || (state == State::kWaiting && attempts == 0), "fresh mini-batch {} has {} attempts", i, attempts);
    Check(settled || attempts < rules_.run_max_try, "mini-batch {} goes on after {} attempts", i, attempts);
    Check(state != State::kFailed || attempts == rules_.run_max_try, "mini-batch {} failed after {} attempts", i,
          attempts);
    succeeded += state == State::kSucceeded;
    failed += state == State::kFailed;
    if (settled) items += items_(MiniBatchId{i});
  }
  Check(succeeded == counts_.succeeded && failed == counts_.failed, "{} succeeded and {} failed, counted {} and {}",
        succeeded, failed, counts_.succeeded, counts_.failed);
  Check(fresh_ones == fresh_, "{} mini-batches are fresh, counted {}", fresh_ones, fresh_);
  Check(items == counts_.items_succeeded + counts_.items_failed, "{} items are settled, counted {} and {}", items,
        counts_.items_succeeded, counts_.items_failed);
  const bool over =
      status_ != RunStatus::kRunning && status_ != RunStatus::kCancelling && status_ != RunStatus::kFailing;
  Check(over == ended_, "ended: {}, status {}", ended_, ToString(status_));
  Check(!ended_ || workers_.empty(), "the run ended with {} workers alive", workers_.size());
  Check(reason_.empty() == (status_ != RunStatus::kFailing && status_ != RunStatus::kFailed), "{} because of '{}'",
        ToString(status_), reason_);
}

void Ledger::ValidateWorkers(std::vector<bool>& placed) const {
  std::uint32_t ready = 0;
  std::uint32_t usable = 0;
  for (const auto& [id, worker] : workers_) {
    ready += worker.stage == Stage::kReady;
    usable += !worker.lane && (worker.stage == Stage::kReady || worker.stage == Stage::kStarting);
    Check(worker.held.size() == std::size_t{worker.first_left} + worker.next_left &&
              (worker.first_left > 0 || worker.held.empty()),
          "worker {} holds {} in groups of {} and {}", id.value, worker.held.size(), worker.first_left,
          worker.next_left);
    Check(!worker.lane || worker.held.size() <= 1, "the lane, worker {}, holds {}", id.value, worker.held.size());
    const bool works = worker.stage == Stage::kReady || worker.stage == Stage::kKilled;
    Check(works || worker.held.empty(), "worker {} holds {} before or after its work", id.value, worker.held.size());
    Check(idle_.contains(id) == (worker.stage == Stage::kReady && worker.held.empty() && !worker.lane),
          "worker {} is wrongly (not) idle", id.value);
    for (const MiniBatchId mini_batch : worker.held) {
      Check(!placed[mini_batch.value], "mini-batch {} is held twice", mini_batch.value);
      placed[mini_batch.value] = true;
      Check(mini_batches_[mini_batch.value].state == State::kHanded, "mini-batch {} is held, not handed",
            mini_batch.value);
      Check(worker.lane || !IsForLane(mini_batch), "mini-batch {} is for the lane, and worker {} has it",
            mini_batch.value, id.value);
    }
  }
  Check(ready == counts_.workers_ready && workers_.size() == counts_.workers_alive && usable == usable_,
        "{} workers ready, {} usable, {} alive; counted {} ready, {} alive, {} usable", ready, usable, workers_.size(),
        counts_.workers_ready, counts_.workers_alive, usable_);
  if (status_ != RunStatus::kRunning) return;
  Check(idle_.empty() || waiting() == 0, "{} wait while {} workers idle", waiting(), idle_.size());
  Check(idle_.size() <= FleetMayGet(), "{} workers idle while only {} can come back", idle_.size(), FleetMayGet());
  Check(lane_ || for_lane_.empty(), "{} mini-batches wait for a lane that is not there", for_lane_.size());
  // One whose init() failed is replaced when its process is gone.
  const std::size_t sitting = fleet_ - free_places_.size();
  Check(sitting >= std::min(fleet_, FleetMayGet()) || init_failures_ >= InitFailureLimit(),
        "{} workers for {} mini-batches, and {} places are free", sitting, FleetMayGet(), free_places_.size());
}

void Ledger::ValidatePlaces() const {
  std::vector<int> taken(fleet_);
  for (const std::uint32_t place : free_places_) {
    Check(place < fleet_ && ++taken[place] == 1, "place {} is wrongly free", place);
  }
  for (const auto& [id, worker] : workers_) {
    Check((lane_ == id) == (worker.lane && worker.place), "worker {} is wrongly (not) the lane", id.value);
    const bool held = !worker.place;
    Check(!held || worker.stage == Stage::kEnding || worker.stage == Stage::kKilled, "worker {} works without a place",
          id.value);
    if (held) continue;
    const bool fits = worker.lane ? *worker.place == rules_.workers : *worker.place < fleet_;
    Check(fits && (worker.lane || ++taken[*worker.place] == 1), "worker {} sits in place {}", id.value, *worker.place);
  }
  Check(std::all_of(taken.begin(), taken.end(), [](int count) { return count == 1; }), "a place is lost");
  Check(!lane_ || workers_.contains(*lane_), "the lane, worker {}, is gone", lane_ ? lane_->value : 0);
}

}  // namespace batchscope::engine
