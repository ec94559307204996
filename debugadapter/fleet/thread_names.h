#pragma once

#include <string>
#include <vector>

#include "runtime/wire/control_messages.h"

namespace batchscope::fleet {

/// "w3": what a worker is called everywhere.
std::string WorkerName(WorkerId worker);
/// The number in "w3" or "3".
Result<WorkerId> ParseWorkerName(const std::string& text);
/// "batch 117 - attempt 2", as people count attempts.
std::string AttemptName(const Attempt& attempt);
/// "w3 - batch 117 - attempt 2", "w3 - waiting", "w3 - held: batch 117 (debug lane)".
std::string ThreadName(const wire::WorkerView& view);
/// One line a worker, for the debug console.
std::string WorkerTable(const std::vector<wire::WorkerView>& views);

}  // namespace batchscope::fleet
