#include "runtime/host/debug_desk.h"

#include "tests/runtime/host/desk_fixture.h"

namespace batchscope::host {
namespace {

wire::Watch Watching(const std::string& selector) {
  wire::Watch watch;
  watch.rules.push_back({1, selector});
  return watch;
}

TEST_F(DeskTest, GreetsAClientWithTheWorkersThereAre) {
  Start(kFirst);
  Start(kSecond, true);
  desk_->Ordered(WorkerId{2}, false);  // It has not said a word yet.
  Join(kLab, "JupyterLab", false);
  EXPECT_EQ(Heard(kLab), (ToPerson{welcome_, wire::WorkerJoined{kFirst, PidOf(kFirst), false},
                                   wire::WorkerJoined{kSecond, PidOf(kSecond), true}}));
  Hear(wire::Hello{WorkerId{2}, 7}, WorkerId{2});
  desk_->Left(kFirst, "SIGSEGV (segmentation fault)");
  desk_->RunEnded("failed", "the disk is full");
  EXPECT_EQ(Heard(kLab), (ToPerson{wire::WorkerJoined{WorkerId{2}, 7, false},
                                   wire::WorkerLeft{kFirst, "SIGSEGV (segmentation fault)"},
                                   wire::RunEnded{"failed", "the disk is full"}}));
}

TEST_F(DeskTest, RefusesASecondDebuggerWithTheNameOfTheFirst) {
  Join(kCode, "VS Code");
  Join(kLab, "JupyterLab");
  EXPECT_NE(control_.refused[kLab].find("VS Code debugs this run already"), std::string::npos);
  Leave(kLab);
  Start(kFirst);
  EXPECT_EQ(Heard(kLab), ToPerson{});
  Leave(kCode);
  Join(kLab, "JupyterLab");
  EXPECT_EQ(Heard(kLab).size(), 2U);
}

TEST_F(DeskTest, HandsMessagesOnBetweenAClientAndAnArmedWorker) {
  Start(kFirst);
  Join(kCode, "VS Code");
  Heard();
  Say(wire::ToDebugger{kFirst, "too early"});
  Say(wire::ArmWorker{kFirst});
  Say(wire::ArmWorker{kFirst});  // It is on its way already.
  Say(wire::ToDebugger{kFirst, "initialize"});
  Hear(wire::DebuggerOutput{"initialized"});
  Hear(wire::DebuggerArmed{});
  Say(wire::ArmWorker{kFirst});  // It is there already.
  Say(wire::ToDebugger{WorkerId{9}, "nobody"});
  EXPECT_EQ(Told(), (ToProcess{wire::ArmDebugger{}, wire::DebuggerInput{"initialize"}}));
  EXPECT_EQ(Heard(), (ToPerson{wire::FromDebugger{kFirst, "initialized"}, wire::WorkerArmed{kFirst},
                               wire::WorkerArmed{kFirst}}));
  Say(wire::DisarmWorker{kFirst});
  Say(wire::ToDebugger{kFirst, "too late"});
  Hear(wire::DebuggerOutput{"terminated"});
  Hear(wire::DebuggerGone{});
  Say(wire::DisarmWorker{kFirst});  // It is gone already.
  EXPECT_EQ(Told(), ToProcess{wire::DisarmDebugger{}});
  EXPECT_EQ(Heard(), (ToPerson{wire::WorkerDisarmed{kFirst, ""}, wire::WorkerDisarmed{kFirst, ""}}));
}

TEST_F(DeskTest, ArmsAgainOnlyWhenTheEarlierDebuggerIsOut) {
  JoinAndArm();
  Say(wire::DisarmWorker{kFirst});
  Say(wire::ArmWorker{kFirst});
  Say(wire::ToDebugger{kFirst, "initialize"});
  EXPECT_EQ(Told(), ToProcess{wire::DisarmDebugger{}});
  Hear(wire::DebuggerGone{});
  EXPECT_EQ(Told(), (ToProcess{wire::ArmDebugger{}, wire::DebuggerInput{"initialize"}}));
  Hear(wire::DebuggerArmed{});
  EXPECT_EQ(Heard(), (ToPerson{wire::WorkerDisarmed{kFirst, ""}, wire::WorkerArmed{kFirst}}));
}

TEST_F(DeskTest, DoesNotKeepWithoutBoundWhatWaitsForARearmedWorker) {
  JoinAndArm();
  Say(wire::DisarmWorker{kFirst});
  Say(wire::ArmWorker{kFirst});
  Say(wire::ToDebugger{kFirst, std::string(wire::kMostControlBytes, 'x')});
  Say(wire::ToDebugger{kFirst, "y"});
  Hear(wire::DebuggerGone{});
  EXPECT_EQ(Told(), ToProcess{wire::DisarmDebugger{}});
  EXPECT_EQ(Heard().size(), 1U);
}

TEST_F(DeskTest, SaysWhyAWorkerHasNoDebugger) {
  JoinAndArm();
  Hear(wire::WorkerStopped{"/runs/digits-1/entry/score.py", 12, "breakpoint"});
  Hear(wire::DebuggerGone{"the connection broke"});
  EXPECT_EQ(Heard(), ToPerson{(wire::WorkerDisarmed{kFirst, "the connection broke"})});
  EXPECT_FALSE(desk_->anyone_waits());
  EXPECT_EQ(Logged(), (Lines{"INFO: worker 0 stopped in debugger at score.py:12", "INFO: worker 0 goes on after 0.0 s",
                             "WARNING: worker 0 has no debugger: the connection broke"}));
}

TEST_F(DeskTest, ArmsNobodyWhenDebuggingIsOff) {
  DebugRules rules = Rules();
  rules.allowed = false;
  rules.wait_for_debugger = true;
  Open(rules);
  Start(kFirst);
  Join(kCode, "VS Code");
  Heard();
  EXPECT_EQ(desk_->at_start(), launch::AtStart::kGoOn);
  Say(wire::ArmWorker{kFirst});
  Say(wire::SetWatch{Watching("$batch == 1")});
  const ToPerson heard = Heard();
  ASSERT_EQ(heard.size(), 2U);
  EXPECT_NE(std::get<wire::WorkerDisarmed>(heard[0]).why.find("debug = \"off\""), std::string::npos);
  EXPECT_NE(std::get<wire::Notice>(heard[1]).text.find("debug = \"off\""), std::string::npos);
  EXPECT_EQ(Told(), ToProcess{});
  EXPECT_FALSE(desk_->Hold(kFirst, kTry, kFailure, now_));
}

TEST_F(DeskTest, LetsAViewerLookButNotTouch) {
  Start(kFirst);
  Join(kLab, "a viewer", false);
  Heard(kLab);
  Say(wire::ArmWorker{kFirst}, kLab);
  Say(wire::SetWatch{Watching("$batch == 1")}, kLab);
  EXPECT_EQ(Told(), ToProcess{});
  EXPECT_EQ(Heard(kLab).size(), 2U);
  EXPECT_FALSE(fleet_.cancelled);
  Say(wire::CancelRun{}, kLab);
  EXPECT_TRUE(fleet_.cancelled);
}

TEST_F(DeskTest, TellsOfEachWorkerWhatItDoes) {
  JoinAndArm();
  Start(kSecond, true);
  Start(WorkerId{2});
  desk_->Ordered(WorkerId{3}, false);
  fleet_.doing[kFirst] = {wire::WorkerPhase::kRunning, kTry};
  fleet_.doing[WorkerId{2}] = {wire::WorkerPhase::kWaiting, std::nullopt};
  Hear(wire::WorkerStopped{"/runs/digits-1/entry/score.py", 12, "breakpoint"});
  ASSERT_TRUE(desk_->Hold(kSecond, kTry, kFailure, now_));
  Heard();
  Say(wire::AskWorkers{});
  wire::Workers expected;
  expected.workers.push_back(
      {kFirst, PidOf(kFirst), wire::WorkerPhase::kRunning, kTry, false, true, "/runs/digits-1/entry/score.py", 12});
  expected.workers.push_back({kSecond, PidOf(kSecond), wire::WorkerPhase::kHeld, kTry, true, false, "", 0});
  expected.workers.push_back(
      {WorkerId{2}, PidOf(WorkerId{2}), wire::WorkerPhase::kWaiting, std::nullopt, false, false, "", 0});
  EXPECT_EQ(Heard(), ToPerson{expected});
}

TEST_F(DeskTest, HasLaterWorkersWatchForTheSame) {
  Start(kFirst);
  Join(kCode, "VS Code");
  Say(wire::SetWatch{Watching("$batch == 1")});
  Start(kSecond);
  EXPECT_EQ(Told(kFirst), ToProcess{Watching("$batch == 1")});
  EXPECT_EQ(Told(kSecond), ToProcess{Watching("$batch == 1")});
  Leave(kCode);
  Start(WorkerId{2});
  EXPECT_EQ(Told(kFirst), ToProcess{wire::Watch{}});
  EXPECT_EQ(Told(WorkerId{2}), ToProcess{});
}

TEST_F(DeskTest, LeavesOutARuleThatCannotBeReadAndSaysSo) {
  Start(kFirst);
  Join(kCode, "VS Code");
  Heard();
  wire::Watch watch = Watching("$batch ==");
  watch.uncaught = true;
  Say(wire::SetWatch{watch});
  wire::Watch rest;
  rest.uncaught = true;
  EXPECT_EQ(Told(), ToProcess{rest});
  const ToPerson heard = Heard();
  ASSERT_EQ(heard.size(), 1U);
  EXPECT_EQ(std::get<wire::Notice>(heard[0]).text.find("$batch ==: "), 0U);
}

TEST_F(DeskTest, FreesEveryWorkerWhenTheDebuggerIsGone) {
  JoinAndArm();
  Hear(wire::WorkerStopped{"/lib/json/decoder.py", 355, "step"});
  const WorkerId arming{1}, disarming{2}, at_gate{3}, at_start{4}, untouched{5};
  for (const WorkerId worker : {arming, disarming, at_gate, at_start, untouched}) Start(worker);
  Say(wire::ArmWorker{arming});
  Say(wire::ArmWorker{disarming});
  Say(wire::DisarmWorker{disarming});
  Say(wire::ArmWorker{disarming});
  Say(wire::SetWatch{Watching("$batch == 1")});
  Hear(wire::AtGate{wire::Gate::kBeforeRun, kTry, {1}, false, {}}, at_gate);
  Hear(wire::AtGate{}, at_start);
  for (std::uint32_t id = 0; id < 6; ++id) Told(WorkerId{id});
  Leave(kCode);
  const wire::Watch nothing;
  EXPECT_EQ(Told(kFirst), (ToProcess{wire::DisarmDebugger{}, nothing}));
  EXPECT_EQ(Told(arming), (ToProcess{wire::DisarmDebugger{}, nothing}));
  EXPECT_EQ(Told(disarming), ToProcess{nothing});
  EXPECT_EQ(Told(at_gate), ToProcess{nothing});  // Which opens the gate.
  EXPECT_EQ(Told(at_start), (ToProcess{wire::PassGate{}, nothing}));
  EXPECT_EQ(Told(untouched), ToProcess{nothing});
  Hear(wire::DebuggerArmed{}, arming);  // It was on its way.
  for (const WorkerId worker : {kFirst, arming, disarming}) Hear(wire::DebuggerGone{}, worker);
  EXPECT_FALSE(desk_->anyone_waits());
  Join(kLab, "JupyterLab");
  Heard(kLab);
  Say(wire::ArmWorker{disarming}, kLab);
  EXPECT_EQ(Told(disarming), ToProcess{wire::ArmDebugger{}});
  EXPECT_EQ(Heard(kLab), ToPerson{});
}

TEST_F(DeskTest, AnswersADisarmingAlsoWhenTheWorkerEndsMeanwhile) {
  JoinAndArm();
  Say(wire::DisarmWorker{kFirst});
  desk_->Left(kFirst, "");
  EXPECT_EQ(Heard(), (ToPerson{wire::WorkerDisarmed{kFirst, ""}, wire::WorkerLeft{kFirst, ""}}));
}

TEST_F(DeskTest, ForgetsAWorkerThatDiesInWhateverState) {
  JoinAndArm();
  const WorkerId at_gate{1}, held{2}, arming{3};
  for (const WorkerId worker : {at_gate, held, arming}) Start(worker);
  Hear(wire::WorkerStopped{"", 0, "pause"});
  Hear(wire::AtGate{wire::Gate::kFailure, kTry, {}, false, kFailure}, at_gate);
  ASSERT_TRUE(desk_->Hold(held, kTry, kFailure, now_));
  Say(wire::ArmWorker{arming});
  EXPECT_TRUE(desk_->anyone_waits());
  for (const WorkerId worker : {kFirst, at_gate, held, arming}) desk_->Left(worker, "SIGKILL");
  EXPECT_FALSE(desk_->anyone_waits());
  EXPECT_EQ(desk_->Stopped(now_).size(), 0U);
  Heard();
  Say(wire::Pass{at_gate});
  Say(wire::ReleaseHold{held});
  Hear(wire::DebuggerArmed{}, arming);
  Start(WorkerId{4});
  EXPECT_TRUE(desk_->Hold(WorkerId{4}, kTry, kFailure, now_));  // Its place among the held is free.
  EXPECT_EQ(fleet_.ended, std::vector<WorkerId>{});
}

}  // namespace
}  // namespace batchscope::host
