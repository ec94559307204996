#pragma once

#include <pybind11/pybind11.h>

#include <filesystem>

#include "runtime/base/status.h"
#include "runtime/wire/board.h"
#include "runtime/worker/setup.h"

namespace batchscope::worker {

/// Makes the forked process what an entry script expects: working directory, environment, sys.argv, sys.path, SIGINT
/// ignored. (An empty __main__ and fresh random numbers are the fork server's doing.) Main thread, with the GIL.
/// Errors: a folder cannot be made.
Status PrepareProcess(const Setup& setup, WorkerId worker, const std::filesystem::path& log_path);

/// From now on wire::DumpStacksSignal() writes the Python stacks of all threads into the worker's file under
/// control/stacks, and counts that on the board; a crash writes them to descriptor 2. `slot` must live as long as the
/// process.
Status PrepareStackDumps(const Setup& setup, WorkerId worker, wire::BoardSlot& slot);

/// What a script may leave for the end of the process (atexit, which holds logging's flush). Errors are printed.
void RunExitHandlers();

}  // namespace batchscope::worker
