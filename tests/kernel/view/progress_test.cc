#include "kernel/view/progress.h"

#include <gtest/gtest.h>

namespace batchscope::kernel {
namespace {

TEST(Progress, ReadsEveryFieldOfTheEngine) {
  const auto progress = ParseProgress(R"({"run": "r-1", "name": "digits", "status": "failed", "total": 9,
      "done": 5,
      "failed": 2, "items_done": 50, "items_failed": 20, "items_per_second": 1.5, "seconds_left": 4,
      "elapsed_seconds": 33.25,
      "workers": 1, "workers_wanted": 2, "message": "no", "folder": "runs/r-1", "not known": [],
      "stopped": [{"worker": 3, "where": "stopped in debugger at a.py:1", "seconds": 1.5}, 7, {"worker": "x"}]})");
  EXPECT_EQ(progress, (Progress{.run = "r-1",
                                .name = "digits",
                                .status = RunStatus::kFailed,
                                .total = 9,
                                .done = 5,
                                .failed = 2,
                                .items_done = 50,
                                .items_failed = 20,
                                .items_per_second = 1.5,
                                .seconds_left = 4.0,
                                .elapsed_seconds = 33.25,
                                .workers = 1,
                                .workers_wanted = 2,
                                .message = "no",
                                .folder = "runs/r-1",
                                .stopped = {{3, "stopped in debugger at a.py:1", 1.5}, {}}}));
}

TEST(Progress, LeavesOutWhatIsMissingNullOrOfAnotherType) {
  const auto progress = ParseProgress(R"({"status": "starting", "total": "9", "seconds_left": null, "message": null})");
  EXPECT_EQ(progress, Progress{});
}

TEST(Progress, RefusesWhatItCannotRead) {
  for (const char* text : {"", "{", "[]", "null", "{}", R"({"status": "sleeping"})", "\xff"}) {
    EXPECT_EQ(ParseProgress(text), std::nullopt) << text;
  }
}

TEST(Progress, SpellsEveryStatusAsItReadsIt) {
  for (const RunStatus status : {RunStatus::kStarting, RunStatus::kRunning, RunStatus::kCancelling,
                                 RunStatus::kCompleted, RunStatus::kFailed, RunStatus::kCancelled}) {
    const auto read = ParseProgress(R"({"status": ")" + std::string(StatusName(status)) + R"("})");
    ASSERT_TRUE(read.has_value());
    EXPECT_EQ(read->status, status);
  }
}

}  // namespace
}  // namespace batchscope::kernel
