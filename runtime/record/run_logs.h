#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/record/error_log.h"
#include "runtime/record/log_file.h"
#include "runtime/record/logs_layout.h"
#include "runtime/record/overview.h"
#include "runtime/record/process_logs.h"
#include "runtime/record/recorder.h"
#include "runtime/record/run_facts.h"
#include "runtime/record/utc_text.h"

namespace batchscope::record {

/// The text files for people below logs/. None of them is needed to read a run, and none can make it fail.
class RunLogs {
 public:
  RunLogs(const RunFolder& folder, const RunFacts& facts);

  /// One line for sys/master.txt; further lines of it are indented.
  void Master(std::int64_t at_unix_us, std::string_view level, std::string_view line);
  ProcessLogs& processes() { return processes_; }
  void Error(std::int64_t at_unix_us, WorkerId worker, const std::optional<Attempt>& attempt, const Failure& failure);
  void Sample(std::int64_t at_unix_us, const std::vector<ResourceSample>& samples);

  /// Brings overview.txt, user/error.txt and all that gathered to the files.
  void Renew(OverviewFacts overview);
  /// The same, and job_result.txt.
  void End(OverviewFacts overview);

 private:
  const RunFolder folder_;
  const RunFacts facts_;
  const LogsLayout layout_;
  LogFile master_;
  ProcessLogs processes_;
  ErrorLog errors_;
  LogFile perf_overview_;
  LogFile perf_processes_;
  std::string overview_;  ///< As it was written last.
  UtcText utc_;
};

}  // namespace batchscope::record
