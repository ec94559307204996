#pragma once

#include <filesystem>
#include <string>

#include "runtime/base/status.h"
#include "runtime/record/run_folder.h"

namespace batchscope::transport {

/// The running run that is meant: its folder, its id or a part of it that no other running one has; "" or "latest" for
/// the newest that runs. `home` is where runs lie. Errors say what there is and what to do.
Result<record::RunFolder> FindRunning(const std::filesystem::path& home, const std::string& which);

}  // namespace batchscope::transport
