#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "runtime/base/status.h"

namespace batchscope::record {

struct EntryCopyLimits {
  std::uint64_t files = 100'000;  ///< Folders count too.
  std::uint64_t bytes = std::uint64_t{2} << 30;
};

/// What was copied.
struct EntryCopy {
  std::uint64_t files = 0;
  std::uint64_t bytes = 0;
  std::vector<std::string> skipped;  ///< "<path>: <why>" of what should be there and is not, at most a hundred.
};

/// Copies a source directory as a run needs it: links followed, file modes kept, without .git, __pycache__, .venv and
/// what `left_out` names (files or folders; what is not there is no error). Shares blocks where the file system can.
///
/// Errors: the source is no readable folder; more than the limits (a folder that holds data, or a home); the copy
/// cannot be written. Single files that cannot be read, links to nowhere, and links back to a folder above are skipped
/// and told.
Result<EntryCopy> CopyEntry(const std::filesystem::path& source, const std::filesystem::path& target,
                            const std::vector<std::filesystem::path>& left_out, const EntryCopyLimits& limits);

}  // namespace batchscope::record
