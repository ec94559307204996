#include "kernel/channels/deadline.h"

#include <utility>

namespace batchscope::kernel {

Deadline::~Deadline() {
  {
    const std::lock_guard lock(mutex_);
    over_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) {
    thread_.join();
  }
}

void Deadline::Start(std::vector<Step> steps) {
  const std::lock_guard lock(mutex_);
  if (over_ || thread_.joinable()) {
    return;
  }
  thread_ = std::thread([this, steps = std::move(steps)] {
    for (const Step& step : steps) {
      {
        std::unique_lock waiting(mutex_);
        if (changed_.wait_for(waiting, step.after, [this] { return over_; })) {
          return;
        }
      }
      step.act();
    }
  });
}

}  // namespace batchscope::kernel
