#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "runtime/base/status.h"

namespace batchscope::config {

enum class OutputAction { kAppendRow, kSummaryOnly };
enum class LoggingLevel { kWarning, kInfo, kDebug };

/// One input of a step: files, folders and globs that are split into mini-batches together.
struct FileInput {
  std::string name;                ///< As in as_named_input; "input_0" and so on when none was given.
  std::vector<std::string> paths;  ///< Absolute; each a file, a folder or a glob.

  friend bool operator==(const FileInput&, const FileInput&) = default;
};

/// Where `name` stands among the limits of SEMANTICS, and all that run() is called under.
struct ParallelRunConfig {
  std::filesystem::path entry_script;      ///< Absolute; inside source_directory.
  std::filesystem::path source_directory;  ///< Absolute.
  std::filesystem::path environment;       ///< A Python interpreter, absolute; empty: the one that submits.
  std::uint32_t mini_batch_size = 10;      ///< Files.
  std::int64_t error_threshold = -1;       ///< Failed items that a run bears; -1: any number.
  OutputAction output_action = OutputAction::kAppendRow;
  std::string append_row_file_name = "parallel_run_step.txt";
  std::uint32_t process_count_per_node = 1;
  LoggingLevel logging_level = LoggingLevel::kInfo;
  std::chrono::duration<double> run_invocation_timeout{60};
  std::uint32_t run_max_try = 3;
  std::int64_t allowed_failed_count = -1;        ///< Mini-batches that may use up their tries; -1: any number.
  std::optional<double> allowed_failed_percent;  ///< 0 to 100, checked when all have been tried.
  std::chrono::duration<double> task_overhead_timeout{30};
  std::optional<std::chrono::duration<double>> progress_update_timeout;  ///< None: 3 x (run + overhead).
  std::chrono::duration<double> resource_monitor_interval{20};           ///< 0: no samples.
  std::map<std::string, std::string> environment_variables;
  std::string description;

  friend bool operator==(const ParallelRunConfig&, const ParallelRunConfig&) = default;
};

/// `debug`: whether people may look inside. kOff: no debugger is ever loaded; kLane: one more worker, which a debugger
/// that attaches stops at each of its mini-batches.
enum class DebugMode { kOff, kOn, kLane };
/// `debug_lane`: what that worker gets: the next mini-batch whenever it is free, every second and later try of a failed
/// one, or those chosen by number.
enum class LaneTakes { kNext, kFailed, kChosen };

/// What concerns the debugger.
struct DebugOptions {
  DebugMode mode = DebugMode::kOn;
  LaneTakes lane_takes = LaneTakes::kNext;
  std::vector<std::uint32_t> lane_mini_batches;      ///< With kChosen; ascending, each once.
  std::chrono::duration<double> debug_lease{3600};   ///< A stop nobody looks at for longer is ended.
  std::chrono::duration<double> hold_on_failure{0};  ///< How long a worker waits whose mini-batch failed for good.

  friend bool operator==(const DebugOptions&, const DebugOptions&) = default;
};

/// A step: what to run on what.
struct StepConfig {
  std::string name;
  ParallelRunConfig run;
  std::vector<FileInput> inputs;
  std::filesystem::path output;        ///< Absolute folder for the output file; empty: the run folder's own.
  std::filesystem::path model_dir;     ///< AZUREML_MODEL_DIR; empty: none.
  std::vector<std::string> arguments;  ///< Verbatim.
  bool append_header = false;          ///< `--append_row_dataframe_header True` among the arguments.
  DebugOptions debug;

  friend bool operator==(const StepConfig&, const StepConfig&) = default;
};

/// Reads a step from its JSON form, whose keys are Azure's names:
/// {"name", "parallel_run_config": {...}, "inputs": [...], "output", "arguments", "model_dir", "allow_reuse",
/// "debug": "on" | "off" | "lane", "debug_lane": "next" | "failed" | [numbers], "debug_lease": s, "hold_on_failure":
/// s}. An input is a path or {"name", "path": text or list of texts}. Relative paths are taken from `base`.
///
/// Errors: one message with every problem on a line of its own, each by its path ("parallel_run_config.run_max_try:
/// ..."), with what was found, what is expected and, for an unknown key, the nearest right one.
Result<StepConfig> ParseStep(const nlohmann::json& step, const std::filesystem::path& base);

/// The step file's YAML or JSON (by its name's `.json`) as JSON, nothing of it checked but that it is an object. Errors
/// name the file, line and column.
Result<nlohmann::json> ReadStepFile(const std::filesystem::path& file);

/// Reads a step file, YAML or JSON; relative paths are taken from the file's folder. Errors as ParseStep's, with the
/// file's name.
Result<StepConfig> LoadStepFile(const std::filesystem::path& file);

/// What ParseStep reads back to an equal step: the record's `config.json`.
nlohmann::json ToJson(const StepConfig& step);

/// progress_update_timeout, or its default.
std::chrono::duration<double> ProgressLimit(const ParallelRunConfig& run);

}  // namespace batchscope::config
