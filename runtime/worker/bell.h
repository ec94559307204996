#pragma once

#include <chrono>

#include "runtime/base/files.h"

namespace batchscope::worker {

/// Wakes one thread that polls: an eventfd. Ring() may be called from any thread.
class Bell {
 public:
  Bell();

  int fd() const { return fd_.get(); }
  void Ring();
  /// Takes back what was rung; called by the thread that polls, before it looks for what the bell was rung for.
  void Silence();
  /// Blocks until the bell rings, a signal arrives or `limit` is over.
  void Wait(std::chrono::milliseconds limit) const;

 private:
  UniqueFd fd_;
};

}  // namespace batchscope::worker
