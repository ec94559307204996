#include "kernel/view/render.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace batchscope::kernel {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

Progress Running() {
  return {.run = "r-1",
          .name = "digits",
          .status = RunStatus::kRunning,
          .total = 200,
          .done = 100,
          .failed = 10,
          .items_done = 1234567,
          .items_per_second = 9.96,
          .seconds_left = 3600,
          .elapsed_seconds = 59.4,
          .workers = 1,
          .workers_wanted = 2,
          .message = "",
          .folder = ""};
}

TEST(Render, SaysARunningRunInOneLine) {
  EXPECT_EQ(
      RenderText(Running()),
      "digits [##########..........] 50% running: 100 of 200 mini-batches, 10 failed, 1,234,567 items, 10.0 items/s, "
      "1/2 workers, 59 s so far, about 1 h 0 min left");
}

TEST(Render, SaysTheFirstLineOfTheMessageAsTheSecond) {
  Progress failed = Running();
  failed.status = RunStatus::kFailed;
  failed.message = "ValueError: no model\n  in init()";
  EXPECT_EQ(RenderText(failed),
            "digits [##########..........] 50% failed: 100 of 200 mini-batches, 10 failed, 1,234,567 items, 10.0 "
            "items/s, took "
            "59 s\nValueError: no model");
}

TEST(Render, SaysWhoIsStoppedALineEach) {
  Progress stopped = Running();
  stopped.stopped = {{3, "stopped in debugger at <entry>.py:12", 31}, {4, "held after mini-batch 7 failed", 2}};
  EXPECT_THAT(RenderText(stopped), testing::EndsWith("left\nworker 3: stopped in debugger at <entry>.py:12 for 31 s\n"
                                                     "worker 4: held after mini-batch 7 failed for 2.0 s"));
  EXPECT_THAT(RenderHtml(stopped), AllOf(HasSubstr(">worker 3: stopped in debugger at &lt;entry&gt;.py:12 for 31 s</"),
                                         HasSubstr(">worker 4: held after mini-batch 7 failed for 2.0 s</")));
  stopped.stopped.assign(10, {3, "stopped", 31});
  EXPECT_THAT(RenderText(stopped), testing::EndsWith("\nworker 3: stopped for 31 s\nand 2 more"));
  EXPECT_THAT(RenderText(Running()), Not(HasSubstr("worker 3")));
}

TEST(Render, IsNotWholeBeforeAllIsDone) {
  Progress progress = Running();
  progress.done = 199;
  EXPECT_THAT(RenderText(progress), HasSubstr("[###################.] 99%"));
  progress.done = 200;
  EXPECT_THAT(RenderText(progress), HasSubstr("[####################] 100%"));
  progress.done = 500;  // counted twice somewhere: the bar stays in its box
  EXPECT_THAT(RenderText(progress), HasSubstr("[####################] 100%"));
}

TEST(Render, KnowsNoShareOfNothing) {
  Progress empty;
  empty.name = "n";
  EXPECT_EQ(RenderText(empty),
            "n [....................] 0% starting: 0 of 0 mini-batches, 0 items, 0/0 workers, 0.0 s so far");
}

TEST(Render, ShowsDoneAndFailedAsPartsOfOneBar) {
  EXPECT_THAT(RenderHtml(Running()),
              AllOf(HasSubstr(R"(aria-valuemax="200" aria-valuenow="100")"), HasSubstr("width:45.00%"),
                    HasSubstr("width:5.00%"), HasSubstr("1/2 workers"), Not(HasSubstr("<pre"))));
}

TEST(Render, TakesNothingForMarkup) {
  Progress hostile = Running();
  hostile.name = "<script>";
  hostile.folder = "a\" onclick=\"b";
  hostile.message = "1 < 2 && 3 > 2";
  EXPECT_THAT(RenderHtml(hostile),
              AllOf(Not(HasSubstr("<script>")), HasSubstr("&lt;script&gt;"), HasSubstr("a&quot; onclick=&quot;b"),
                    HasSubstr("1 &lt; 2 &amp;&amp; 3 &gt; 2")));
}

TEST(Render, GroupsDigitsByThree) {
  EXPECT_EQ(RenderCount(0), "0");
  EXPECT_EQ(RenderCount(999), "999");
  EXPECT_EQ(RenderCount(1000), "1,000");
  EXPECT_EQ(RenderCount(1234567), "1,234,567");
  EXPECT_EQ(RenderCount(-1000), "-1,000");
  EXPECT_EQ(RenderCount(-100), "-100");
}

}  // namespace
}  // namespace batchscope::kernel
