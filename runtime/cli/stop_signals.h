#pragma once

#include <optional>

#include "runtime/base/files.h"
#include "runtime/base/status.h"

namespace batchscope::cli {

/// SIGINT, SIGTERM and SIGHUP as something to poll. Made before any thread starts: they inherit the block, so that only
/// Take() sees them.
class StopSignals {
 public:
  static Result<StopSignals> Block();

  /// To poll for readability.
  int fd() const { return fd_.get(); }
  /// The next one that came; never blocks.
  std::optional<int> Take();

 private:
  explicit StopSignals(UniqueFd fd) : fd_(std::move(fd)) {}
  UniqueFd fd_;
};

}  // namespace batchscope::cli
