#include "runtime/worker/gate.h"

#include "runtime/base/check.h"

namespace batchscope::worker {

void Gate::Close(Wait wait) {
  const std::lock_guard lock(mutex_);
  wait_ = wait;
  state_ = State::kClosed;
  if (dismissed_ && wait != Wait::kTask) Say(Word::kDismiss);
}

void Gate::Open() {
  const std::lock_guard lock(mutex_);
  state_ = State::kOpen;
}

Gate::Word Gate::AwaitWord() {
  std::unique_lock lock(mutex_);
  Check(state_ != State::kOpen, "a wait at a gate that is open");
  said_.wait(lock, [this] { return state_ == State::kSaid; });
  state_ = State::kOpen;
  return word_;
}

void Gate::Pass() {
  const std::lock_guard lock(mutex_);
  Say(Word::kPass);
}

void Gate::NothingIsWatched() {
  const std::lock_guard lock(mutex_);
  if (wait_ != Wait::kHold) Say(Word::kPass);
}

void Gate::Refuse() {
  const std::lock_guard lock(mutex_);
  if (wait_ == Wait::kHold) Say(Word::kRefuse);
}

void Gate::Dismiss() {
  const std::lock_guard lock(mutex_);
  dismissed_ = true;
  if (wait_ != Wait::kTask) Say(Word::kDismiss);
}

void Gate::Say(Word word) {
  if (state_ != State::kClosed) return;
  word_ = word;
  state_ = State::kSaid;
  said_.notify_all();
}

}  // namespace batchscope::worker
