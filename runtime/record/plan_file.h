#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "runtime/base/ids.h"
#include "runtime/base/status.h"
#include "runtime/config/step.h"
#include "runtime/input/plan.h"

/// plan.jsonl: which files a mini-batch has, as they were when the run began.
namespace batchscope::record {

Status WritePlan(const std::filesystem::path& file, const config::StepConfig& step, const input::Plan& plan);

/// How many items each mini-batch has.
Result<std::vector<std::uint32_t>> ReadItemCounts(const std::filesystem::path& file);

/// Absolute paths, raw bytes, of the mini-batches asked for, in their order. Errors: no such mini-batch (says how many
/// there are).
Result<std::vector<std::vector<std::string>>> ReadPaths(const std::filesystem::path& file,
                                                        const std::vector<MiniBatchId>& mini_batches);

}  // namespace batchscope::record
