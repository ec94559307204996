#pragma once

#include <filesystem>
#include <string>

namespace batchscope::record {

/// environment.json: the machine, and the interpreter with its installed packages (read off its folders, nothing is
/// run).
std::string DescribeEnvironment(const std::filesystem::path& interpreter, const std::string& node);

}  // namespace batchscope::record
