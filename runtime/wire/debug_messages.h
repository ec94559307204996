#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "runtime/base/attempt.h"

/// What host and workers say to each other about the debugger. The debugger of a worker is pydevd (debugpy), which
/// speaks the Debug Adapter Protocol (DAP); its messages travel as they are.
namespace batchscope::wire {

// ---- Host to worker
// --------------------------------------------------------------------------------------------------

/// Connect the debugger, whatever the main thread is doing. Answered by DebuggerArmed or DebuggerGone.
///
/// DAP messages may be sent at once behind it; the worker's debugger is armed only when it was configured over them
/// (pydevdAuthorize, initialize, attach, breakpoints, configurationDone).
struct ArmDebugger {
  friend bool operator==(const ArmDebugger&, const ArmDebugger&) = default;
};
/// Take the debugger out again, wholly: the worker goes on (also when it was stopped) and is as fast as before.
/// Answered by DebuggerGone with an empty `why`.
struct DisarmDebugger {
  friend bool operator==(const DisarmDebugger&, const DisarmDebugger&) = default;
};
/// One DAP message for the worker's debugger: a JSON object, without a header.
struct DebuggerInput {
  std::string json;

  friend bool operator==(const DebuggerInput&, const DebuggerInput&) = default;
};
/// A condition on data that somebody waits for.
struct WatchRule {
  std::uint32_t id = 0;
  std::string selector;  ///< Text that selector::Selector::Parse() takes.

  friend bool operator==(const WatchRule&, const WatchRule&) = default;
};
/// At which gates the worker reports and waits, without a debugger in it until then. Replaces what was watched before;
/// an empty one opens all gates. A worker that runs a matching mini-batch just now says so at once (kInRun).
struct Watch {
  std::vector<WatchRule> rules;
  bool uncaught = false;      ///< Wait at kFailure after each exception that leaves run() (or init()).
  bool last_failure = false;  ///< Wait at kFailure after a failure of any kind of the last try.

  friend bool operator==(const Watch&, const Watch&) = default;
};
/// The worker may leave the gate where it waits. At kFailure, and when it holds: an armed one first stops in the
/// debugger where the exception was raised.
struct PassGate {
  friend bool operator==(const PassGate&, const PassGate&) = default;
};
/// The answer to TaskResult::holds of a worker that shall not hold: it goes on to its next mini-batch.
struct RefuseHold {
  friend bool operator==(const RefuseHold&, const RefuseHold&) = default;
};

// ---- Worker to host
// --------------------------------------------------------------------------------------------------

/// The debugger is in place: breakpoints hit from now on, also in frames that were on the stack before.
struct DebuggerArmed {
  friend bool operator==(const DebuggerArmed&, const DebuggerArmed&) = default;
};
/// No debugger is in the worker (any more). `why` is a sentence when nobody asked for that: debugpy is missing, the
/// script has a debugger of its own, the connection broke.
struct DebuggerGone {
  std::string why;

  friend bool operator==(const DebuggerGone&, const DebuggerGone&) = default;
};
/// One DAP message of the worker's debugger.
struct DebuggerOutput {
  std::string json;

  friend bool operator==(const DebuggerOutput&, const DebuggerOutput&) = default;
};
/// A thread of the worker was stopped by the debugger; where the user's innermost frame is. Also said again when it
/// stops elsewhere. The clocks are on the board already.
struct WorkerStopped {
  std::string file;        ///< Empty when it could not be told.
  std::uint32_t line = 0;  ///< From 1.
  std::string reason;      ///< DAP's: "breakpoint", "step", "pause", "exception" ...

  friend bool operator==(const WorkerStopped&, const WorkerStopped&) = default;
};
/// All its threads run again.
struct WorkerContinued {
  friend bool operator==(const WorkerContinued&, const WorkerContinued&) = default;
};

/// Where a worker may have to wait for a person.
enum class Gate : std::uint8_t {
  kStart,      ///< Before the script is imported; only in workers forked with `wait_for_debugger`.
  kBeforeRun,  ///< Just before run() of a mini-batch that rules match.
  kInRun,      ///< Rules match the mini-batch that runs already. It does not wait; kAfterRun follows.
  kAfterRun,   ///< run() of a mini-batch reported as kBeforeRun or kInRun came back; its rows are not made yet.
  kFailure,    ///< As Watch says, before the failure is reported.
};
/// The worker is at a gate and, except at kInRun, waits for PassGate. Its clocks stand still.
struct AtGate {
  Gate gate = Gate::kStart;
  Attempt attempt;                   ///< Meaningless at kStart, and at kFailure when `in_init`.
  std::vector<std::uint32_t> rules;  ///< Ids of those that match; empty at kStart and kFailure.
  bool in_init = false;              ///< kFailure of init(), not of run().
  Failure failure;                   ///< At kFailure.

  friend bool operator==(const AtGate&, const AtGate&) = default;
};

}  // namespace batchscope::wire
