#include "runtime/cli/progress_view.h"

#include <gmock/gmock.h>

#include <sstream>

namespace batchscope::cli {
namespace {

using std::chrono::milliseconds;

/// Time that the test moves.
class HandClock final : public Clock {
 public:
  MonotonicTime Now() const override { return now; }
  WallTime WallNow() const override { return WallTime(); }
  MonotonicTime now{std::chrono::hours(1)};
};

host::Progress At(std::uint32_t succeeded) {
  host::Progress progress;
  progress.counts.mini_batches = 200;
  progress.counts.succeeded = succeeded;
  progress.counts.workers_ready = 2;
  return progress;
}

class ProgressViewTest : public testing::Test {
 protected:
  ProgressView View(ProgressView::Style style) {
    return {style, out_, clock_, [] { return 56; }};
  }

  std::ostringstream out_;
  HandClock clock_;
};

TEST(ProgressText, SaysAllThatIsKnown) {
  host::Progress progress = At(40);
  progress.counts.failed = 3;
  progress.counts.retries = 7;
  progress.items_per_second = 410.4;
  progress.seconds_left = 62;
  EXPECT_EQ(ProgressText(progress),
            "43 of 200 mini-batches, 3 failed, 7 tried again, 410 items/s, 1 min 2 s left, 2 workers");
}

TEST(ProgressText, SaysThatWorkersAreBeingStarted) {
  host::Progress progress = At(0);
  progress.counts.workers_ready = 0;
  EXPECT_EQ(ProgressText(progress), "starting, 0 of 200 mini-batches, 0 workers");
}

TEST(ProgressText, SaysWhoIsStoppedAndInItsPlaceForHowLong) {
  host::Progress progress = At(40);
  progress.stopped = {{3, "stopped in debugger at entry.py:12", 31}};
  EXPECT_EQ(ProgressText(progress), "40 of 200 mini-batches, worker 3: stopped in debugger at entry.py:12, 2 workers");
  progress.stopped.push_back({4, "held after mini-batch 7 failed", 2});
  EXPECT_EQ(ProgressText(progress),
            "40 of 200 mini-batches, worker 3: stopped in debugger at entry.py:12 and 1 more, 2 workers");
  EXPECT_THAT(ProgressBar(progress, 140),
              testing::EndsWith(" 20%  40 of 200 mini-batches, worker 3: stopped in debugger at entry.py:12 for 31 s "
                                "and 1 more, 2 workers"));
}

TEST(ProgressText, SaysThatTheRunIsCancelling) {
  host::Progress progress = At(1);
  progress.status = engine::RunStatus::kCancelling;
  progress.seconds_left = 9;
  progress.counts.workers_ready = 1;
  EXPECT_EQ(ProgressText(progress), "cancelling, 1 of 200 mini-batches, 1 worker");
}

TEST(ProgressBar, IsFullOnlyWhenAllIsDone) {
  EXPECT_EQ(ProgressBar(At(199), 80), "[============================= ]  99%  199 of 200 mini-batches, 2 workers");
  EXPECT_EQ(ProgressBar(At(200), 80), "[==============================] 100%  200 of 200 mini-batches, 2 workers");
}

TEST(ProgressBar, GivesWayToTheWordsAndNeverWraps) {
  for (const int columns : {21, 40, 54, 55, 56, 57, 58, 60, 80}) {
    EXPECT_LT(ProgressBar(At(100), columns).size(), static_cast<std::size_t>(columns)) << columns;
  }
  EXPECT_EQ(ProgressBar(At(100), 30), " 50%  100 of 200 mini-batches");
}

TEST(ProgressBar, LeavesOutWhatIsLeastDearWhereItIsNarrow) {
  host::Progress progress = At(40);
  progress.counts.failed = 3;
  progress.counts.retries = 7;
  progress.items_per_second = 410.4;
  progress.seconds_left = 62;
  EXPECT_EQ(ProgressBar(progress, 140).substr(0, 39), "[======                        ]  21%  ");
  EXPECT_EQ(ProgressBar(progress, 80),
            "[====                  ]  21%  43 of 200 mini-batches, 3 failed, 1 min 2 s left");
  EXPECT_EQ(ProgressBar(progress, 60), "[===               ]  21%  43 of 200 mini-batches, 3 failed");
}

TEST_F(ProgressViewTest, RedrawsTheBarInPlaceAndTakesItAway) {
  ProgressView view = View(ProgressView::Style::kBar);
  view.Show(At(0));
  view.Show(At(0));
  view.Show(At(200));
  view.End();
  EXPECT_EQ(out_.str(),
            "\r\x1b[K[              ]   0%  0 of 200 mini-batches, 2 workers"
            "\r\x1b[K[============] 100%  200 of 200 mini-batches, 2 workers"
            "\r\x1b[K");
}

TEST_F(ProgressViewTest, PutsWhatIsSaidAboveTheBar) {
  ProgressView view = View(ProgressView::Style::kBar);
  view.Show(At(200));
  view.Say("cancelling");
  EXPECT_EQ(out_.str(),
            "\r\x1b[K[============] 100%  200 of 200 mini-batches, 2 workers"
            "\r\x1b[Kcancelling\n"
            "\r\x1b[K[============] 100%  200 of 200 mini-batches, 2 workers");
}

TEST_F(ProgressViewTest, WritesALineWhenSomethingChangedAndNotSoonAgain) {
  ProgressView view = View(ProgressView::Style::kLines);
  view.Show(At(1));
  clock_.now += ProgressView::kLineInterval - milliseconds(1);
  view.Show(At(2));
  EXPECT_EQ(view.UntilTick(), milliseconds(1));
  view.Tick();
  EXPECT_EQ(out_.str(), "1 of 200 mini-batches, 2 workers\n");
  clock_.now += milliseconds(1);
  EXPECT_EQ(view.UntilTick(), milliseconds(0));
  view.Tick();
  EXPECT_EQ(out_.str(), "1 of 200 mini-batches, 2 workers\n2 of 200 mini-batches, 2 workers\n");
  EXPECT_EQ(view.UntilTick(), std::nullopt);
}

TEST_F(ProgressViewTest, WritesTheLastLineAtTheEndHoweverSoon) {
  ProgressView view = View(ProgressView::Style::kLines);
  view.Show(At(1));
  view.Show(At(200));
  view.End();
  view.End();
  EXPECT_EQ(out_.str(), "1 of 200 mini-batches, 2 workers\n200 of 200 mini-batches, 2 workers\n");
}

TEST_F(ProgressViewTest, IsSilentWhenQuiet) {
  ProgressView view = View(ProgressView::Style::kNone);
  view.Show(At(1));
  view.Say("cancelling");
  view.End();
  EXPECT_EQ(out_.str(), "");
}

}  // namespace
}  // namespace batchscope::cli
