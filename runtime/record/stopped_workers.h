#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "runtime/record/run_folder.h"

namespace batchscope::record {

/// A worker that a person looks at.
struct StoppedWorker {
  std::uint32_t worker = 0;
  std::string where;   ///< "stopped in debugger at entry.py:12", "held after mini-batch 7 failed" and the like.
  double seconds = 0;  ///< How long by now.
};

/// "worker 3: stopped in debugger at entry.py:12 for 31 s".
std::string InWords(const StoppedWorker& stopped);

/// Tells other processes who is stopped in a living run: control/stopped.jsonl, which is not there when nobody is.
/// Written when that changes, not because time goes by.
class StoppedFile {
 public:
  explicit StoppedFile(const RunFolder& folder) : path_(folder.stopped()) {}

  void Renew(std::int64_t now_unix_us, const std::vector<StoppedWorker>& stopped);

 private:
  struct Stop {
    StoppedWorker last;
    std::int64_t since_unix_us;
  };

  const std::filesystem::path path_;
  std::vector<Stop> stops_;
  std::string text_;  ///< As it is written.
};

/// What that file says. A run that has ended, or whose host died, is not to be asked.
std::vector<StoppedWorker> ReadStopped(const RunFolder& folder, std::int64_t now_unix_us);

}  // namespace batchscope::record
