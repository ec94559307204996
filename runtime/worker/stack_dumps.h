#pragma once

#include "runtime/base/status.h"
#include "runtime/wire/board.h"

namespace batchscope::worker {

/// Counts on the board how often this process wrote its stacks: puts a handler of wire::DumpStacksSignal() in front of
/// the one that is installed, which does the writing (faulthandler's). `slot` must live as long as the process. Call it
/// once a process.
Status CountStackDumps(wire::BoardSlot& slot);
/// Counts in another slot from now on.
void CountStackDumpsIn(wire::BoardSlot& slot);

}  // namespace batchscope::worker
