#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <optional>
#include <vector>

#include "runtime/base/ids.h"
#include "runtime/selector/selector.h"
#include "runtime/wire/messages.h"

namespace batchscope::worker {

/// What of this worker's mini-batches somebody waits for: rules of wire::Watch held against tasks.
///
/// While nothing is watched, a mini-batch costs the main thread a store and a load each at its beginning and its end:
/// the control thread pays for what orders these (a barrier in every thread).
class Watch {
 public:
  /// In the process of the worker, before it has threads: later, what the kernel does then takes milliseconds.
  explicit Watch(WorkerId worker);

  /// Control thread: replaces what was watched before. Gives the rules that match the mini-batch that runs already,
  /// unless they were found for it before.
  struct InRun {
    Attempt attempt;
    std::vector<std::uint32_t> rules;
  };
  std::optional<InRun> Set(const wire::Watch& wanted);

  /// Main thread: what matches the mini-batch that is about to run. `task` must stay as it is until EndTask().
  std::vector<std::uint32_t> BeginTask(const wire::Task& task) {
    task_.store(&task, std::memory_order_release);
    std::atomic_signal_fence(std::memory_order_seq_cst);
    if (!is_watched_.load(std::memory_order_relaxed)) return {};
    return BeginWatchedTask(task);
  }
  /// Main thread, after run(): what BeginTask() or Set() found for the task.
  std::vector<std::uint32_t> EndTask() {
    task_.store(nullptr, std::memory_order_release);
    std::atomic_signal_fence(std::memory_order_seq_cst);
    if (!is_watched_.load(std::memory_order_relaxed)) return {};
    return EndWatchedTask();
  }
  /// Any thread: whether anything is asked for. What was found for a task may be out of date when it is not.
  bool anything();
  /// Main thread: wire::Watch::uncaught and last_failure.
  bool uncaught();
  bool last_failure();

 private:
  struct Rule {
    std::uint32_t id = 0;
    selector::Selector selector;
  };

  std::vector<std::uint32_t> BeginWatchedTask(const wire::Task& task);
  std::vector<std::uint32_t> EndWatchedTask();
  std::vector<std::uint32_t> Matching(const wire::Task& task) const;

  const WorkerId worker_;
  const bool has_barrier_;  // Else the main thread always takes the lock.
  std::atomic<bool> is_watched_;
  std::atomic<const wire::Task*> task_ = nullptr;  // What runs now.
  std::mutex mutex_;
  std::vector<Rule> rules_;             // Guarded by mutex_.
  bool uncaught_ = false;               // Guarded by mutex_.
  bool last_failure_ = false;           // Guarded by mutex_.
  std::vector<std::uint32_t> matched_;  // Guarded by mutex_: by the task that runs.
};

}  // namespace batchscope::worker
