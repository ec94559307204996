#pragma once

#include <string>

#include "runtime/base/status.h"
#include "runtime/record/run_folder.h"

namespace batchscope::record {

/// How a debugger gets to a run.
struct HowToAttach {
  std::string run;          ///< Its folder, as text for people and requests.
  std::string link;         ///< Opens VS Code and attaches it.
  std::string launch_json;  ///< A whole launch.json for VS Code.
  std::string obstacle;     ///< Why no debugger can be attached; empty: one can.
};

Result<HowToAttach> ReadHowToAttach(const RunFolder& folder);

/// All of it on one page; `adapter` is the command line of batchscope-dap.
std::string InWords(const HowToAttach& how, const std::string& adapter);

}  // namespace batchscope::record
