#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "runtime/base/attempt.h"
#include "runtime/base/ids.h"
#include "runtime/base/status.h"
#include "runtime/wire/debug_messages.h"

/// What travels between host and workers. Integers are little-endian; texts are raw bytes with their length in front.
namespace batchscope::wire {

// ---- Host to worker
// --------------------------------------------------------------------------------------------------

/// One mini-batch to run.
struct Task {
  Attempt attempt;
  std::uint32_t items = 0;
  std::string paths;      ///< Each path ended by a NUL byte.
  bool last_try = false;  ///< The mini-batch fails with this attempt.

  friend bool operator==(const Task&, const Task&) = default;
};
/// Mini-batches, to be run in this order.
struct Work {
  std::vector<Task> tasks;

  friend bool operator==(const Work&, const Work&) = default;
};
/// Nothing more comes: run shutdown() and end. Also the answer to InitFailure, which the worker waits for before it
/// ends.
struct Dismiss {
  friend bool operator==(const Dismiss&, const Dismiss&) = default;
};

using ToWorker = std::variant<Work, Dismiss, ArmDebugger, DisarmDebugger, DebuggerInput, Watch, PassGate, RefuseHold>;

// ---- Worker to host
// --------------------------------------------------------------------------------------------------

/// The first word; `pid` is the worker's.
struct Hello {
  WorkerId worker;
  std::int32_t pid = 0;

  friend bool operator==(const Hello&, const Hello&) = default;
};
struct Ready {
  std::uint64_t init_ns = 0;  ///< Import and init().

  friend bool operator==(const Ready&, const Ready&) = default;
};
struct InitFailure {
  Failure failure;

  friend bool operator==(const InitFailure&, const InitFailure&) = default;
};
/// What became of one Task.
struct TaskResult {
  Attempt attempt;
  bool ok = false;
  std::uint32_t results = 0;  ///< Elements or rows returned.
  std::int64_t picked_unix_us = 0;
  std::uint64_t process_ns = 0;
  std::uint64_t run_ns = 0;
  std::uint64_t rows_size = 0;  ///< Bytes of TaskResults::rows that are this one's, in order.
  std::uint32_t header_size =
      0;               ///< Bytes at the front of its rows that are the file's header line, wanted once a file.
  Failure failure;     ///< When not ok.
  bool holds = false;  ///< The worker waits, with what was raised, for a debugger: for PassGate, RefuseHold or Dismiss.

  friend bool operator==(const TaskResult&, const TaskResult&) = default;
};
struct TaskResults {
  std::vector<TaskResult> results;
  std::string rows;

  friend bool operator==(const TaskResults&, const TaskResults&) = default;
};

using FromWorker = std::variant<Hello, Ready, InitFailure, TaskResults, DebuggerArmed, DebuggerGone, DebuggerOutput,
                                WorkerStopped, WorkerContinued, AtGate>;

std::string Encode(const ToWorker& message);
std::string Encode(const FromWorker& message);
/// Errors: what is wrong at which byte; never throws, never reads past the end.
Result<ToWorker> DecodeToWorker(std::string_view bytes);
Result<FromWorker> DecodeFromWorker(std::string_view bytes);

}  // namespace batchscope::wire
