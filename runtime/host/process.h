#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "runtime/base/attempt.h"
#include "runtime/base/clock.h"
#include "runtime/wire/board.h"

namespace batchscope::host {

/// The limits a worker's clock is held against.
struct TimeLimits {
  std::chrono::nanoseconds run{0};  ///< run_invocation_timeout: run() alone.
  std::chrono::nanoseconds overhead{
      0};  ///< task_overhead_timeout: around it; with `run` also the limit of init() and shutdown().
};

/// What a worker is doing, read off its board slot at one moment.
struct Activity {
  std::optional<Attempt> attempt;            ///< Begun and not finished.
  std::optional<MonotonicTime> begun;        ///< Since when it does something at all; none: it waits for work.
  std::optional<MonotonicTime> run_started;  ///< Since when it is in run().
  bool stands_still = false;                 ///< A person looks at it: no clock runs.
  std::chrono::nanoseconds stood_still{0};   ///< Earlier such times since `begun`,
  std::chrono::nanoseconds stood_still_before_run{0};  ///< and how much of that was before `run_started`.
};
/// All of one moment: never the times of one attempt with the stops of another. Of a slot that changes too quickly for
/// that, one that stands still.
Activity ReadActivity(const wire::BoardSlot& slot);

/// A limit that was passed.
struct Overdue {
  Attempt attempt;  ///< What it was passed in; meaningless when `in_attempt` is false.
  bool in_attempt = false;
  Failure failure;  ///< Without stacks yet.
};

/// A worker process as the host sees it.
struct Process {
  std::uint32_t seat = 0;
  pid_t pid = 0;            ///< 0 until the fork server reported it.
  MonotonicTime asked_for;  ///< When it was ordered.
  bool dismissed = false;
  /// It stays with what its mini-batch raised; its seat is its replacement's, and no clock of the board is its own.
  bool held = false;
  std::optional<MonotonicTime> end_by;      ///< A held one that was told to end is killed then.
  bool ready = false;                       ///< It has told so.
  std::string init_failure;                 ///< What it said of it, in one line.
  std::uint32_t owed = 0;                   ///< Attempts it was handed and has not answered.
  std::uint64_t finished = 0;               ///< As its slot said last.
  std::optional<MonotonicTime> idle_since;  ///< Since when it owes answers, does nothing and finishes nothing.

  /// Takes note of what it does now.
  void Observe(const wire::BoardSlot& slot, const Activity& activity, MonotonicTime now);

  /// Set once its end is decided: nothing it says counts from then on.
  struct Doom {
    Failure failure;
    std::optional<Attempt> attempt;  ///< That pays for it.
    std::uint64_t dumps_before = 0;  ///< The slot's stack_dumps when stacks were asked for.
    MonotonicTime kill_at;           ///< The stacks are waited for until then.
    bool killed = false;
  };
  std::optional<Doom> doom;
};

/// The limit the worker has passed at `now`, if any; equality is in time, and time that it stood still does not count.
/// `next` is lowered to the moment it may be passed at the earliest.
std::optional<Overdue> CheckClock(const Process& process, const Activity& activity, const TimeLimits& limits,
                                  MonotonicTime now, MonotonicTime& next);

/// Stacks as faulthandler writes them, without the frames in which the fork server calls the worker.
std::string UserFrames(std::string_view stacks);

/// The words for a process that ended by itself: while it worked on a mini-batch, or outside of any. `stderr_file` is
/// where it wrote to; the stacks that faulthandler left there become the traceback. Empty for a dismissed one that
/// ended well.
Failure DiedOf(int wait_status, const Process& process, bool in_attempt, const std::filesystem::path& stderr_file);

}  // namespace batchscope::host
