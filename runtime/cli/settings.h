#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "runtime/base/status.h"
#include "runtime/config/step.h"

namespace batchscope::cli {

/// The step of a file with some values changed. A setting is "key=value"; a key that is none of a step's own ("name",
/// "inputs", ...) means one of `parallel_run_config`; dots lead further down ("environment_variables.LANG=C"). A value
/// that reads as JSON is taken as JSON, any other as text. Relative paths are taken from the file's folder. Errors as
/// config::LoadStepFile's.
Result<config::StepConfig> LoadStep(const std::filesystem::path& file, const std::vector<std::string>& settings);

}  // namespace batchscope::cli
