#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>

#include "runtime/base/clock.h"
#include "runtime/engine/ledger.h"
#include "runtime/host/run.h"

namespace batchscope::host {

/// Turns counts into rates: items per second over the last few seconds, and the time left at that rate.
class ProgressMeter {
 public:
  /// `fixed` has what never changes (name, folder, items_total, workers_wanted); `started` is the origin of elapsed
  /// time.
  ProgressMeter(Progress fixed, MonotonicTime started);

  /// Takes the counts of now; keeps at most one mark a quarter of a second.
  Progress At(MonotonicTime now, engine::RunStatus status, const engine::Counts& counts);

 private:
  struct Mark {
    MonotonicTime at;
    std::uint64_t items;
  };

  const Progress fixed_;
  const MonotonicTime started_;
  std::deque<Mark> marks_;  ///< The last kWindow of time, oldest first; never empty.
};

}  // namespace batchscope::host
