#include "runtime/worker/setup.h"

#include <fmt/format.h>

namespace batchscope::worker {

std::string ProcessName(WorkerId worker) { return fmt::format("process{:03}", worker.value); }

}  // namespace batchscope::worker
