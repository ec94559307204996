#include "runtime/worker/stop_clock.h"

#include <algorithm>
#include <chrono>

#include "runtime/base/check.h"

namespace batchscope::worker {
namespace {

std::int64_t NowNs() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

}  // namespace

void StopClock::Stop() {
  const std::lock_guard lock(mutex_);
  if (++reasons_ == 1) StandStill();
}

void StopClock::GoOn() {
  const std::lock_guard lock(mutex_);
  Check(reasons_ > 0, "a worker that nobody stopped shall go on");
  if (--reasons_ == 0) RunAgain();
}

void StopClock::MoveTo(wire::BoardSlot& slot) {
  const std::lock_guard lock(mutex_);
  if (reasons_ > 0) RunAgain();
  slot_ = &slot;
  if (reasons_ > 0) StandStill();
}

void StopClock::StandStill() { slot_->stopped_since_ns.store(NowNs(), std::memory_order_release); }

void StopClock::RunAgain() {
  // Begin() on the main thread may have moved the beginning forward, and may do so right now: it then takes this stop
  // for one that lasts, and forgives it a moment too much.
  const std::int64_t since = slot_->stopped_since_ns.load(std::memory_order_acquire);
  slot_->stopped_ns.fetch_add(std::max<std::int64_t>(0, NowNs() - since), std::memory_order_release);
  slot_->stopped_since_ns.store(0, std::memory_order_release);
}

}  // namespace batchscope::worker
