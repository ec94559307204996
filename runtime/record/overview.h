#pragma once

#include <string>
#include <vector>

#include "runtime/engine/ledger.h"
#include "runtime/record/run_facts.h"
#include "runtime/record/stopped_workers.h"

namespace batchscope::record {

/// A run at one moment, for people.
struct OverviewFacts {
  std::string status;  ///< "running" and so on.
  std::string reason;  ///< Empty unless it failed.
  engine::Counts counts;
  std::int64_t now_unix_us = 0;
  std::string most_frequent_error;  ///< Empty when there were none.
  const Failure* fatal = nullptr;
  std::vector<StoppedWorker> stopped = {};  ///< Who waits for a person.
};

/// overview.txt.
std::string RenderOverview(const RunFolder& folder, const RunFacts& facts, const OverviewFacts& now);

/// job_result.txt; its last line is ResultLine().
std::string RenderResult(const RunFolder& folder, const RunFacts& facts, const OverviewFacts& end);

/// How a run ended, in one line: "failed: 12 failed items, more than error_threshold 10".
std::string ResultLine(const OverviewFacts& end);

}  // namespace batchscope::record
