#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "runtime/base/status.h"
#include "runtime/config/step.h"
#include "runtime/record/recorder.h"

namespace batchscope::host {

/// The JSON object of runtime/worker/README.md for the workers of this run.
std::string WorkerSetup(const config::StepConfig& step, const record::Recorder& recorder, const std::string& endpoint,
                        int board_fd, const std::filesystem::path& package_folder,
                        const std::filesystem::path& debugpy_folder);

/// What the fork server's environment holds on top of the host's: the step's variables, and a fixed hash seed. Those of
/// the contract (AZUREML_...) are set by each worker.
std::map<std::string, std::string> WorkerEnvironment(const config::StepConfig& step);

/// Which of the slow modules (numpy, pandas) a Python file under `entry` imports: worth importing once, before workers
/// are forked.
std::vector<std::string> SlowImports(const std::filesystem::path& entry);

/// The interpreter that workers run in: `wanted`, or `otherwise` when empty. Errors: it is not there, or cannot be
/// executed.
Result<std::filesystem::path> FindInterpreter(const std::filesystem::path& wanted,
                                              const std::filesystem::path& otherwise);

/// The GPUs this process may use, as CUDA_VISIBLE_DEVICES names them; empty when there are none. `devices` is /dev
/// outside of tests; `visible` the variable's value, nullptr when it is not set.
std::vector<std::string> UsableGpus(const std::filesystem::path& devices, const char* visible);

}  // namespace batchscope::host
