#pragma once

#include <filesystem>
#include <string>

#include "runtime/base/status.h"

namespace batchscope::dap {

/// 32 random bytes as hexadecimal digits.
Result<std::string> MakeToken();

/// The token in a file, without the white space around it. Errors: the file cannot be read, is empty, or others than
/// its owner may read it.
Result<std::string> ReadToken(const std::filesystem::path& file);

}  // namespace batchscope::dap
