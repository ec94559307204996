// What the desk ends when it lasted too long.
#include <fmt/format.h>

#include <algorithm>

#include "runtime/host/debug_desk.h"

namespace batchscope::host {
namespace {

/// For a client to say what it does with a worker that waits for it.
constexpr std::chrono::seconds kGatePatience{30};

/// Whether `until` is over; else it is the next thing to wake for.
bool IsOver(MonotonicTime until, MonotonicTime now, MonotonicTime& next) {
  if (now > until) return true;
  next = std::min(next, until + std::chrono::milliseconds(1));
  return false;
}

}  // namespace

void DebugDesk::WatchClocks(MonotonicTime now, MonotonicTime& next) {
  for (auto& [id, worker] : workers_) {
    if (worker.held) {
      if (!worker.held->ending && IsOver(worker.held->until, now, next)) {
        EndHold(id, worker, fmt::format("hold_on_failure = {} is over", FormatDuration(rules_.hold)));
      }
    } else {  // Of one that is held, that limit alone counts.
      if (worker.stop) WatchLease(id, worker, now, next);
      if (worker.gate) WatchGate(id, worker, now, next);
    }
  }
}

void DebugDesk::WatchLease(WorkerId id, Worker& worker, MonotonicTime now, MonotonicTime& next) {
  if (worker.debugger != Debugger::kArming && worker.debugger != Debugger::kArmed) return;
  if (!IsOver(worker.stop->last_word + rules_.lease, now, next)) return;
  const std::string why = fmt::format(
      "it stood still and nobody looked at it for longer than debug_lease = {}, so it goes on without a debugger; "
      "pause "
      "it to look into it again",
      FormatDuration(rules_.lease));
  fleet_.Log("WARNING", fmt::format("worker {}: {}", id.value, why));
  Disarm(id, worker, why);
}

void DebugDesk::WatchGate(WorkerId id, Worker& worker, MonotonicTime now, MonotonicTime& next) {
  MonotonicTime until = worker.gate->since + rules_.lease;
  if (debugger_) until = std::min<MonotonicTime>(until, worker.gate->last_word + kGatePatience);
  if (!IsOver(until, now, next)) return;
  const std::string what = fmt::format("worker {} goes on: it waited {} for its debugger, which {}", id.value,
                                       FormatDuration(now - worker.gate->since),
                                       debugger_ ? "had nothing to say to it lately" : "did not come");
  fleet_.Log("WARNING", what);
  Notify(what);
  OpenGate(id, worker);
}

}  // namespace batchscope::host
