#include "runtime/host/debug_desk.h"
#include "tests/runtime/host/desk_fixture.h"

namespace batchscope::host {
namespace {

std::vector<std::string> Places(const std::vector<StoppedWorker>& stopped) {
  std::vector<std::string> places;
  for (const StoppedWorker& one : stopped) {
    places.push_back(std::to_string(one.worker) + ": " + one.where + " for " +
                     std::to_string(static_cast<int>(one.seconds)));
  }
  return places;
}

TEST_F(DeskTest, ShowsWhoIsStoppedWhereAndForHowLong) {
  JoinAndArm();
  Start(kSecond);
  Start(WorkerId{2});
  fleet_.doing[kFirst] = {wire::WorkerPhase::kRunning, kTry};
  const std::uint64_t before = desk_->changes();
  Hear(wire::WorkerStopped{"/runs/digits-1/entry/sub/score.py", 12, "breakpoint"});
  now_ += 2s;
  Hear(wire::WorkerStopped{"/usr/lib/python3/json/decoder.py", 355, "step"});  // Another of its threads.
  Hear(wire::AtGate{wire::Gate::kBeforeRun, kTry, {1}, false, {}}, kSecond);
  ASSERT_TRUE(desk_->Hold(WorkerId{2}, kTry, kFailure, now_));
  now_ += 3s;
  EXPECT_EQ(Places(desk_->Stopped(now_)), (std::vector<std::string>{"0: stopped in debugger at decoder.py:355 for 5",
                                                                    "1: waits for the debugger before run() for 3",
                                                                    "2: held after mini-batch 117 failed for 3"}));
  EXPECT_GT(desk_->changes(), before);
  now_ += 7s;
  Hear(wire::WorkerContinued{});
  Hear(wire::WorkerContinued{});
  EXPECT_EQ(desk_->Stopped(now_).size(), 2U);
  EXPECT_EQ(Logged(), (Lines{"INFO: worker 0 stopped in debugger at sub/score.py:12 (mini-batch 117, attempt 2)",
                             "INFO: worker 0 stopped in debugger at decoder.py:355 (mini-batch 117, attempt 2)",
                             "INFO: worker 2 is held for 10 min 0 s (mini-batch 117, attempt 2)",
                             "INFO: worker 0 goes on after 12 s"}));
}

TEST_F(DeskTest, EndsAStopThatLastsLongerThanItsLease) {
  JoinAndArm();
  Hear(wire::WorkerStopped{"/runs/digits-1/entry/score.py", 12, "breakpoint"});
  now_ += 1h;
  EXPECT_EQ(Watch(), 1ms);
  EXPECT_EQ(Told(), ToProcess{});
  now_ += 1ns;
  Watch();
  Watch();  // Once is enough.
  EXPECT_EQ(Told(), ToProcess{wire::DisarmDebugger{}});
  Hear(wire::WorkerContinued{});
  Hear(wire::DebuggerGone{});
  const std::string why =
      "it stood still and nobody looked at it for longer than debug_lease = 1 h 0 min, so it goes on without a "
      "debugger; pause it to look into it again";
  EXPECT_EQ(Heard(), ToPerson{(wire::WorkerDisarmed{kFirst, why})});
  EXPECT_EQ(Watch(), 1h);
  Say(wire::ArmWorker{kFirst});
  EXPECT_EQ(Told(), ToProcess{wire::ArmDebugger{}});
}

TEST_F(DeskTest, BeginsALeaseWithEachStop) {
  JoinAndArm();
  Hear(wire::WorkerStopped{"a.py", 1, "breakpoint"});
  now_ += 59min;
  Hear(wire::WorkerContinued{});
  EXPECT_EQ(Watch(), 1h);
  Hear(wire::WorkerStopped{"a.py", 2, "step"});
  now_ += 59min;
  EXPECT_EQ(Watch(), 1min + 1ms);
}

TEST_F(DeskTest, EndsNoStopThatSomebodyWorksIn) {
  JoinAndArm();
  Hear(wire::WorkerStopped{"a.py", 1, "breakpoint"});
  now_ += 59min;
  Say(wire::ToDebugger{kFirst, "{}"});
  now_ += 59min;
  EXPECT_EQ(Watch(), 1min + 1ms);
  Hear(wire::WorkerStopped{"a.py", 2, "step"});
  now_ += 1min;
  EXPECT_EQ(Watch(), 59min + 1ms);
}

TEST_F(DeskTest, HandsAGateToTheClientAndOpensItOnItsWord) {
  Start(kFirst);
  Join(kCode, "VS Code");
  Heard();
  EXPECT_EQ(desk_->at_start(), launch::AtStart::kWaitForDebugger);
  const wire::AtGate at{wire::Gate::kFailure, kTry, {}, false, kFailure};
  Hear(at);
  EXPECT_EQ(Heard(), ToPerson{(wire::WorkerAtGate{kFirst, at})});
  Say(wire::Pass{kFirst});
  Say(wire::Pass{kFirst});
  EXPECT_EQ(Told(), ToProcess{wire::PassGate{}});
  const wire::AtGate in_run{wire::Gate::kInRun, kTry, {1}, false, {}};  // Nobody waits there.
  Hear(in_run);
  EXPECT_EQ(Heard(), ToPerson{(wire::WorkerAtGate{kFirst, in_run})});
  EXPECT_FALSE(desk_->anyone_waits());
}

TEST_F(DeskTest, LetsAWorkerGoWhoseClientSaysNothingForHalfAMinute) {
  Start(kFirst);
  Join(kCode, "VS Code");
  Heard();
  Hear(wire::AtGate{wire::Gate::kBeforeRun, kTry, {1}, false, {}});
  now_ += 20s;
  Say(wire::ToDebugger{kFirst, "it is busy with it"});
  now_ += 30s;
  EXPECT_EQ(Watch(), 1ms);
  EXPECT_EQ(Told(), ToProcess{});
  now_ += 1ns;
  EXPECT_EQ(Watch(), 1h);
  EXPECT_EQ(Told(), ToProcess{wire::PassGate{}});
  EXPECT_TRUE(std::holds_alternative<wire::Notice>(Heard().back()));
  EXPECT_EQ(Logged().back(),
            "WARNING: worker 0 goes on: it waited 50 s for its debugger, which had nothing to say to it lately");
}

TEST_F(DeskTest, OpensAGateWhereNobodyIsThereToOpenIt) {
  Start(kFirst);
  Hear(wire::AtGate{wire::Gate::kBeforeRun, kTry, {1}, false, {}});
  EXPECT_EQ(Told(), ToProcess{wire::PassGate{}});
  EXPECT_FALSE(desk_->anyone_waits());
}

TEST_F(DeskTest, KeepsTheFirstWorkersUntilTheirDebuggerCameOrTheLeaseIsOver) {
  DebugRules rules = Rules();
  rules.wait_for_debugger = true;
  Open(rules);
  EXPECT_EQ(desk_->at_start(), launch::AtStart::kWaitForDebugger);
  Start(kFirst);
  Start(kSecond);
  Hear(wire::AtGate{}, kFirst);
  Hear(wire::AtGate{}, kSecond);
  now_ += 10min;
  EXPECT_EQ(Watch(), 50min + 1ms);
  Join(kCode, "VS Code");
  EXPECT_EQ(Heard().back(), (wire::ToClient{wire::WorkerAtGate{kSecond, wire::AtGate{}}}));
  EXPECT_EQ(Watch(), 30s + 1ms);
  Say(wire::SetWatch{});  // Nothing is watched, and yet who waits at the start stays.
  Say(wire::Pass{kFirst});
  EXPECT_EQ(Told(kFirst), ToProcess{wire::PassGate{}});
  Leave(kCode);
  EXPECT_EQ(Told(kSecond), ToProcess{wire::PassGate{}});
  EXPECT_EQ(desk_->at_start(), launch::AtStart::kGoOn);
  Start(WorkerId{2});
  Hear(wire::AtGate{}, WorkerId{2});
  EXPECT_EQ(Told(WorkerId{2}), ToProcess{wire::PassGate{}});
}

TEST_F(DeskTest, LetsADismissedWorkerOutOfItsGate) {
  DebugRules rules = Rules();
  rules.wait_for_debugger = true;
  Open(rules);
  Start(kFirst);
  Hear(wire::AtGate{});
  desk_->Dismissed(kFirst);
  EXPECT_EQ(Told(), ToProcess{wire::PassGate{}});
  EXPECT_FALSE(desk_->anyone_waits());
}

TEST_F(DeskTest, OpensTheGatesOfThoseWhoWaitForWhatIsNotWatchedAnyMore) {
  Start(kFirst);
  Start(kSecond);
  Join(kCode, "VS Code");
  wire::Watch watch;
  watch.uncaught = true;
  Say(wire::SetWatch{watch});
  Hear(wire::AtGate{wire::Gate::kFailure, kTry, {}, true, kFailure}, kFirst);
  Hear(wire::AtGate{}, kSecond);
  Told(kFirst);
  Told(kSecond);
  Say(wire::SetWatch{});
  EXPECT_EQ(Told(kFirst), ToProcess{wire::Watch{}});
  EXPECT_EQ(Told(kSecond), ToProcess{});
  Say(wire::Pass{kFirst});
  Say(wire::Pass{kSecond});
  EXPECT_EQ(Told(kFirst), ToProcess{});
  EXPECT_EQ(Told(kSecond), (ToProcess{wire::PassGate{}, wire::Watch{}}));
}

TEST_F(DeskTest, HoldsAWorkerForItsTimeAndNotLonger) {
  Start(kFirst);
  ASSERT_TRUE(desk_->Hold(kFirst, kTry, kFailure, now_));
  EXPECT_TRUE(desk_->anyone_waits());
  now_ += 4min;
  Join(kCode, "VS Code");
  EXPECT_EQ(Heard().back(), (wire::ToClient{wire::WorkerHeld{kFirst, kTry, kFailure, 360}}));
  Say(wire::ArmWorker{kFirst});
  Hear(wire::DebuggerArmed{});
  Say(wire::Pass{kFirst});
  Say(wire::Pass{kFirst});
  EXPECT_EQ(Told(), (ToProcess{wire::ArmDebugger{}, wire::PassGate{}}));
  Hear(wire::WorkerStopped{"/runs/digits-1/entry/score.py", 12, "exception"});
  now_ += 6min;
  EXPECT_EQ(Watch(), 1ms);
  EXPECT_EQ(fleet_.ended, std::vector<WorkerId>{});
  now_ += 1ns;
  EXPECT_EQ(Watch(), 1h);
  EXPECT_EQ(Told(), ToProcess{wire::DisarmDebugger{}});
  EXPECT_EQ(fleet_.ended, std::vector<WorkerId>{kFirst});
  Watch();
  Say(wire::ReleaseHold{kFirst});
  EXPECT_EQ(fleet_.ended, std::vector<WorkerId>{kFirst});
}

TEST_F(DeskTest, HoldsNoMoreWorkersThanThereMayBe) {
  DebugRules rules = Rules();
  rules.most_held = 2;
  Open(rules);
  for (std::uint32_t id = 0; id < 4; ++id) Start(WorkerId{id});
  EXPECT_TRUE(desk_->Hold(WorkerId{0}, kTry, kFailure, now_));
  EXPECT_TRUE(desk_->Hold(WorkerId{1}, kTry, kFailure, now_));
  EXPECT_FALSE(desk_->Hold(WorkerId{2}, kTry, kFailure, now_));
  desk_->Left(WorkerId{0}, "");
  EXPECT_TRUE(desk_->Hold(WorkerId{2}, kTry, kFailure, now_));
  EXPECT_FALSE(desk_->Hold(WorkerId{3}, kTry, kFailure, now_));
}

TEST_F(DeskTest, HoldsNobodyWhereNoTimeWasSet) {
  DebugRules rules = Rules();
  rules.hold = 0s;
  Open(rules);
  Start(kFirst);
  EXPECT_FALSE(desk_->Hold(kFirst, kTry, kFailure, now_));
}

TEST_F(DeskTest, KeepsWhatIsHeldWhenTheDebuggerIsGoneUntilSomebodyReleasesIt) {
  JoinAndArm();
  ASSERT_TRUE(desk_->Hold(kFirst, kTry, kFailure, now_));
  Leave(kCode);
  EXPECT_EQ(Told(), ToProcess{wire::DisarmDebugger{}});
  EXPECT_TRUE(desk_->anyone_waits());
  Join(kLab, "JupyterLab");
  Say(wire::ReleaseHold{kFirst}, kLab);
  EXPECT_EQ(fleet_.ended, std::vector<WorkerId>{kFirst});
  Join(kCode, "a viewer", false);
  EXPECT_EQ(Heard(kCode).back(), (wire::ToClient{wire::WorkerJoined{kFirst, PidOf(kFirst), false}}));
}

}  // namespace
}  // namespace batchscope::host
