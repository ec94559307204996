#include "runtime/engine/ledger.h"

#include <gmock/gmock.h>

#include "tests/runtime/engine/play.h"

namespace batchscope::engine {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(Ledger, RunsOneMiniBatchToItsEnd) {
  Play play({.workers = 4}, 1);
  EXPECT_THAT(play.Start(), ElementsAre("start 0 at 0"));
  EXPECT_THAT(play.Ready(0), ElementsAre("assign 0: 0"));
  EXPECT_THAT(play.Finishes(0, 0), ElementsAre("settle 0 succeeded after 1", "dismiss 0"));
  EXPECT_EQ(play.status(), "running");
  EXPECT_THAT(play.Exits(0), ElementsAre("end"));
  EXPECT_EQ(play.status(), "completed");
  EXPECT_TRUE(play.ledger().ended());
  EXPECT_EQ(play.counts(), (Counts{.mini_batches = 1, .succeeded = 1, .items_succeeded = 1}));
  EXPECT_THAT(play.Exits(0), IsEmpty());
}

TEST(Ledger, EndsAtOnceWithoutMiniBatches) {
  Play play({.needs_a_row = false}, 0);
  EXPECT_THAT(play.Start(), ElementsAre("end"));
  EXPECT_EQ(play.status(), "completed");
  play.ledger().Validate();
}

TEST(Ledger, HandsOutGroupsThatDoubleUpToTheLimitAndOneGroupInAdvance) {
  Play play({.workers = 1, .group_limit = 4}, 100);
  play.Start();
  EXPECT_THAT(play.Ready(0), ElementsAre("assign 0: 0", "assign 0: 1"));
  EXPECT_THAT(play.Finishes(0, 0), ElementsAre("settle 0 succeeded after 1", "assign 0: 2 3"));
  EXPECT_THAT(play.Finishes(0, 1), ElementsAre("settle 1 succeeded after 1", "assign 0: 4 5 6 7"));
  EXPECT_THAT(play.Finishes(0, 2), ElementsAre("settle 2 succeeded after 1"));
  EXPECT_THAT(play.Finishes(0, 3), ElementsAre("settle 3 succeeded after 1", "assign 0: 8 9 10 11"));
}

TEST(Ledger, LeavesTheLastMiniBatchesToWhoeverIsFreeFirst) {
  Play play({.workers = 2}, 4);
  play.Start();
  EXPECT_THAT(play.Ready(0), ElementsAre("assign 0: 0", "assign 0: 1"));
  EXPECT_THAT(play.Ready(1), ElementsAre("assign 1: 2"));
  EXPECT_THAT(play.Finishes(1, 2), ElementsAre("settle 2 succeeded after 1", "assign 1: 3"));
  // 0 still works on 0 with 1 in advance; 1 stays, since those may come back.
  EXPECT_THAT(play.Finishes(1, 3), ElementsAre("settle 3 succeeded after 1"));
  EXPECT_THAT(play.Finishes(0, 0), ElementsAre("settle 0 succeeded after 1"));
  EXPECT_THAT(play.Finishes(0, 1), ElementsAre("settle 1 succeeded after 1", "dismiss 1", "dismiss 0"));
}

TEST(Ledger, AGroupIsAtMostTheFairShareOfWhatWaits) {
  Play play({.workers = 2}, 20);
  play.Start();
  play.Ready(1);
  play.Ready(0);
  EXPECT_THAT(play.Finishes(0, 2), ElementsAre("settle 2 succeeded after 1", "assign 0: 4 5"));
  EXPECT_THAT(play.Finishes(0, 3), ElementsAre("settle 3 succeeded after 1", "assign 0: 6 7 8 9"));
  play.Finishes(0, 4);
  // Ten wait: of the eight it earned it gets 10 / (2 x 2) + 1.
  EXPECT_THAT(play.Finishes(0, 5), ElementsAre("settle 5 succeeded after 1", "assign 0: 10 11 12"));
}

TEST(Ledger, RetriesBeforeFreshOnesUntilTheTriesAreUsed) {
  Play play({.workers = 1, .run_max_try = 2, .group_limit = 1}, 3);
  play.Start();
  EXPECT_THAT(play.Ready(0), ElementsAre("assign 0: 0", "assign 0: 1"));
  EXPECT_THAT(play.Fails(0, 0), ElementsAre("assign 0: 0#1"));
  EXPECT_THAT(play.Finishes(0, 1), ElementsAre("settle 1 succeeded after 1"));
  EXPECT_THAT(play.Fails(0, 0, 1), ElementsAre("settle 0 failed after 2", "assign 0: 2"));
  EXPECT_THAT(play.Finishes(0, 2), ElementsAre("settle 2 succeeded after 1", "dismiss 0"));
  EXPECT_THAT(play.Exits(0), ElementsAre("end"));
  EXPECT_EQ(play.status(), "completed");
  EXPECT_EQ(
      play.counts(),
      (Counts{.mini_batches = 3, .succeeded = 2, .failed = 1, .items_succeeded = 2, .items_failed = 1, .retries = 1}));
}

TEST(Ledger, CountsTheItemsWithoutAResultAsFailed) {
  Play play({.workers = 1}, 3, 10);
  play.Start();
  play.Ready(0);
  play.Finishes(0, 0, 0, 7);
  play.Finishes(0, 1, 0, 10);
  play.Finishes(0, 2, 0, 11);
  EXPECT_EQ(play.counts().items_succeeded, 27U);
  EXPECT_EQ(play.counts().items_failed, 3U);
  EXPECT_EQ(play.counts().succeeded, 3U);
}

TEST(Ledger, IgnoresAnswersThatNobodyIsOwed) {
  Play play({.workers = 2, .group_limit = 1}, 4);
  play.Start();
  play.Ready(0);
  play.Ready(1);
  EXPECT_TRUE(play.ledger().Holds({0}, {{0}, 0}));
  EXPECT_FALSE(play.ledger().Holds({0}, {{0}, 1}));
  EXPECT_FALSE(play.ledger().Holds({1}, {{0}, 0}));
  EXPECT_FALSE(play.ledger().Holds({7}, {{0}, 0}));
  EXPECT_THAT(play.Finishes(1, 0), IsEmpty());
  EXPECT_THAT(play.Finishes(0, 0, 1), IsEmpty());
  EXPECT_THAT(play.Finishes(0, 99), IsEmpty());
  EXPECT_THAT(play.Fails(7, 0), IsEmpty());
  EXPECT_THAT(play.Ready(0), IsEmpty());
  EXPECT_THAT(play.InitFails(0, "late"), IsEmpty());
  EXPECT_THAT(play.Exits(7), IsEmpty());
  play.Fails(0, 0);
  EXPECT_THAT(play.Finishes(0, 0), IsEmpty());
}

TEST(Ledger, IgnoresALateAnswerFromAKilledWorker) {
  Play play({.workers = 1}, 2);
  play.Start();
  play.Ready(0);
  EXPECT_THAT(play.Apply(CancelRequested{}), ElementsAre("kill 0"));
  EXPECT_FALSE(play.ledger().Holds({0}, {{0}, 0}));
  EXPECT_THAT(play.Finishes(0, 0), IsEmpty());
  EXPECT_THAT(play.Exits(0, {{{0}, 0}}), ElementsAre("end"));
  EXPECT_EQ(play.counts(), (Counts{.mini_batches = 2}));
}

TEST(Ledger, AnswersInAnyOrderAreBooked) {
  Play play({.workers = 1, .group_limit = 2}, 9);
  play.Start();
  play.Ready(0);
  EXPECT_THAT(play.Finishes(0, 1), ElementsAre("settle 1 succeeded after 1", "assign 0: 2 3"));
  EXPECT_THAT(play.Finishes(0, 3), ElementsAre("settle 3 succeeded after 1"));
  EXPECT_THAT(play.Finishes(0, 0), ElementsAre("settle 0 succeeded after 1", "assign 0: 4 5"));
  EXPECT_THAT(play.Finishes(0, 2), ElementsAre("settle 2 succeeded after 1", "assign 0: 6 7"));
}

TEST(Ledger, DismissesIdleWorkersOnlyWhenTheyOutnumberWhatMayComeBack) {
  Play play({.workers = 3}, 3);
  play.Start();
  for (const std::uint32_t worker : {0U, 1U, 2U}) play.Ready(worker);
  EXPECT_THAT(play.Finishes(0, 0), ElementsAre("settle 0 succeeded after 1"));
  EXPECT_THAT(play.Finishes(1, 1), ElementsAre("settle 1 succeeded after 1", "dismiss 1"));
  EXPECT_THAT(play.Fails(2, 2), ElementsAre("assign 0: 2#1"));
  EXPECT_THAT(play.Finishes(0, 2, 1), ElementsAre("settle 2 succeeded after 2", "dismiss 2", "dismiss 0"));
}

TEST(Ledger, AWorkerThatComesTooLateIsDismissedWhenItIsReady) {
  Play play({.workers = 2}, 2);
  play.Start();
  play.Ready(0);
  play.Finishes(0, 0);
  EXPECT_THAT(play.Finishes(0, 1), ElementsAre("settle 1 succeeded after 1", "dismiss 0"));
  EXPECT_THAT(play.Exits(0), IsEmpty());
  EXPECT_THAT(play.Ready(1), ElementsAre("dismiss 1"));
  EXPECT_THAT(play.Exits(1), ElementsAre("end"));
  EXPECT_EQ(play.status(), "completed");
}

TEST(Ledger, AnInitThatFailsWhenAllIsDoneHurtsNobody) {
  Play play({.workers = 2}, 2);
  play.Start();
  play.Ready(0);
  play.Finishes(0, 0);
  play.Finishes(0, 1);
  play.Exits(0);
  EXPECT_THAT(play.InitFails(1, "no memory"), IsEmpty());
  EXPECT_THAT(play.Exits(1), ElementsAre("end"));
  EXPECT_EQ(play.status(), "completed");
  EXPECT_EQ(play.ledger().fatal(), std::nullopt);
}

TEST(Ledger, ADeadWorkersBegunAttemptFailsAndTheOthersKeepTheirNumber) {
  Play play({.workers = 1, .group_limit = 2}, 9);
  play.Start();
  play.Ready(0);
  play.Finishes(0, 0);
  // It holds 1, and 2 and 3 in advance.
  EXPECT_THAT(play.Exits(0, {{{1}, 0}}), ElementsAre("start 1 at 0"));
  EXPECT_THAT(play.Ready(1), ElementsAre("assign 1: 1#1", "assign 1: 2"));
  EXPECT_THAT(play.Finishes(1, 1, 1), ElementsAre("settle 1 succeeded after 2", "assign 1: 3 4"));
  EXPECT_EQ(play.counts().retries, 1U);
}

TEST(Ledger, ADeadWorkersLastTrySettlesItsMiniBatch) {
  Play play({.workers = 1, .run_max_try = 1, .needs_a_row = false}, 2, 5);
  play.Start();
  play.Ready(0);
  EXPECT_THAT(play.Exits(0, {{{0}, 0}}), ElementsAre("settle 0 failed after 1", "start 1 at 0"));
  play.Ready(1);
  EXPECT_THAT(play.Exits(1, {{{1}, 0}}), ElementsAre("settle 1 failed after 1", "end"));
  EXPECT_EQ(play.status(), "completed");
  EXPECT_EQ(play.counts().items_failed, 10U);
}

TEST(Ledger, AReplacementTakesThePlaceOfTheDeadAndTheNextNumber) {
  Play play({.workers = 3}, 30);
  EXPECT_THAT(play.Start(), ElementsAre("start 0 at 0", "start 1 at 1", "start 2 at 2"));
  for (const std::uint32_t worker : {0U, 1U, 2U}) play.Ready(worker);
  EXPECT_THAT(play.Exits(1, {{{2}, 0}}), ElementsAre("start 3 at 1"));
  play.Ready(3);
  EXPECT_THAT(play.Exits(3, {{{2}, 1}}), ElementsAre("start 4 at 1"));
}

TEST(Ledger, ReplacesNobodyWhenTheOthersSufficeForWhatIsLeft) {
  Play play({.workers = 2}, 2);
  play.Start();
  play.Ready(0);
  play.Ready(1);
  play.Finishes(1, 1);
  EXPECT_THAT(play.Exits(0, {{{0}, 0}}), ElementsAre("assign 1: 0#1"));
  EXPECT_THAT(play.Exits(1, {{{0}, 1}}), ElementsAre("start 2 at 1"));
  EXPECT_THAT(play.Ready(2), ElementsAre("assign 2: 0#2"));
}

TEST(Ledger, TheSameFirstInitErrorInEveryWorkerEndsTheRun) {
  Play play({.workers = 2}, 9);
  play.Start();
  EXPECT_THAT(play.InitFails(0, "no model"), IsEmpty());
  EXPECT_THAT(play.Exits(0), ElementsAre("start 2 at 0"));
  EXPECT_THAT(play.InitFails(1, "no model"), ElementsAre("kill 1", "kill 2"));
  EXPECT_EQ(play.status(), "failing");
  EXPECT_THAT(play.Exits(2), IsEmpty());
  EXPECT_THAT(play.Exits(1), ElementsAre("end"));
  EXPECT_EQ(play.status(), "failed");
  EXPECT_EQ(play.ledger().reason(), "init() failed in every worker: ValueError: no model");
  EXPECT_EQ(play.ledger().fatal(), Raised("no model"));
}

TEST(Ledger, DifferentFirstInitErrorsDoNotEndTheRunAtOnce) {
  Play play({.workers = 2}, 9);
  play.Start();
  play.InitFails(0, "no model");
  EXPECT_THAT(play.InitFails(1, "no disk"), IsEmpty());
  EXPECT_THAT(play.Exits(0), ElementsAre("start 2 at 0"));
  EXPECT_THAT(play.Exits(1), ElementsAre("start 3 at 1"));
}

TEST(Ledger, AWorkerThatBecameReadyDisprovesTheSameInitError) {
  Play play({.workers = 2}, 9);
  play.Start();
  play.InitFails(0, "no network");
  play.Exits(0);
  play.Ready(2);
  EXPECT_THAT(play.InitFails(1, "no network"), IsEmpty());
  EXPECT_THAT(play.Exits(1), ElementsAre("start 3 at 1"));
}

TEST(Ledger, StopsReplacingAfterThreeFailedInitsPerWorkerAndFailsWhenNoneIsLeft) {
  Play play({.workers = 2}, 9);
  play.Start();
  play.Ready(1);
  play.InitFails(0, "first");
  EXPECT_THAT(play.Exits(0), ElementsAre("start 2 at 0"));
  for (const std::uint32_t worker : {2U, 3U, 4U, 5U}) {
    EXPECT_THAT(play.InitFails(worker, "again"), IsEmpty());
    EXPECT_THAT(play.Exits(worker), ElementsAre("start " + std::to_string(worker + 1) + " at 0"));
  }
  play.InitFails(6, "the sixth");
  EXPECT_THAT(play.Exits(6), IsEmpty());
  EXPECT_EQ(play.status(), "running");
  EXPECT_THAT(play.Exits(1, {{{0}, 0}}), ElementsAre("end"));
  EXPECT_EQ(play.status(), "failed");
  EXPECT_EQ(
      play.ledger().reason(),
      "init() failed 6 times (3 x process_count_per_node = 6 end it) and no worker is left: ValueError: the sixth");
  EXPECT_EQ(play.ledger().fatal(), Raised("the sixth"));
}

TEST(Ledger, ADeathBeforeReadyCountsAsAFailedInit) {
  Play play({.workers = 1}, 9);
  play.Start();
  EXPECT_THAT(play.Exits(0), ElementsAre("end"));
  EXPECT_EQ(play.ledger().reason(), "init() failed in every worker: SIGSEGV");
}

TEST(Ledger, AScriptThatCannotBeImportedIsSaidSo) {
  Play play({.workers = 1}, 9);
  play.Start();
  play.Apply(InitFailed{{0}, {FailureKind::kRejected, "SyntaxError", "invalid syntax\n  line 3", ""}});
  EXPECT_EQ(play.ledger().reason(), "the entry script cannot be used: SyntaxError: invalid syntax");
}

TEST(Ledger, WorkersThatDieBeforeTheyBeginAnythingAreNotReplacedForever) {
  Play play({.workers = 1}, 9);
  play.Start();
  for (const std::uint32_t worker : {0U, 1U}) {
    play.Ready(worker);
    EXPECT_THAT(play.Exits(worker), ElementsAre("start " + std::to_string(worker + 1) + " at 0"));
  }
  play.Ready(2);
  EXPECT_THAT(play.Exits(2), ElementsAre("end"));
  EXPECT_EQ(play.status(), "failed");
}

TEST(Ledger, ErrorThresholdBearsThatManyFailedItemsAndNoMore) {
  for (const std::uint32_t failed : {3U, 4U}) {
    Play play({.workers = 1, .error_threshold = 3}, 2, 10);
    play.Start();
    play.Ready(0);
    const auto words = play.Finishes(0, 0, 0, 10 - failed);
    if (failed == 3) {
      EXPECT_THAT(words, ElementsAre("settle 0 succeeded after 1", "assign 0: 1"));
    } else {
      EXPECT_THAT(words, ElementsAre("settle 0 succeeded after 1", "kill 0"));
      EXPECT_THAT(play.Exits(0), ElementsAre("end"));
      EXPECT_EQ(play.status(), "failed");
      EXPECT_EQ(play.ledger().reason(), "4 items failed, more than error_threshold = 3 allows");
    }
  }
}

TEST(Ledger, ErrorThresholdZeroEndsAtTheFirstFailedItem) {
  Play play({.workers = 1, .error_threshold = 0}, 2, 2);
  play.Start();
  play.Ready(0);
  EXPECT_THAT(play.Finishes(0, 0, 0, 1), ElementsAre("settle 0 succeeded after 1", "kill 0"));
  EXPECT_EQ(play.ledger().reason(), "1 item failed, more than error_threshold = 0 allows");
}

TEST(Ledger, AllowedFailedCountBearsThatManyMiniBatchesAndNoMore) {
  Play play({.workers = 1, .run_max_try = 1, .allowed_failed_count = 1, .group_limit = 1}, 5);
  play.Start();
  play.Ready(0);
  EXPECT_THAT(play.Fails(0, 0), ElementsAre("settle 0 failed after 1", "assign 0: 2"));
  EXPECT_THAT(play.Fails(0, 1), ElementsAre("settle 1 failed after 1", "kill 0"));
  play.Exits(0, {{{2}, 0}});
  EXPECT_EQ(play.status(), "failed");
  EXPECT_EQ(play.ledger().reason(), "2 mini-batches failed, more than allowed_failed_count = 1 allows");
}

TEST(Ledger, AllowedFailedPercentIsCheckedAtTheEnd) {
  for (const double percent : {25.0, 24.9}) {
    Play play({.workers = 1, .run_max_try = 1, .allowed_failed_percent = percent}, 4);
    play.Start();
    play.Ready(0);
    play.Fails(0, 0);
    for (const std::uint32_t mini_batch : {1U, 2U, 3U}) play.Finishes(0, mini_batch);
    EXPECT_THAT(play.Exits(0), ElementsAre("end"));
    EXPECT_EQ(play.status(), percent == 25.0 ? "completed" : "failed");
    EXPECT_EQ(
        play.ledger().reason(),
        percent == 25.0 ? "" : "1 of 4 mini-batches failed (25 %), more than allowed_failed_percent = 24.9 allows");
  }
}

TEST(Ledger, AppendRowWithoutAnySucceededItemFails) {
  for (const bool needs_a_row : {true, false}) {
    Play play({.workers = 1, .run_max_try = 1, .needs_a_row = needs_a_row}, 1, 3);
    play.Start();
    play.Ready(0);
    play.Finishes(0, 0, 0, 0);
    play.Exits(0);
    EXPECT_EQ(play.status(), needs_a_row ? "failed" : "completed");
    EXPECT_EQ(play.ledger().reason(),
              needs_a_row
                  ? "no item succeeded (3 items in 1 mini-batches failed), and output_action append_row needs at "
                    "least one row"
                  : "");
  }
}

TEST(Ledger, CancelKillsEveryoneAndEndsWhenAllAreGone) {
  Play play({.workers = 2}, 9);
  play.Start();
  play.Ready(0);
  EXPECT_THAT(play.Apply(CancelRequested{}), ElementsAre("kill 0", "kill 1"));
  EXPECT_EQ(play.status(), "cancelling");
  EXPECT_THAT(play.Apply(CancelRequested{}), IsEmpty());
  EXPECT_THAT(play.Apply(HostFailed{"disk full"}), IsEmpty());
  EXPECT_THAT(play.Ready(1), IsEmpty());
  EXPECT_THAT(play.Exits(0, {{{0}, 0}}), IsEmpty());
  EXPECT_THAT(play.Exits(1), ElementsAre("end"));
  EXPECT_EQ(play.status(), "cancelled");
  EXPECT_EQ(play.ledger().reason(), "");
}

TEST(Ledger, CancelWhenAllIsSettledOnlyHurriesTheWorkers) {
  Play play({.workers = 1}, 1);
  play.Start();
  play.Ready(0);
  play.Finishes(0, 0);
  EXPECT_THAT(play.Apply(CancelRequested{}), ElementsAre("kill 0"));
  EXPECT_THAT(play.Exits(0), ElementsAre("end"));
  EXPECT_EQ(play.status(), "completed");
}

TEST(Ledger, TheHostsFailureAndAStallEndTheRunWithTheirReason) {
  Play host({.workers = 1}, 1);
  host.Start();
  EXPECT_THAT(host.Apply(HostFailed{"the disk is full"}), ElementsAre("kill 0"));
  EXPECT_THAT(host.Exits(0), ElementsAre("end"));
  EXPECT_EQ(host.status() + ": " + host.ledger().reason(), "failed: the disk is full");

  Play stalled({.workers = 1}, 1);
  stalled.Start();
  stalled.Ready(0);
  EXPECT_THAT(stalled.Apply(ProgressStalled{std::chrono::seconds(270)}), ElementsAre("kill 0"));
  EXPECT_THAT(stalled.Exits(0), ElementsAre("end"));
  EXPECT_EQ(stalled.status() + ": " + stalled.ledger().reason(),
            "failed: no result came from any worker for 4 min 30 s (progress_update_timeout)");
}

}  // namespace
}  // namespace batchscope::engine
