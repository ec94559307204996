#pragma once

namespace batchscope::cli {

/// What shells and schedulers see of `batchscope`; part of the contract with scripts.
enum ExitCode : int {
  kCompleted = 0,
  kOther = 1,        ///< Anything without a code of its own: no such run, a record that cannot be read.
  kWrongUsage = 2,   ///< Wrong words, configuration or inputs: nothing was started.
  kFailed = 42,      ///< The run failed; the reason is the last line.
  kCancelled = 130,  ///< A person or the system asked for the end.
};

}  // namespace batchscope::cli
