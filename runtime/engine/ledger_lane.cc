#include "runtime/engine/ledger.h"

/// The debug lane: what it is handed, and how long it is needed.
namespace batchscope::engine {

bool Ledger::IsForLane(MiniBatchId id) const {
  if (!rules_.lane || lane_given_up_) return false;
  switch (rules_.lane->takes) {
    case Lane::Takes::kNext:
      return false;
    case Lane::Takes::kFailed:
      return mini_batches_[id.value].attempts > 0;
    case Lane::Takes::kChosen:
      return rules_.lane->chosen.contains(id);
  }
  return false;
}

std::uint32_t Ledger::FleetMayGet() const {
  auto lanes = static_cast<std::uint32_t>(for_lane_.size());
  if (lane_) {
    for (const MiniBatchId id : workers_.at(*lane_).held) lanes += IsForLane(id);
  }
  return unsettled() - lanes;
}

bool Ledger::NeedsLane() const {
  if (!rules_.lane || lane_given_up_) return false;
  return lane_takes(Lane::Takes::kChosen) ? !for_lane_.empty() : unsettled() > 0;
}

void Ledger::ServeLane(std::vector<Command>& commands) {
  if (!lane_) return;
  Worker& worker = workers_.at(*lane_);
  if (worker.stage != Stage::kReady || !worker.held.empty()) return;
  MiniBatchId id;
  if (!for_lane_.empty()) {
    id = for_lane_.front();
    for_lane_.pop_front();
  } else if (open() > 0 && (lane_takes(Lane::Takes::kNext) || FleetCannotBeHad())) {
    id = TakeOpen();
  } else {
    return;
  }
  MiniBatch& mini_batch = mini_batches_[id.value];
  mini_batch.state = State::kHanded;
  worker.held.push_back(id);
  worker.first_left = 1;
  lane_served_ = true;
  commands.push_back(Assign{*lane_, {{id, mini_batch.attempts}}});
}

void Ledger::DismissLaneIfDone(std::vector<Command>& commands) {
  if (!lane_ || NeedsLane() || (FleetCannotBeHad() && unsettled() > 0)) return;
  Worker& worker = workers_.at(*lane_);
  if (worker.stage == Stage::kReady && worker.held.empty()) Dismiss(*lane_, worker, commands);
}

void Ledger::RenewLane(std::vector<Command>& commands) {
  if (lane_ || !NeedsLane()) return;
  if (lane_init_failures_ < kLaneInitLimit) return AddWorker(rules_.workers, true, commands);
  lane_given_up_ = true;
  returned_.insert(returned_.end(), for_lane_.begin(), for_lane_.end());
  for_lane_.clear();
}

}  // namespace batchscope::engine
