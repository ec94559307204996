#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "runtime/base/attempt.h"
#include "runtime/base/ids.h"
#include "runtime/record/log_file.h"
#include "runtime/record/logs_layout.h"
#include "runtime/record/utc_text.h"

namespace batchscope::record {

/// One try of a mini-batch, as a line of a process's file.
struct TryLine {
  Attempt attempt;
  std::int64_t start_unix_us = 0;
  std::uint32_t total = 0, succeeded = 0, failed = 0;  ///< Items.
  std::int64_t elapsed_ns = 0, process_ns = 0, run_ns = 0;
  const Failure* failure = nullptr;  ///< Null: it succeeded.
};

/// sys/node/<node>/<process>.txt: a table for each process, what it did with which mini-batch. Fields are parted by
/// tabs.
class ProcessLogs {
 public:
  explicit ProcessLogs(const LogsLayout& layout) : layout_(layout) {}

  void Started(WorkerId worker, int pid, const std::string& utc);
  void Add(WorkerId worker, const TryLine& line);
  /// Closes the process's file.
  void Exited(WorkerId worker);
  void Flush();

 private:
  LogFile& FileOf(WorkerId worker);

  const LogsLayout layout_;
  std::map<WorkerId, LogFile> files_;
  UtcText utc_;
};

}  // namespace batchscope::record
