#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "runtime/base/text.h"
#include "runtime/input/files.h"
#include "runtime/input/plan.h"

namespace batchscope::input {

Result<Plan> PlanFiles(const std::vector<config::FileInput>& inputs, std::uint32_t mini_batch_size) {
  Check(mini_batch_size > 0, "mini-batches of {} files", mini_batch_size);
  Plan plan;
  std::vector<std::string> problems;
  for (std::uint32_t input = 0; input < inputs.size(); ++input) {
    FilesByFolder files;
    for (const std::string& path : inputs[input].paths) {
      const Status added = AddFiles(path, files);
      if (!added.ok()) problems.push_back(fmt::format("inputs[{}]: {}", input, added.message()));
    }
    for (auto& [folder, names] : files) {
      std::sort(names.begin(), names.end());
      names.erase(std::unique(names.begin(), names.end()), names.end());  // Two paths may name one file.
      for (std::size_t i = 0; i < names.size(); ++i) {
        if (i % mini_batch_size == 0) plan.AddMiniBatch(input, folder);
        plan.AddFile(names[i]);
      }
      names = {};
    }
  }
  if (!problems.empty()) return Status::Error(fmt::format("{}", fmt::join(problems, "\n")));
  return plan;
}

}  // namespace batchscope::input
