#pragma once

#include <memory>

#include "runtime/base/clock.h"
#include "runtime/base/files.h"
#include "runtime/input/plan.h"
#include "runtime/record/early_deaths.h"
#include "runtime/record/journal.h"
#include "runtime/record/ordered_output.h"
#include "runtime/record/output_file.h"
#include "runtime/record/recorder.h"
#include "runtime/record/run_facts.h"
#include "runtime/record/run_logs.h"
#include "runtime/record/stopped_workers.h"
#include "runtime/record/utc_text.h"

namespace batchscope::record {

/// All that a recorder holds; made by Create().
struct Recorder::Parts {
  std::int64_t Now() const { return UnixMicros(clock->WallNow()); }

  RunFolder folder;
  HostLock lock;
  const input::Plan* plan;
  SystemClock own_clock;
  const Clock* clock;
  RunFacts facts;
  OutputFile output_file;  ///< Empty with summary_only.
  UniqueFd spool_fd;
  Journal journal;
  std::unique_ptr<OrderedOutput> output;
  std::unique_ptr<RunLogs> logs;
  std::unique_ptr<StoppedFile> stopped;
  Status broken;  ///< The failure of a commit; nothing is recorded from then on.
  bool finished = false;

  EarlyDeaths deaths;  ///< A worker's exit before it was heard counts as a failed init().
};

}  // namespace batchscope::record
