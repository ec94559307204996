#include "runtime/worker/mailbox.h"

#include <iterator>
#include <utility>

namespace batchscope::worker {

void Inbox::Announce() {
  has_news_.store(true, std::memory_order_release);
  bell_.Ring();
}

void Inbox::Put(wire::Work work) {
  const std::lock_guard lock(mutex_);
  tasks_.insert(tasks_.end(), std::make_move_iterator(work.tasks.begin()), std::make_move_iterator(work.tasks.end()));
  Announce();
}

void Inbox::Dismiss() {
  const std::lock_guard lock(mutex_);
  dismissed_ = true;
  Announce();
}

Inbox::State Inbox::Take(std::vector<wire::Task>& tasks) {
  tasks.clear();
  if (!has_news()) return State::kNothing;
  const std::lock_guard lock(mutex_);
  bell_.Silence();
  has_news_.store(dismissed_, std::memory_order_release);
  tasks.swap(tasks_);
  if (!tasks.empty()) return State::kWork;
  return dismissed_ ? State::kDismissed : State::kNothing;
}

void Outbox::Say(wire::FromWorker word) {
  const std::lock_guard lock(mutex_);
  if (!groups_.back().results.results.empty()) groups_.emplace_back();
  groups_.back().words.push_back(std::move(word));
  urgent_ = true;
  bell_.Ring();
}

void Outbox::Push(wire::TaskResult result, std::string& rows, Urgency urgency) {
  result.rows_size = rows.size();
  const std::lock_guard lock(mutex_);
  wire::TaskResults& all = groups_.back().results;
  const bool first = all.results.empty();
  all.results.push_back(std::move(result));
  if (all.rows.empty()) {
    all.rows.swap(rows);
  } else {
    all.rows += rows;
  }
  rows.clear();
  const bool urgent = urgency == Urgency::kNow || all.rows.size() >= kFullRows;
  if (first || (urgent && !urgent_)) bell_.Ring();
  urgent_ = urgent_ || urgent;
}

Outbox::State Outbox::state() {
  const std::lock_guard lock(mutex_);
  if (urgent_) return State::kUrgent;
  return groups_.front().results.results.empty() ? State::kEmpty : State::kGathering;
}

Outbox::Group Outbox::Take() {
  const std::lock_guard lock(mutex_);
  Group first = std::move(groups_.front());
  groups_.pop_front();
  urgent_ = urgent_ && !groups_.empty();
  if (groups_.empty()) groups_.emplace_back();
  return first;
}

}  // namespace batchscope::worker
