#pragma once

#include <string>

#include "runtime/base/status.h"
#include "runtime/worker/setup.h"

namespace batchscope::worker {

/// Reads the JSON object that the host passes on (README.md), with Python's own reader: it keeps paths that are not
/// UTF-8. Errors name the field. Needs the GIL.
Result<Setup> ReadSetup(const std::string& json);

}  // namespace batchscope::worker
