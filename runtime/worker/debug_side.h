#pragma once

#include "runtime/worker/debugger_end.h"
#include "runtime/worker/gate.h"
#include "runtime/worker/stop_clock.h"
#include "runtime/worker/watch.h"

namespace batchscope::worker {

/// What people who debug this worker meet: where control thread and main thread share it. Each part locks itself.
struct DebugSide {
  StopClock clock;
  Watch watch;
  Gate gate;
  StartDebugger start;

  /// Before the process has threads: see Watch. `slot` must live as long as the process.
  DebugSide(wire::BoardSlot& slot, WorkerId worker, StartDebugger start_debugger)
      : clock(slot), watch(worker), start(std::move(start_debugger)) {}
};

}  // namespace batchscope::worker
