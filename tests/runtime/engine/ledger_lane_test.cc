#include <gmock/gmock.h>

#include "runtime/engine/ledger.h"
#include "tests/runtime/engine/play.h"

/// The debug lane, and workers that are held for a person to look at.
namespace batchscope::engine {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

Rules WithLane(std::uint32_t workers, Lane::Takes takes, std::set<MiniBatchId> chosen = {}) {
  Rules rules;
  rules.workers = workers;
  rules.group_limit = 4;
  rules.lane = Lane{takes, std::move(chosen)};
  return rules;
}

TEST(LedgerLane, OfTheNextIsHandedOneAtATimeAndIsLeftOneAtLeast) {
  Play play(WithLane(1, Lane::Takes::kNext), 4);
  EXPECT_THAT(play.Start(), ElementsAre("start 0 at 0", "start 1 at 1 as the lane"));
  EXPECT_THAT(play.Ready(0), ElementsAre("assign 0: 0", "assign 0: 1"));
  EXPECT_THAT(play.Finishes(0, 0), ElementsAre("settle 0 succeeded after 1"));
  EXPECT_THAT(play.Finishes(0, 1), ElementsAre("settle 1 succeeded after 1", "assign 0: 2"));
  EXPECT_THAT(play.Finishes(0, 2), ElementsAre("settle 2 succeeded after 1"));
  EXPECT_THAT(play.Ready(1), ElementsAre("assign 1: 3"));
  // What fails there is anyone's, and the lane is the first.
  EXPECT_THAT(play.Fails(1, 3), ElementsAre("assign 1: 3#1"));
  EXPECT_THAT(play.Finishes(1, 3, 1), ElementsAre("settle 3 succeeded after 2", "dismiss 0", "dismiss 1"));
  play.Exits(0);
  EXPECT_THAT(play.Exits(1), ElementsAre("end"));
  EXPECT_EQ(play.status(), "completed");
}

TEST(LedgerLane, OfTheNextStaysWhileSomethingMayComeBack) {
  Play play(WithLane(2, Lane::Takes::kNext), 2);
  EXPECT_THAT(play.Start(), ElementsAre("start 0 at 0", "start 1 at 1", "start 2 at 2 as the lane"));
  EXPECT_THAT(play.Ready(2), ElementsAre("assign 2: 0"));
  EXPECT_THAT(play.Ready(0), ElementsAre("assign 0: 1"));
  EXPECT_THAT(play.Finishes(2, 0), ElementsAre("settle 0 succeeded after 1"));
  EXPECT_THAT(play.Fails(0, 1), ElementsAre("assign 2: 1#1"));
}

TEST(LedgerLane, OfTheFailedTakesEveryTryAfterTheFirst) {
  Play play(WithLane(1, Lane::Takes::kFailed), 3);
  play.Start();
  EXPECT_THAT(play.Ready(0), ElementsAre("assign 0: 0", "assign 0: 1"));
  EXPECT_THAT(play.Fails(0, 0), IsEmpty());  // It waits for the lane, which is starting.
  EXPECT_THAT(play.Finishes(0, 1), ElementsAre("settle 1 succeeded after 1", "assign 0: 2"));
  EXPECT_THAT(play.Ready(1), ElementsAre("assign 1: 0#1"));
  EXPECT_THAT(play.Fails(1, 0, 1), ElementsAre("assign 1: 0#2"));
  EXPECT_THAT(play.Fails(1, 0, 2), ElementsAre("settle 0 failed after 3"));
  // The last one may still fail, so the lane stays; after that the other worker has nothing more to get.
  EXPECT_THAT(play.Fails(0, 2), ElementsAre("assign 1: 2#1", "dismiss 0"));
  EXPECT_THAT(play.Exits(0), IsEmpty());
  EXPECT_THAT(play.Finishes(1, 2, 1), ElementsAre("settle 2 succeeded after 2", "dismiss 1"));
  EXPECT_THAT(play.Exits(1), ElementsAre("end"));
  EXPECT_EQ(play.status(), "completed");
}

TEST(LedgerLane, OfTheFailedTakesWhatADeadWorkerHadBegunAndNotWhatItHadNot) {
  Play play(WithLane(1, Lane::Takes::kFailed), 4);
  play.Start();
  play.Ready(1);
  EXPECT_THAT(play.Ready(0), ElementsAre("assign 0: 0", "assign 0: 1"));
  EXPECT_THAT(play.Exits(0, {{{0}, 0}}), ElementsAre("assign 1: 0#1", "start 2 at 0"));
  EXPECT_THAT(play.Ready(2), ElementsAre("assign 2: 1", "assign 2: 2"));
}

TEST(LedgerLane, OfTheChosenHasThemAlone) {
  Play play(WithLane(1, Lane::Takes::kChosen, {{0}, {2}}), 4);
  play.Start();
  EXPECT_THAT(play.Ready(0), ElementsAre("assign 0: 1"));
  EXPECT_THAT(play.Finishes(0, 1), ElementsAre("settle 1 succeeded after 1", "assign 0: 3"));
  EXPECT_THAT(play.Finishes(0, 3), ElementsAre("settle 3 succeeded after 1", "dismiss 0"));
  EXPECT_THAT(play.Exits(0), IsEmpty());
  EXPECT_THAT(play.Ready(1), ElementsAre("assign 1: 0"));
  EXPECT_THAT(play.Fails(1, 0), ElementsAre("assign 1: 2"));
  EXPECT_THAT(play.Finishes(1, 2), ElementsAre("settle 2 succeeded after 1", "assign 1: 0#1"));
  EXPECT_THAT(play.Finishes(1, 0, 1), ElementsAre("settle 0 succeeded after 2", "dismiss 1"));
  EXPECT_THAT(play.Exits(1), ElementsAre("end"));
}

TEST(LedgerLane, OfTheChosenIsDismissedBeforeTheOthersWhenItsOwnAreDone) {
  Play play(WithLane(1, Lane::Takes::kChosen, {{1}}), 3);
  play.Start();
  play.Ready(0);
  EXPECT_THAT(play.Ready(1), ElementsAre("assign 1: 1"));
  EXPECT_THAT(play.Finishes(1, 1), ElementsAre("settle 1 succeeded after 1", "dismiss 1"));
  EXPECT_THAT(play.Exits(1), IsEmpty());
  EXPECT_THAT(play.Finishes(0, 0), ElementsAre("settle 0 succeeded after 1", "assign 0: 2"));
  EXPECT_THAT(play.Finishes(0, 2), ElementsAre("settle 2 succeeded after 1", "dismiss 0"));
}

TEST(LedgerLane, IsTheOnlyWorkerWhereAllAreChosen) {
  Play play(WithLane(4, Lane::Takes::kChosen, {{0}, {1}}), 2);
  EXPECT_THAT(play.Start(), ElementsAre("start 0 at 4 as the lane"));
  EXPECT_THAT(play.Ready(0), ElementsAre("assign 0: 0"));
  play.Finishes(0, 0);
  EXPECT_THAT(play.Finishes(0, 1), ElementsAre("settle 1 succeeded after 1", "dismiss 0"));
}

TEST(LedgerLane, IsReplacedAsTheLane) {
  for (const auto takes : {Lane::Takes::kNext, Lane::Takes::kFailed, Lane::Takes::kChosen}) {
    Play play(WithLane(1, takes, takes == Lane::Takes::kChosen ? std::set<MiniBatchId>{{1}} : std::set<MiniBatchId>{}),
              9);
    play.Start();
    EXPECT_THAT(play.Exits(1), ElementsAre("start 2 at 1 as the lane"));
    play.Ready(2);
    EXPECT_THAT(play.Exits(2), ElementsAre("start 3 at 1 as the lane"));
  }
}

TEST(LedgerLane, ThatCannotBeHadLeavesItsMiniBatchesToTheOthers) {
  Play play(WithLane(2, Lane::Takes::kChosen, {{0}, {1}}), 3);
  EXPECT_THAT(play.Start(), ElementsAre("start 0 at 0", "start 1 at 2 as the lane"));
  play.Ready(0);
  EXPECT_THAT(play.Finishes(0, 2), ElementsAre("settle 2 succeeded after 1", "dismiss 0"));
  EXPECT_THAT(play.Exits(0), IsEmpty());
  for (const std::uint32_t worker : {1U, 2U}) {
    EXPECT_THAT(play.InitFails(worker, "no GPU"), IsEmpty());
    EXPECT_THAT(play.Exits(worker), ElementsAre("start " + std::to_string(worker + 1) + " at 2 as the lane"));
  }
  play.InitFails(3, "no GPU");
  EXPECT_THAT(play.Exits(3), ElementsAre("start 4 at 0", "start 5 at 1"));
  EXPECT_THAT(play.Ready(4), ElementsAre("assign 4: 0"));
  EXPECT_THAT(play.Ready(5), ElementsAre("assign 5: 1"));
}

TEST(LedgerLane, OfTheNextThatCannotBeHadLeavesTheOneKeptForIt) {
  Play play(WithLane(1, Lane::Takes::kNext), 1);
  play.Start();
  EXPECT_THAT(play.Ready(0), IsEmpty());
  for (const std::uint32_t worker : {1U, 2U}) play.Exits(worker);
  EXPECT_THAT(play.Exits(3), ElementsAre("assign 0: 0"));
}

TEST(LedgerLane, TakesAllWhenNoOtherWorkerCanBeHad) {
  for (const auto takes : {Lane::Takes::kNext, Lane::Takes::kFailed, Lane::Takes::kChosen}) {
    Play play(WithLane(1, takes, takes == Lane::Takes::kChosen ? std::set<MiniBatchId>{{0}} : std::set<MiniBatchId>{}),
              2);
    play.Start();
    play.Ready(1);
    for (const std::uint32_t worker : {0U, 2U, 3U}) play.Exits(worker);
    EXPECT_TRUE(play.ledger().Holds({1}, {{0}, 0}));
    play.Finishes(1, 0);
    EXPECT_THAT(play.Finishes(1, 1), ElementsAre("settle 1 succeeded after 1", "dismiss 1"));
    EXPECT_THAT(play.Exits(1), ElementsAre("end"));
    EXPECT_EQ(play.status(), "completed");
  }
}

TEST(LedgerLane, ItsFailedInitsAreItsOwn) {
  Play play(WithLane(1, Lane::Takes::kNext), 9);
  play.Start();
  play.Ready(0);
  for (const std::uint32_t worker : {1U, 2U, 3U}) play.Exits(worker);
  EXPECT_THAT(play.Exits(0, {{{0}, 0}}), ElementsAre("start 4 at 0"));
}

TEST(LedgerLane, CountsAmongTheWorkersWhoseFirstInitFails) {
  Play play(WithLane(1, Lane::Takes::kFailed), 9);
  play.Start();
  EXPECT_THAT(play.InitFails(0, "no model"), IsEmpty());
  EXPECT_THAT(play.InitFails(1, "no model"), ElementsAre("kill 0", "kill 1"));
  EXPECT_EQ(play.ledger().reason(), "init() failed in every worker: ValueError: no model");
}

TEST(LedgerLane, CancelKillsItWithWhatWaitsForIt) {
  Play play(WithLane(1, Lane::Takes::kChosen, {{0}, {1}}), 3);
  play.Start();
  play.Ready(1);
  EXPECT_THAT(play.Apply(CancelRequested{}), ElementsAre("kill 0", "kill 1"));
  play.Exits(0);
  EXPECT_THAT(play.Exits(1, {{{0}, 0}}), ElementsAre("end"));
  EXPECT_EQ(play.status(), "cancelled");
}

Rules OneTry(std::uint32_t workers) {
  Rules rules;
  rules.workers = workers;
  rules.run_max_try = 1;
  rules.group_limit = 1;
  return rules;
}

TEST(LedgerHeld, AFreshWorkerTakesThePlaceAndWhatWasNotBegun) {
  Play play(OneTry(1), 4);
  play.Start();
  EXPECT_THAT(play.Ready(0), ElementsAre("assign 0: 0", "assign 0: 1"));
  EXPECT_THAT(play.Holds(0, 0), ElementsAre("settle 0 failed after 1", "start 1 at 0"));
  EXPECT_THAT(play.Holds(0, 1), IsEmpty());
  EXPECT_THAT(play.Finishes(0, 1), IsEmpty());
  EXPECT_THAT(play.Ready(1), ElementsAre("assign 1: 1", "assign 1: 2"));
  EXPECT_EQ(play.counts().workers_alive, 2U);
  EXPECT_THAT(play.Exits(0), IsEmpty());
  EXPECT_EQ(play.counts().workers_alive, 1U);
}

TEST(LedgerHeld, TheRunsEndWaitsForIt) {
  Play play(OneTry(1), 2);
  play.Start();
  play.Ready(0);
  play.Finishes(0, 0);
  EXPECT_THAT(play.Holds(0, 1), ElementsAre("settle 1 failed after 1"));
  EXPECT_EQ(play.status(), "running");
  EXPECT_THAT(play.Exits(0), ElementsAre("end"));
  EXPECT_EQ(play.status(), "completed");
}

TEST(LedgerHeld, AllOfThemAtOnceStandInNobodysWay) {
  Play play(OneTry(2), 4);
  play.Start();
  EXPECT_THAT(play.Ready(0), ElementsAre("assign 0: 0", "assign 0: 1"));
  EXPECT_THAT(play.Ready(1), ElementsAre("assign 1: 2"));
  EXPECT_THAT(play.Holds(0, 0), ElementsAre("settle 0 failed after 1", "start 2 at 0"));
  EXPECT_THAT(play.Holds(1, 2), ElementsAre("settle 2 failed after 1", "start 3 at 1"));
  EXPECT_THAT(play.Ready(2), ElementsAre("assign 2: 1"));
  EXPECT_THAT(play.Ready(3), ElementsAre("assign 3: 3"));
  EXPECT_THAT(play.Exits(0), IsEmpty());
}

TEST(LedgerHeld, ItsExitStartsNobodyOnTheSeatOfAnother) {
  Play play(OneTry(2), 9);
  play.Start();
  play.Ready(0);
  play.Ready(1);
  EXPECT_THAT(play.Holds(0, 0), ElementsAre("settle 0 failed after 1", "start 2 at 0"));
  EXPECT_THAT(play.InitFails(2, "no memory"), IsEmpty());  // Its process still sits at 0.
  EXPECT_THAT(play.Exits(0), IsEmpty());
  EXPECT_THAT(play.Exits(2), ElementsAre("start 3 at 0"));
}

TEST(LedgerHeld, ItStaysWhenItsFailureEndsTheRun) {
  for (const bool cancelled : {false, true}) {
    Rules rules = OneTry(2);
    rules.error_threshold = 0;
    Play play(rules, 9);
    play.Start();
    play.Ready(0);
    EXPECT_THAT(play.Holds(0, 0), ElementsAre("settle 0 failed after 1", "kill 1"));
    EXPECT_THAT(play.Exits(1), IsEmpty());
    EXPECT_EQ(play.status(), "failing");
    if (cancelled) {
      EXPECT_THAT(play.Apply(CancelRequested{}), ElementsAre("kill 0"));
    }
    EXPECT_THAT(play.Exits(0), ElementsAre("end"));
    EXPECT_EQ(play.status(), "failed");
  }
}

TEST(LedgerHeld, TheRunFailsOnlyAfterItWhenNoOtherWorkerCanBeHad) {
  Play play(OneTry(1), 2);
  play.Start();
  play.Ready(0);
  play.Holds(0, 0);
  for (const std::uint32_t worker : {1U, 2U, 3U}) play.Exits(worker);
  EXPECT_EQ(play.status(), "running");
  EXPECT_THAT(play.Exits(0), ElementsAre("end"));
  EXPECT_EQ(play.status(), "failed");
}

TEST(LedgerHeld, CancelKillsItToo) {
  Play play(OneTry(1), 2);
  play.Start();
  play.Ready(0);
  play.Holds(0, 0);
  EXPECT_THAT(play.Apply(CancelRequested{}), ElementsAre("kill 0", "kill 1"));
  play.Exits(1);
  EXPECT_THAT(play.Exits(0), ElementsAre("end"));
  EXPECT_EQ(play.status(), "cancelled");
}

TEST(LedgerHeld, WhatEndsTheHostEndsItToo) {
  Play play(OneTry(1), 2);
  play.Start();
  play.Ready(0);
  play.Holds(0, 0);
  EXPECT_THAT(play.Apply(HostFailed{"the disk is full"}), ElementsAre("kill 1", "kill 0"));
}

TEST(LedgerHeld, TheLaneIsReplacedAsTheLane) {
  Rules rules = WithLane(1, Lane::Takes::kChosen, {{0}, {1}});
  rules.run_max_try = 1;
  Play play(rules, 3);
  play.Start();
  play.Ready(1);
  EXPECT_THAT(play.Holds(1, 0), ElementsAre("settle 0 failed after 1", "start 2 at 1 as the lane"));
  EXPECT_THAT(play.Ready(2), ElementsAre("assign 2: 1"));
  EXPECT_THAT(play.Exits(1), IsEmpty());
}

}  // namespace
}  // namespace batchscope::engine
