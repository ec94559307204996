#pragma once

#include <cstdint>
#include <mutex>

#include "runtime/wire/board.h"

namespace batchscope::worker {

/// Writes on the board since when the worker stands still because a person looks at it. There may be several reasons at
/// once: a thread in the debugger, the main thread at a gate.
///
/// Any thread may use it.
class StopClock {
 public:
  /// `slot` must live as long as this.
  explicit StopClock(wire::BoardSlot& slot) : slot_(&slot) {}

  /// One reason more; time stands still from the first one on.
  void Stop();
  /// One reason less; each Stop() has its GoOn().
  void GoOn();
  /// Writes on another slot from now on: the reasons there are go with it, the one left behind goes on.
  void MoveTo(wire::BoardSlot& slot);

 private:
  void StandStill();
  void RunAgain();

  std::mutex mutex_;
  wire::BoardSlot* slot_;      // Guarded by mutex_.
  std::uint32_t reasons_ = 0;  // Guarded by mutex_.
};

/// Time stands still as long as this lives.
class Stopped {
 public:
  explicit Stopped(StopClock& clock) : clock_(clock) { clock_.Stop(); }
  Stopped(const Stopped&) = delete;
  Stopped& operator=(const Stopped&) = delete;
  ~Stopped() { clock_.GoOn(); }

 private:
  StopClock& clock_;
};

}  // namespace batchscope::worker
