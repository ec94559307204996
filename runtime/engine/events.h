#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "runtime/base/attempt.h"
#include "runtime/base/ids.h"

/// The words between the ledger and the world: facts go in as events, decisions come out as commands.
namespace batchscope::engine {

// ---- Events: what happened ------------------------------------------------------------------------------------------

/// The worker imported the script, ran init() and waits for work.
struct WorkerReady {
  WorkerId worker;
};
/// import or init() failed; the worker's process ends by itself.
struct InitFailed {
  WorkerId worker;
  Failure failure;
};
/// run() of the attempt came back.
struct AttemptFinished {
  WorkerId worker;
  Attempt attempt;
  std::uint32_t results = 0;  ///< Rows or elements returned.
};
struct AttemptFailed {
  WorkerId worker;
  Attempt attempt;
  Failure failure;
};
/// The process is gone and reaped. Results it sent before have been reported by earlier events.
struct WorkerExited {
  WorkerId worker;
  /// The attempts it was handed that it may have begun: at most one; the others were never started.
  std::vector<Attempt> begun;
  Failure failure;  ///< How it died, or the limit it was killed for.
};
/// run() of the attempt failed, and the worker stays, out of the fleet, so that a person can look at what was raised.
/// Told instead of AttemptFailed. What else it was handed goes back; its place is free for a fresh worker, and it gets
/// no command any more but to be killed. Its exit is still awaited: the run does not end before.
struct WorkerHeld {
  WorkerId worker;
  Attempt attempt;
};
/// A person asked for the end.
struct CancelRequested {};
/// Something outside the ledger makes going on impossible: the disk is full, the fork server is gone.
struct HostFailed {
  std::string reason;
};
/// No result came from any worker for the progress limit.
struct ProgressStalled {
  std::chrono::duration<double> limit;
};

using Event = std::variant<WorkerReady, InitFailed, AttemptFinished, AttemptFailed, WorkerExited, WorkerHeld,
                           CancelRequested, HostFailed, ProgressStalled>;

// ---- Commands: what to do -------------------------------------------------------------------------------------------

/// Start a process under that number. `place` is its seat among process_count_per_node, which a replacement takes over
/// (GPU index).
struct StartWorker {
  WorkerId worker;
  std::uint32_t place = 0;  ///< The lane's is the last one, process_count_per_node.
  bool lane = false;
};
/// Hand these attempts to the worker, in this order.
struct Assign {
  WorkerId worker;
  std::vector<Attempt> attempts;
};
/// No more work will come: let it run shutdown() and end.
struct DismissWorker {
  WorkerId worker;
};
/// End the process now; nothing more it says counts.
struct KillWorker {
  WorkerId worker;
};
/// The mini-batch is settled: its rows (of the attempt that succeeded) belong into the output at its place in order, or
/// it has none.
struct Settle {
  MiniBatchId mini_batch;
  bool succeeded = false;
  std::uint32_t attempts = 0;  ///< How many were used.
};
/// All is over; nothing follows.
struct EndRun {};

using Command = std::variant<StartWorker, Assign, DismissWorker, KillWorker, Settle, EndRun>;

}  // namespace batchscope::engine
