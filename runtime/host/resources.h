#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "runtime/base/clock.h"
#include "runtime/record/recorder.h"

namespace batchscope::host {

/// Samples processes from /proc; keeps each one's last CPU time, to tell its share since then.
class ResourceMeter {
 public:
  struct Who {
    std::string name;
    pid_t pid = 0;
  };
  /// A process that is gone is left out.
  std::vector<record::ResourceSample> Sample(const std::vector<Who>& processes, MonotonicTime now);

 private:
  struct Last {
    MonotonicTime at;
    double cpu_seconds = 0;
  };
  std::map<pid_t, Last> last_;
};

}  // namespace batchscope::host
