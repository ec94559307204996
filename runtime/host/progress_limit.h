#pragma once

#include <chrono>

#include "runtime/base/clock.h"

namespace batchscope::host {

/// progress_update_timeout: no result came from any worker for so long, while nobody looked into one.
class ProgressLimit {
 public:
  ProgressLimit(std::chrono::nanoseconds limit, MonotonicTime now) : limit_(limit), last_result_(now), looked_(now) {}

  /// A result came, or progress has just become possible.
  void OnResult(MonotonicTime now) { last_result_ = now; }
  /// Called each round. Time up to now counts unless the call before said that time stands still (`waits`: somebody
  /// looks into a worker); what this one says holds from now on.
  void Look(MonotonicTime now, bool waits);
  /// Equality is in time.
  bool Passed(MonotonicTime now) const { return !waits_ && now > last_result_ + limit_; }
  /// When it may be passed at the earliest, as of the last Look().
  MonotonicTime Earliest() const { return last_result_ + limit_ + std::chrono::milliseconds(1); }
  bool waits() const { return waits_; }
  std::chrono::nanoseconds limit() const { return limit_; }

 private:
  const std::chrono::nanoseconds limit_;
  MonotonicTime last_result_;
  MonotonicTime looked_;
  bool waits_ = false;
};

}  // namespace batchscope::host
