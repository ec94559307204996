#pragma once
#include <memory>

#include "kernel/debug/fleet.h"

namespace batchscope::kernel {

// A fleet behind our own debug adapter, which runs on a thread of its own and is spoken to over a socket pair, as any
// client would; the reports come on a second thread. Ends both when it is destroyed, which must not happen on the
// second. Calls `on_gone` at once when it cannot be made.
std::shared_ptr<Fleet> MakeFleetClient(int first_id, FleetReports reports);

// The same over a descriptor that leads to some adapter; what is behind it ends when the descriptor is shut down.
std::shared_ptr<Fleet> MakeFleetClientOn(int fd, FleetReports reports);

}  // namespace batchscope::kernel
