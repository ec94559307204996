#include "runtime/record/stopped_workers.h"

#include <gmock/gmock.h>

#include <filesystem>

#include "runtime/record/reader.h"
#include "tests/runtime/record/small_run.h"

namespace batchscope::record {
namespace {

using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::int64_t kSecond = 1'000'000;

TEST(StoppedFile, IsThereOnlyWhileSomebodyIsStopped) {
  SmallRun run;
  run.Begin();
  const auto refresh = [&](const std::vector<StoppedWorker>& stopped) {
    run.recorder->Refresh({.mini_batches = 4}, engine::RunStatus::kRunning, stopped);
  };
  EXPECT_FALSE(std::filesystem::exists(run.folder().stopped()));
  refresh({{3, "stopped in debugger at entry.py:12", 31.5}, {4, "held after mini-batch 7 failed \xff", 2}});
  EXPECT_EQ(ReadAll(run.folder().stopped()),
            R"({"e":"stopped","w":3,"at":1777889440500000,"where":"stopped in debugger at entry.py:12"})"
            "\n"
            R"({"e":"stopped","w":4,"at":1777889470000000,"where":"held after mini-batch 7 failed \udcff"})"
            "\n");
  EXPECT_THAT(ReadAll(run.folder().logs() / "overview.txt"),
              HasSubstr("\nStopped       worker 3: stopped in debugger at entry.py:12 for 32 s\n"
                        "Stopped       worker 4: held after mini-batch 7 failed \\xff for 2.0 s\n"));
  const auto summary = ReadSummary(run.folder());
  EXPECT_THAT(summary->stopped, ElementsAre(Field(&StoppedWorker::worker, 3), Field(&StoppedWorker::worker, 4)));
  EXPECT_EQ(summary->stopped.at(1).where, "held after mini-batch 7 failed \xff");
  refresh({});
  EXPECT_FALSE(std::filesystem::exists(run.folder().stopped()));
  EXPECT_THAT(ReadSummary(run.folder())->stopped, IsEmpty());
}

TEST(StoppedFile, IsOfNobodyOnceTheHostDied) {
  SmallRun run;
  run.Begin();
  run.recorder->Refresh({.mini_batches = 4}, engine::RunStatus::kRunning, {{3, "stopped in debugger at a.py:1", 1}});
  run.Die();
  EXPECT_THAT(ReadSummary(run.folder())->stopped, IsEmpty());
}

TEST(StoppedFile, SaysSinceWhenAndIsNotRewrittenBecauseTimeGoesBy) {
  const TempFolder temp;
  const RunFolder folder(temp.path());
  std::filesystem::create_directories(folder.control());
  StoppedFile file(folder);
  const auto seconds_at = [&](std::int64_t now) {
    const auto stopped = ReadStopped(folder, now);
    return stopped.empty() ? -1 : stopped.front().seconds;
  };
  file.Renew(100 * kSecond, {{3, "stopped in debugger at a.py:1", 10}});
  EXPECT_EQ(seconds_at(105 * kSecond), 15);
  // Two clocks never agree to the last digit.
  std::filesystem::remove(folder.stopped());
  file.Renew(101 * kSecond, {{3, "stopped in debugger at a.py:1", 10.999}});
  EXPECT_FALSE(std::filesystem::exists(folder.stopped()));
  // The same place again, later.
  file.Renew(102 * kSecond, {{3, "stopped in debugger at a.py:1", 0.5}});
  EXPECT_EQ(seconds_at(102 * kSecond), 0.5);
  file.Renew(103 * kSecond, {{3, "stopped in debugger at a.py:2", 0.5}});
  EXPECT_EQ(seconds_at(103 * kSecond), 0.5);
  EXPECT_EQ(seconds_at(0), 0) << "a clock that was set back";
}

}  // namespace
}  // namespace batchscope::record
