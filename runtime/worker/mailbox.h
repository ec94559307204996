#pragma once

#include <atomic>
#include <cstddef>
#include <deque>
#include <mutex>
#include <string>
#include <vector>

#include "runtime/wire/messages.h"
#include "runtime/worker/bell.h"

/// Between the control thread, which owns the link, and the main thread, which runs user code.
namespace batchscope::worker {

/// Mini-batches on their way to the main thread.
class Inbox {
 public:
  enum class State { kWork, kNothing, kDismissed };

  /// Control thread.
  void Put(wire::Work work);
  void Dismiss();

  /// Main thread: moves all that waits into `tasks`. Dismissed only when nothing waits any more.
  State Take(std::vector<wire::Task>& tasks);
  /// Whether Take() would give work or the dismissal.
  bool has_news() const { return has_news_.load(std::memory_order_acquire); }
  /// Rings when there is news.
  Bell& bell() { return bell_; }

 private:
  void Announce();

  Bell bell_;
  std::atomic<bool> has_news_ = false;
  std::mutex mutex_;
  std::vector<wire::Task> tasks_;  // Guarded by mutex_.
  bool dismissed_ = false;         // Guarded by mutex_.
};

/// How long a result may wait for others to travel with it.
enum class Urgency {
  kNow,   ///< The worker has nothing else to do, or the result took long anyway.
  kSoon,  ///< Others follow at once.
};

/// What the main thread has to say.
///
/// Results gather until the control thread takes them, so that a worker with tiny mini-batches sends hundreds in one
/// message. The bell rings for the first of a group, and once more when one of it is urgent: a system call each would
/// cost more than a tiny run().
class Outbox {
 public:
  /// What waits, in the order it was said.
  struct Group {
    std::vector<wire::FromWorker> words;  ///< Go before the results.
    wire::TaskResults results;
  };
  enum class State { kEmpty, kGathering, kUrgent };

  /// Any thread. Something other than results; always urgent.
  void Say(wire::FromWorker word);
  /// Main thread. `rows` are the result's and become empty; `result.rows_size` is set here.
  void Push(wire::TaskResult result, std::string& rows, Urgency urgency);

  /// Control thread.
  State state();
  /// The first group; there is another one when words were said behind results.
  Group Take();
  Bell& bell() { return bell_; }

 private:
  static constexpr std::size_t kFullRows = std::size_t{1} << 20;  // Bytes; more gains nothing by gathering.

  Bell bell_;
  std::mutex mutex_;
  std::deque<Group> groups_{1};  // Guarded by mutex_; never empty.
  bool urgent_ = false;          // Guarded by mutex_.
};

}  // namespace batchscope::worker
