#include "runtime/worker/watch.h"

#include <fmt/format.h>
#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <utility>

#include "runtime/base/files.h"

namespace batchscope::worker {
namespace {

bool RegisterBarrier() { return ::syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0) == 0; }

/// Every thread of the process, this one included, has passed a full barrier when this returns.
void BarrierInEveryThread() { ::syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0); }

}  // namespace

Watch::Watch(WorkerId worker) : worker_(worker), has_barrier_(RegisterBarrier()), is_watched_(!has_barrier_) {}

std::optional<Watch::InRun> Watch::Set(const wire::Watch& wanted) {
  std::vector<Rule> rules;
  for (const wire::WatchRule& rule : wanted.rules) {
    Result<selector::Selector> parsed = selector::Selector::Parse(rule.selector);
    if (parsed.ok()) {
      rules.push_back({rule.id, std::move(parsed).value()});
      continue;
    }
    // Whoever asked for it was told by the host; here it matches nothing.
    const std::string line = fmt::format("batchscope: a rule that cannot be read: {}\n", parsed.message());
    [[maybe_unused]] const Status written = WriteAll(STDERR_FILENO, line);
  }
  const bool anything = !rules.empty() || wanted.uncaught || wanted.last_failure;
  // From here on the main thread takes the lock at both ends of a task, so the one that runs stays as it is while the
  // lock is held here.
  is_watched_.store(true, std::memory_order_relaxed);
  BarrierInEveryThread();
  const std::lock_guard lock(mutex_);
  rules_ = std::move(rules);
  uncaught_ = wanted.uncaught;
  last_failure_ = wanted.last_failure;
  if (!anything) {
    matched_.clear();
    is_watched_.store(!has_barrier_, std::memory_order_relaxed);
    return std::nullopt;
  }
  const wire::Task* const task = task_.load(std::memory_order_acquire);
  if (task == nullptr) return std::nullopt;
  std::vector<std::uint32_t> found = Matching(*task);
  if (found.empty() || found == matched_) return std::nullopt;
  matched_ = std::move(found);
  return InRun{task->attempt, matched_};
}

std::vector<std::uint32_t> Watch::BeginWatchedTask(const wire::Task& task) {
  const std::lock_guard lock(mutex_);
  if (!matched_.empty()) return {};
  matched_ = Matching(task);
  return matched_;
}

std::vector<std::uint32_t> Watch::EndWatchedTask() {
  const std::lock_guard lock(mutex_);
  return std::exchange(matched_, {});
}

bool Watch::anything() {
  const std::lock_guard lock(mutex_);
  return !rules_.empty() || uncaught_ || last_failure_;
}

bool Watch::uncaught() {
  const std::lock_guard lock(mutex_);
  return uncaught_;
}

bool Watch::last_failure() {
  const std::lock_guard lock(mutex_);
  return last_failure_;
}

std::vector<std::uint32_t> Watch::Matching(const wire::Task& task) const {
  std::vector<std::uint32_t> found;
  const selector::Subject subject{task.attempt.mini_batch.value, task.attempt.number + 1, worker_.value, task.paths};
  for (const Rule& rule : rules_) {
    if (rule.selector.Matches(subject)) found.push_back(rule.id);
  }
  return found;
}

}  // namespace batchscope::worker
