#pragma once

#include <string>
#include <vector>

#include "runtime/base/ids.h"

namespace batchscope::worker {

enum class OutputAction { kAppendRow, kSummaryOnly };

/// What all workers of a run are told; README.md says what each field is. Texts and paths are bytes as the host has
/// them.
struct Setup {
  std::string run_id;
  std::string run_folder;
  std::string endpoint;
  int board_fd = -1;
  std::string node;
  std::string entry_script;
  std::string source_directory;
  std::vector<std::string> arguments;
  std::string output_dir;
  OutputAction output_action = OutputAction::kAppendRow;
  bool append_header = false;
  std::string model_dir;
  std::string logging_level;
  std::string work_folder;
  std::string logs_folder;
  std::string stacks_folder;
  std::string names_folder;
  std::vector<std::string> input_names;
  bool hold_on_failure = false;
};

/// "process003": the worker in names of files and in logs.
std::string ProcessName(WorkerId worker);

}  // namespace batchscope::worker
