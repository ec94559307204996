#include "runtime/base/check.h"
#include "runtime/engine/ledger.h"

/// The ledger's rules, written down once more as checks; tests run them after every event.
namespace batchscope::engine {

void Ledger::Validate() const {
  std::vector<bool> placed(mini_batches_.size());  // Held or returned; the others are fresh or settled.
  ValidateWorkers(placed);
  for (const MiniBatchId id : returned_) {
    Check(!placed[id.value], "mini-batch {} waits and is held, or waits twice", id.value);
    placed[id.value] = true;
    Check(mini_batches_[id.value].state == State::kWaiting, "mini-batch {} came back but does not wait", id.value);
  }
  std::uint32_t succeeded = 0;
  std::uint32_t failed = 0;
  std::uint64_t items = 0;
  for (std::uint32_t i = 0; i < mini_batches_.size(); ++i) {
    const auto [state, attempts] = mini_batches_[i];
    const bool settled = state == State::kSucceeded || state == State::kFailed;
    const bool fresh = i >= next_fresh_;
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
  std::uint32_t starting = 0;
  std::uint32_t held = 0;
  std::vector<bool> places(fleet_);
  for (const auto& [id, worker] : workers_) {
    Check(worker.place < fleet_ && !places[worker.place], "worker {} sits in place {}", id.value, worker.place);
    places[worker.place] = true;
    ready += worker.stage == Stage::kReady;
    starting += worker.stage == Stage::kStarting;
    held += static_cast<std::uint32_t>(worker.held.size());
    Check(worker.held.size() == std::size_t{worker.first_left} + worker.next_left &&
              (worker.first_left > 0 || worker.held.empty()),
          "worker {} holds {} in groups of {} and {}", id.value, worker.held.size(), worker.first_left,
          worker.next_left);
    const bool works = worker.stage == Stage::kReady || worker.stage == Stage::kKilled;
    Check(works || worker.held.empty(), "worker {} holds {} before or after its work", id.value, worker.held.size());
    Check(idle_.contains(id) == (worker.stage == Stage::kReady && worker.held.empty()),
          "worker {} is wrongly (not) idle", id.value);
    for (const MiniBatchId mini_batch : worker.held) {
      Check(!placed[mini_batch.value], "mini-batch {} is held twice", mini_batch.value);
      placed[mini_batch.value] = true;
      Check(mini_batches_[mini_batch.value].state == State::kHanded, "mini-batch {} is held, not handed",
            mini_batch.value);
    }
  }
  Check(held == held_, "{} are held, counted {}", held, held_);
  Check(ready == counts_.workers_ready && workers_.size() == counts_.workers_alive && ready + starting == usable_,
        "{} workers ready, {} starting, {} alive; counted {} ready, {} alive, {} usable", ready, starting,
        workers_.size(), counts_.workers_ready, counts_.workers_alive, usable_);
  if (status_ != RunStatus::kRunning) return;
  Check(idle_.empty() || waiting() == 0, "{} wait while {} workers idle", waiting(), idle_.size());
  Check(idle_.size() <= held_, "{} workers idle while only {} can come back", idle_.size(), held_);
}

}  // namespace batchscope::engine
