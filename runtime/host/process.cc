#include "runtime/host/process.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <string_view>

#include "runtime/base/text.h"
#include "runtime/launch/fork_server.h"

namespace batchscope::host {
namespace {

/// Of a slot that changes under the eyes: nothing is held against a worker that begins something new that often.
constexpr int kMostReads = 100;
/// At a worker that stands still.
constexpr std::chrono::seconds kLookAgain{1};

using Seconds = std::chrono::duration<double>;

std::optional<MonotonicTime> TimeOf(std::int64_t nanoseconds) {
  if (nanoseconds == 0) return std::nullopt;
  return MonotonicTime(std::chrono::nanoseconds(nanoseconds));
}

/// What faulthandler wrote when the process crashed: from its last headline on, at the end of the file.
std::string StacksAtEnd(const std::filesystem::path& file) {
  constexpr std::string_view kHeadline = "Fatal Python error: ";
  constexpr std::streamoff kMost = 1 << 16;
  std::ifstream stream(file, std::ios::binary | std::ios::ate);
  if (!stream) return {};
  const std::streamoff size = stream.tellg();
  stream.seekg(std::max<std::streamoff>(0, size - kMost));
  const std::string end{std::istreambuf_iterator<char>(stream), {}};
  const std::size_t at = end.rfind(kHeadline);
  return at == std::string::npos ? std::string() : end.substr(at);
}

double InSeconds(std::chrono::nanoseconds time) { return Seconds(time).count(); }

}  // namespace

Activity ReadActivity(const wire::BoardSlot& slot) {
  const auto begun = [&] { return slot.begun_ns.load(std::memory_order_acquire); };
  const auto run_started = [&] { return slot.run_started_ns.load(std::memory_order_acquire); };
  for (int tries = 0; tries < kMostReads; ++tries) {
    Activity activity;
    activity.attempt = slot.Running();
    const std::int64_t run_started_ns = run_started();
    const std::int64_t begun_ns = begun();
    activity.run_started = TimeOf(run_started_ns);
    activity.begun = TimeOf(begun_ns);
    // In this order: stopped_ns grows before stopped_since_ns becomes 0.
    activity.stands_still = slot.stopped_since_ns.load(std::memory_order_acquire) != 0;
    activity.stood_still = std::chrono::nanoseconds(slot.stopped_ns.load(std::memory_order_acquire));
    activity.stood_still_before_run =
        std::chrono::nanoseconds(slot.stopped_before_run_ns.load(std::memory_order_acquire));
    // Between two things it does, all of these are 0 for a moment.
    if (slot.Running() == activity.attempt && run_started() == run_started_ns && begun() == begun_ns) return activity;
  }
  Activity busy;
  busy.stands_still = true;
  return busy;
}

std::optional<Overdue> CheckClock(const Process& process, const Activity& activity, const TimeLimits& limits,
                                  MonotonicTime now, MonotonicTime& next) {
  if (activity.stands_still) {  // Somebody else may let it go on at any moment, without a word to us.
    next = std::min(next, now + kLookAgain);
    return std::nullopt;
  }
  if (activity.attempt && activity.run_started) {
    const MonotonicTime until =
        *activity.run_started + limits.run + (activity.stood_still - activity.stood_still_before_run);
    if (now > until) {
      return Overdue{*activity.attempt,
                     true,
                     {FailureKind::kTimedOut, "TimeoutError",
                      fmt::format("run() took longer than run_invocation_timeout = {:g} s and was stopped; raise the "
                                  "limit, or make mini_batch_size smaller",
                                  InSeconds(limits.run)),
                      ""}};
    }
    next = std::min(next, until);
    return std::nullopt;
  }
  const std::chrono::nanoseconds whole = limits.run + limits.overhead;
  // A worker that has not been heard of yet counts from the moment it was asked for.
  const auto since = activity.begun     ? activity.begun
                     : process.pid == 0 ? std::optional(process.asked_for)
                                        : std::nullopt;
  if (!since && process.idle_since) {
    const MonotonicTime until = *process.idle_since + whole;
    if (now > until) {
      return Overdue{{},
                     false,
                     {FailureKind::kOverhead, "TimeoutError",
                      fmt::format("it was handed mini-batches and did nothing for run_invocation_timeout + "
                                  "task_overhead_timeout = {:g} s",
                                  InSeconds(whole)),
                      ""}};
    }
    next = std::min(next, until);
  }
  if (!since) {  // It waits for work; whatever it starts next cannot be late before then.
    next = std::min(next, now + std::min(limits.run, whole));
    return std::nullopt;
  }
  const MonotonicTime until = *since + whole + activity.stood_still;
  if (now <= until) {
    next = std::min(next, std::min(until, now + limits.run));  // run() may begin at any moment.
    return std::nullopt;
  }
  const char* what =
      activity.attempt ? "reading its input or turning its results into rows" : "starting, init() included,";
  if (process.dismissed) what = "shutdown()";
  return Overdue{activity.attempt.value_or(Attempt{}),
                 activity.attempt.has_value(),
                 {FailureKind::kOverhead, "TimeoutError",
                  fmt::format("{} took longer than run_invocation_timeout + task_overhead_timeout = {:g} s and was "
                              "stopped; raise task_overhead_timeout",
                              what, InSeconds(whole)),
                  ""}};
}

std::string UserFrames(std::string_view stacks) {
  std::string kept;
  for (const std::string_view line : Split(stacks, '\n')) {
    if (line.find("/batchscope/_forkserver.py\"") == std::string_view::npos) kept.append(line).push_back('\n');
  }
  if (!kept.empty()) kept.pop_back();  // Split() gives an empty part behind the last line's end.
  return kept;
}

void Process::Observe(const wire::BoardSlot& slot, const Activity& activity, MonotonicTime now) {
  const std::uint64_t finished_now = slot.finished.load(std::memory_order_acquire);
  const bool stands_still = owed > 0 && !activity.begun && !activity.stands_still && finished_now == finished;
  finished = finished_now;
  if (!stands_still) {
    idle_since.reset();
  } else if (!idle_since) {
    idle_since = now;
  }
}

Failure DiedOf(int wait_status, const Process& process, bool in_attempt, const std::filesystem::path& stderr_file) {
  if ((process.dismissed || process.held) && wait_status == 0) return {FailureKind::kProcessDied, "", "", ""};
  const std::string how = launch::DescribeExit(wait_status);
  const std::string type = how.substr(0, how.find(" ("));
  if (!in_attempt) return {FailureKind::kProcessDied, type, "the worker process ended with " + how, ""};
  return {FailureKind::kProcessDied, type,
          fmt::format("the worker process ended with {} while it worked on the mini-batch; what it printed last may "
                      "tell why: {}",
                      how, stderr_file.native()),
          UserFrames(StacksAtEnd(stderr_file))};
}

}  // namespace batchscope::host
