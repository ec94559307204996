#include "runtime/host/process.h"

#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>

#include "runtime/base/files.h"
#include "tests/support/temp_folder.h"

namespace batchscope::host {
namespace {

using namespace std::chrono_literals;

const MonotonicTime kStart{1h};
const TimeLimits kLimits{10s, 3s};

Process Started() {
  Process process;
  process.pid = 7;
  process.asked_for = kStart;
  return process;
}

Activity InRun(MonotonicTime since) { return {Attempt{MiniBatchId{4}, 1}, since - 1s, since}; }

std::optional<Overdue> At(const Process& process, const Activity& activity, MonotonicTime now) {
  MonotonicTime next = now + 1h;
  return CheckClock(process, activity, kLimits, now, next);
}

MonotonicTime NextCheck(const Process& process, const Activity& activity, MonotonicTime now) {
  MonotonicTime next = now + 1h;
  EXPECT_FALSE(CheckClock(process, activity, kLimits, now, next));
  return next;
}

TEST(CheckClock, AllowsRunExactlyItsLimitAndNoMore) {
  EXPECT_FALSE(At(Started(), InRun(kStart), kStart + 10s));
  const auto overdue = At(Started(), InRun(kStart), kStart + 10s + 1ns);
  ASSERT_TRUE(overdue);
  EXPECT_TRUE(overdue->in_attempt);
  EXPECT_EQ(overdue->attempt, (Attempt{MiniBatchId{4}, 1}));
  EXPECT_EQ(overdue->failure.kind, FailureKind::kTimedOut);
  EXPECT_NE(overdue->failure.message.find("run_invocation_timeout = 10 s"), std::string::npos);
}

TEST(CheckClock, CountsInitAgainstBothLimitsTogether) {
  const Activity init{std::nullopt, kStart, std::nullopt};
  EXPECT_FALSE(At(Started(), init, kStart + 13s));
  const auto overdue = At(Started(), init, kStart + 13s + 1ns);
  ASSERT_TRUE(overdue);
  EXPECT_FALSE(overdue->in_attempt);
  EXPECT_EQ(overdue->failure.kind, FailureKind::kOverhead);
}

TEST(CheckClock, CountsWhatLiesAroundRunAgainstTheAttempt) {
  const Activity reading{Attempt{MiniBatchId{2}, 0}, kStart, std::nullopt};
  EXPECT_FALSE(At(Started(), reading, kStart + 13s));
  const auto overdue = At(Started(), reading, kStart + 14s);
  ASSERT_TRUE(overdue);
  EXPECT_TRUE(overdue->in_attempt);
  EXPECT_EQ(overdue->failure.kind, FailureKind::kOverhead);
}

TEST(CheckClock, CountsAProcessThatNeverCameUpFromItsOrder) {
  Process ordered = Started();
  ordered.pid = 0;
  EXPECT_FALSE(At(ordered, Activity{}, kStart + 13s));
  EXPECT_TRUE(At(ordered, Activity{}, kStart + 13s + 1ns));
}

TEST(CheckClock, LeavesAWorkerThatWaitsForWorkInPeace) { EXPECT_FALSE(At(Started(), Activity{}, kStart + 24h)); }

TEST(CheckClock, NamesShutdownForAWorkerThatWasDismissed) {
  Process dismissed = Started();
  dismissed.dismissed = true;
  const auto overdue = At(dismissed, {std::nullopt, kStart, std::nullopt}, kStart + 14s);
  ASSERT_TRUE(overdue);
  EXPECT_EQ(overdue->failure.message.substr(0, 10), "shutdown()");
}

TEST(CheckClock, AsksToBeCalledAgainWhenTheLimitMayBePassedAtTheEarliest) {
  EXPECT_EQ(NextCheck(Started(), InRun(kStart), kStart + 4s), kStart + 10s);
  EXPECT_EQ(NextCheck(Started(), Activity{}, kStart + 4s), kStart + 14s);
  // Reading its input for 12 s: the limit around it comes before any limit of a run() that may begin now.
  EXPECT_EQ(NextCheck(Started(), {Attempt{}, kStart, std::nullopt}, kStart + 12s), kStart + 13s);
}

TEST(CheckClock, EndsAWorkerThatOwesAnswersAndDoesNothing) {
  wire::BoardSlot slot{};
  Process worker = Started();
  worker.owed = 1;
  worker.Observe(slot, Activity{}, kStart);
  EXPECT_FALSE(At(worker, Activity{}, kStart + 13s));
  EXPECT_TRUE(At(worker, Activity{}, kStart + 13s + 1ns));
  slot.finished = 1;  // It did something between two looks.
  worker.Observe(slot, Activity{}, kStart + 13s);
  EXPECT_FALSE(At(worker, Activity{}, kStart + 20s));
}

TEST(CheckClock, DoesNotCountTheTimeInWhichAWorkerStoodStill) {
  Activity stopped = InRun(kStart);
  stopped.stood_still = 70s;
  stopped.stood_still_before_run = 10s;
  EXPECT_FALSE(At(Started(), stopped, kStart + 70s));
  EXPECT_TRUE(At(Started(), stopped, kStart + 70s + 1ns));
  EXPECT_EQ(NextCheck(Started(), stopped, kStart + 69s), kStart + 70s);
  Activity init{std::nullopt, kStart, std::nullopt};
  init.stood_still = 60s;
  EXPECT_FALSE(At(Started(), init, kStart + 73s));
  EXPECT_TRUE(At(Started(), init, kStart + 73s + 1ns));
}

TEST(CheckClock, LeavesAWorkerInPeaceThatStandsStill) {
  Activity stopped = InRun(kStart);
  stopped.stands_still = true;
  EXPECT_FALSE(At(Started(), stopped, kStart + 24h));
  EXPECT_EQ(NextCheck(Started(), stopped, kStart + 24h), kStart + 24h + 1s);
  Process idle = Started();
  idle.owed = 1;
  wire::BoardSlot slot{};
  Activity at_gate;
  at_gate.stands_still = true;
  idle.Observe(slot, at_gate, kStart);
  idle.Observe(slot, Activity{}, kStart + 24h);
  EXPECT_FALSE(At(idle, Activity{}, kStart + 24h + 13s));
  EXPECT_TRUE(At(idle, Activity{}, kStart + 24h + 13s + 1ns));
}

TEST(ReadActivity, TellsTheStopsOfThisAttempt) {
  wire::BoardSlot slot{};
  const Attempt attempt{MiniBatchId{4}, 1};
  slot.Begin(attempt, 100);
  slot.run_started_ns = 200;
  slot.stopped_ns = 50;
  slot.stopped_before_run_ns = 20;
  Activity activity = ReadActivity(slot);
  EXPECT_EQ(activity.attempt, attempt);
  EXPECT_EQ(activity.begun, MonotonicTime(100ns));
  EXPECT_EQ(activity.run_started, MonotonicTime(200ns));
  EXPECT_EQ(activity.stood_still, 50ns);
  EXPECT_EQ(activity.stood_still_before_run, 20ns);
  EXPECT_FALSE(activity.stands_still);
  slot.stopped_since_ns = 300;
  EXPECT_TRUE(ReadActivity(slot).stands_still);
}

TEST(ReadActivity, NeverJoinsTheTimesOfOneAttemptWithTheStopsOfAnother) {
  constexpr std::int64_t kStopped = 1'000'000'000;
  wire::BoardSlot slot{};
  std::atomic<bool> over = false;
  std::thread worker([&] {
    for (std::uint32_t i = 1; !over; ++i) {
      slot.Begin({MiniBatchId{i}, 0}, i);
      slot.stopped_ns.store(kStopped, std::memory_order_release);
      slot.EnterRun(i);
      slot.Clear();
    }
  });
  for (int seen = 0; seen < 1000;) {
    const Activity activity = ReadActivity(slot);
    if (activity.stands_still || !activity.attempt || !activity.run_started) continue;
    ++seen;
    ASSERT_EQ(activity.begun, activity.run_started);
    ASSERT_EQ(activity.begun, MonotonicTime(std::chrono::nanoseconds(activity.attempt->mini_batch.value)));
    ASSERT_EQ(activity.stood_still.count(), kStopped);
    ASSERT_EQ(activity.stood_still_before_run.count(), kStopped);
  }
  over = true;
  worker.join();
}

TEST(DiedOf, NamesTheSignalWhereToLookAndTheStacksFoundThere) {
  const TempFolder folder;
  const auto file = folder.path() / "process000.stderr.txt";
  ASSERT_TRUE(WriteFileAtomically(file, "printed\nFatal Python error: Segmentation fault\n\nstack\n").ok());
  const Failure failure = DiedOf(11, Started(), true, file);
  EXPECT_EQ(failure.kind, FailureKind::kProcessDied);
  EXPECT_EQ(failure.type, "SIGSEGV");
  EXPECT_NE(failure.message.find(file.native()), std::string::npos);
  EXPECT_EQ(failure.traceback, "Fatal Python error: Segmentation fault\n\nstack\n");
}

TEST(UserFrames, LeavesOutTheForkServersOwn) {
  EXPECT_EQ(UserFrames("Thread 0x1:\n  File \"/e/score.py\", line 3 in run\n"
                       "  File \"/v/batchscope/_forkserver.py\", line 52 in main\n"),
            "Thread 0x1:\n  File \"/e/score.py\", line 3 in run\n");
  EXPECT_EQ(UserFrames(""), "");
}

TEST(DiedOf, BlamesNoMiniBatchWhenNoneWasInHand) {
  const Failure failure = DiedOf(3 << 8, Started(), false, "nowhere");
  EXPECT_EQ(failure.type, "exit code 3");
  EXPECT_EQ(failure.message, "the worker process ended with exit code 3");
}

TEST(DiedOf, HasNothingToSayOfADismissedWorkerThatEndedWell) {
  Process dismissed = Started();
  dismissed.dismissed = true;
  EXPECT_EQ(DiedOf(0, dismissed, false, "nowhere"), (Failure{FailureKind::kProcessDied, "", "", ""}));
}

}  // namespace
}  // namespace batchscope::host
