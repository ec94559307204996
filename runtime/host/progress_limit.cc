#include "runtime/host/progress_limit.h"

#include <algorithm>

namespace batchscope::host {

void ProgressLimit::Look(MonotonicTime now, bool waits) {
  // A result may have come since, in the midst of a stop.
  if (waits_) last_result_ = std::min(now, last_result_ + (now - looked_));
  looked_ = now;
  waits_ = waits;
}

}  // namespace batchscope::host
