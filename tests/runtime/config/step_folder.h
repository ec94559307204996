#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "runtime/config/step.h"
#include "tests/support/temp_folder.h"

namespace batchscope::config {

/// A folder of its own with an entry script and a step that can run.
class StepFolder : public testing::Test {
 protected:
  StepFolder() {
    Write("code/score.py", "def init():\n    pass\n\ndef run(mini_batch):\n    return mini_batch\n");
    step_ = {{"name", "digits"},
             {"parallel_run_config",
              {{"entry_script", "code/score.py"}, {"error_threshold", 10}, {"process_count_per_node", 2}}},
             {"inputs", {"images"}}};
  }

  void Write(const std::string& name, std::string_view text) {
    std::filesystem::create_directories((folder_ / name).parent_path());
    std::ofstream(folder_ / name, std::ios::binary) << text;
  }
  std::string In(const std::string& name) const { return (folder_ / name).string(); }

  nlohmann::json& run() { return step_["parallel_run_config"]; }
  Result<StepConfig> Parse() const { return ParseStep(step_, folder_); }
  /// What ParseStep says against the step; the temporary folder reads as "FOLDER".
  std::string Problems() const { return Shortened(Parse().message()); }
  std::string Shortened(std::string text) const {
    for (std::size_t at = 0; (at = text.find(folder_.string(), at)) != std::string::npos;) {
      text.replace(at, folder_.string().size(), "FOLDER");
    }
    return text;
  }

  const TempFolder temp_;
  const std::filesystem::path folder_ = temp_.path();
  nlohmann::json step_;
};

}  // namespace batchscope::config
