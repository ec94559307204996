#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "runtime/config/reader.h"
#include "runtime/config/step.h"

namespace batchscope::config {

/// The settings of "parallel_run_config" under `path`. What is wrong is added to `problems`; the value is then of no
/// use.
ParallelRunConfig ParseRunConfig(const nlohmann::json& config, const std::string& path,
                                 const std::filesystem::path& base, Problems& problems);

/// What the step that `reader` reads says about the debugger.
DebugOptions ParseDebug(ObjectReader& reader, std::uint32_t run_max_try);
/// Its settings into the step's JSON.
void AddTo(nlohmann::json& step, const DebugOptions& debug);

/// `path` seen from `base`, without "." and ".." and a slash at the end. Links are not resolved.
std::filesystem::path Absolute(const std::filesystem::path& path, const std::filesystem::path& base);

/// "append_row", "INFO" and so on, as configurations spell them.
std::string ToString(OutputAction action);
std::string ToString(LoggingLevel level);

}  // namespace batchscope::config
