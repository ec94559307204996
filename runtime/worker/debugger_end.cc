#include "runtime/worker/debugger_end.h"

#include <utility>

namespace batchscope::worker {

UniqueFd DebuggerEnd::TakeSocket() { return std::move(socket_); }

void DebuggerEnd::Armed() {
  const std::lock_guard lock(mutex_);
  news_.armed = true;
  bell_.Ring();
}

bool DebuggerEnd::is_over() {
  const std::lock_guard lock(mutex_);
  return is_over_;
}

void DebuggerEnd::AwaitEnd() {
  std::unique_lock lock(mutex_);
  end_.wait(lock, [this] { return is_over_; });
}

void DebuggerEnd::Gone(std::string why) {
  socket_.Reset();
  const std::lock_guard lock(mutex_);
  news_.gone = std::move(why);
  bell_.Ring();
}

void DebuggerEnd::BeOver() {
  const std::lock_guard lock(mutex_);
  is_over_ = true;
  end_.notify_all();
}

DebuggerEnd::News DebuggerEnd::TakeNews() {
  const std::lock_guard lock(mutex_);
  return std::exchange(news_, {});
}

}  // namespace batchscope::worker
