#include "runtime/worker/watch.h"

#include <gmock/gmock.h>

#include <atomic>
#include <string>
#include <thread>
#include <utility>

namespace batchscope::worker {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr WorkerId kWorker{3};

wire::Task TaskOf(std::uint32_t mini_batch, std::uint32_t attempt = 0) {
  wire::Task task;
  task.attempt = {{mini_batch}, attempt};
  task.items = 2;
  task.paths = std::string("/in/a.png\0/in/b.png\0", 20);
  return task;
}

wire::Watch WatchOf(std::vector<wire::WatchRule> rules) {
  wire::Watch watch;
  watch.rules = std::move(rules);
  return watch;
}

TEST(Watch, FindsNothingWhileNothingIsWatched) {
  Watch watch(kWorker);
  const wire::Task task = TaskOf(1);
  EXPECT_THAT(watch.BeginTask(task), IsEmpty());
  EXPECT_THAT(watch.EndTask(), IsEmpty());
  EXPECT_FALSE(watch.anything());
}

TEST(Watch, GivesTheIdsOfAllRulesThatMatchBeforeAndAfterTheTask) {
  Watch watch(kWorker);
  EXPECT_EQ(watch.Set(WatchOf({{7, "$batch == 117"},
                               {2, "$attempt == 2"},
                               {9, "$item like \"*/b.png\""},
                               {4, "$worker == 4"},
                               {5, "$batch =="}})),  // Cannot be read: matches nothing.
            std::nullopt);
  const wire::Task task = TaskOf(117, 1);
  EXPECT_THAT(watch.BeginTask(task), ElementsAre(7, 2, 9));
  EXPECT_THAT(watch.EndTask(), ElementsAre(7, 2, 9));
  const wire::Task other = TaskOf(118, 0);
  EXPECT_THAT(watch.BeginTask(other), ElementsAre(9));
  EXPECT_THAT(watch.EndTask(), ElementsAre(9));
}

TEST(Watch, FindsTheTaskThatRunsAlreadyOnce) {
  Watch watch(kWorker);
  const wire::Task task = TaskOf(5);
  EXPECT_THAT(watch.BeginTask(task), IsEmpty());
  const auto in_run = watch.Set(WatchOf({{1, "$batch == 5"}}));
  ASSERT_TRUE(in_run.has_value());
  EXPECT_EQ(in_run->attempt, task.attempt);
  EXPECT_THAT(in_run->rules, ElementsAre(1));
  EXPECT_EQ(watch.Set(WatchOf({{1, "$batch == 5"}})), std::nullopt);
  EXPECT_THAT(watch.Set(WatchOf({{1, "$batch == 5"}, {2, "$batch > 4"}}))->rules, ElementsAre(1, 2));
  EXPECT_EQ(watch.Set(WatchOf({{3, "$batch == 6"}})), std::nullopt);
  EXPECT_THAT(watch.EndTask(), ElementsAre(1, 2));  // It was told that the task is one of these.
}

TEST(Watch, ForgetsTheTaskWhenNothingIsWatchedAnyMore) {
  Watch watch(kWorker);
  watch.Set(WatchOf({{1, "$batch == 5"}}));
  const wire::Task task = TaskOf(5);
  EXPECT_THAT(watch.BeginTask(task), ElementsAre(1));
  EXPECT_EQ(watch.Set({}), std::nullopt);
  EXPECT_FALSE(watch.anything());
  EXPECT_THAT(watch.EndTask(), IsEmpty());
  EXPECT_EQ(watch.Set(WatchOf({{1, "$batch == 5"}})), std::nullopt);  // Nothing runs.
}

TEST(Watch, KeepsWhichFailuresAreWaitedFor) {
  Watch watch(kWorker);
  wire::Watch wanted;
  wanted.uncaught = true;
  watch.Set(wanted);
  EXPECT_TRUE(watch.anything());
  EXPECT_EQ(std::pair(watch.uncaught(), watch.last_failure()), std::pair(true, false));
  wanted.uncaught = false;
  wanted.last_failure = true;
  watch.Set(wanted);
  EXPECT_EQ(std::pair(watch.uncaught(), watch.last_failure()), std::pair(false, true));
}

TEST(Watch, NeverMissesATaskThatBeginsWhileItIsSet) {
  // Whatever the threads' order: a task is found at its beginning or as one that runs, or it had ended before.
  Watch watch(kWorker);
  std::atomic<std::uint32_t> done = 0;
  std::atomic<bool> is_set = false;
  std::atomic<std::uint32_t> found = 0;
  std::thread control([&] {
    while (done.load() < 100) std::this_thread::yield();
    if (watch.Set(WatchOf({{1, "$batch >= 0"}}))) ++found;
    is_set = true;
  });
  std::uint32_t after = 0;
  std::uint32_t ended = 0;
  for (std::uint32_t number = 0; number < 100 || after < 100; ++number) {
    const bool was_set = is_set.load();
    const wire::Task task = TaskOf(number);
    const bool at_begin = !watch.BeginTask(task).empty();
    if (at_begin) ++found;
    const bool at_end = !watch.EndTask().empty();
    if (at_end) ++ended;
    EXPECT_TRUE(!was_set || at_begin);
    EXPECT_TRUE(!at_begin || at_end);
    if (was_set) ++after;
    ++done;
  }
  control.join();
  EXPECT_EQ(found.load(), ended);
}

}  // namespace
}  // namespace batchscope::worker
