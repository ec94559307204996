#pragma once
#include <memory>

#include "runtime/host/progress_sink.h"

namespace batchscope::kernel {

class DebugRouter;
class IoPub;

// What the engine tells of one run: shown in the cell that runs now, and followed by the debugger.
std::unique_ptr<BatchscopeProgressSinkV1> MakeRunWatch(IoPub& iopub, DebugRouter& debugger);

}  // namespace batchscope::kernel
