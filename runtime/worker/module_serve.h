#pragma once

#include <cstdint>
#include <string>

namespace batchscope::worker {

/// The life of a worker, from the forked process to the code it shall exit with: prepares the process, imports the
/// script, runs init(), mini-batches and shutdown(), and flushes everything. 0: dismissed; 1: it never got ready, and
/// the host was told why. With `wait` it says wire::Gate::kStart before it imports the script, and waits there. Runs on
/// the main thread, with the GIL; the caller ends the process at once with os._exit().
int Serve(const std::string& setup_json, std::uint32_t worker, std::uint32_t seat, bool wait);

}  // namespace batchscope::worker
