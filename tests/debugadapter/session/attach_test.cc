#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

#include "tests/debugadapter/session/fake_run.h"

namespace batchscope::session {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Json Lines(const FakeRun& run, std::initializer_list<int> lines) {
  Json breakpoints = Json::array();
  for (const int line : lines) breakpoints.push_back({{"line", line}});
  return {{"source", {{"path", run.own_file}}}, {"breakpoints", std::move(breakpoints)}};
}

std::vector<std::string> ThreadNames(FakeRun& run) {
  std::vector<std::string> names;
  for (const Json& thread : run.Threads()) names.push_back(thread["name"]);
  return names;
}

TEST(Attach, JoinsTheRunAndSaysInitialized) {
  FakeRun run;
  run.Ask("initialize", {{"clientID", "vscode"}, {"clientName", "Visual Studio Code"}});
  EXPECT_EQ(run.session.client_name(), "Visual Studio Code");
  const int attach = run.Send("attach", {{"run", "latest"}});
  EXPECT_EQ(run.joined, "latest");
  EXPECT_EQ(run.Answers(attach), 0);
  run.Joins();
  EXPECT_EQ(run.Answers(attach), 1);
  EXPECT_EQ(run.Events("initialized").size(), 1u);
  EXPECT_EQ(run.Events("process")[0]["name"], "score (r1)");
}

TEST(Attach, ThatFindsNoRunSaysWhyAndCanBeTriedAgain) {
  FakeRun run;
  run.Ask("initialize");
  const int first = run.Send("attach", {{"run", "nothing"}});
  run.session.OnJoined(Status::Error("no run runs"));
  EXPECT_EQ(run.AnswerTo(first)["message"], "no run runs");
  run.Send("attach");
  run.Joins();
  EXPECT_EQ(run.Events("initialized").size(), 1u);
}

TEST(Attach, WithAWrongTokenIsRefused) {
  FakeRun run({1, "abc"});
  run.Ask("initialize");
  EXPECT_THAT(run.Refused("attach"), HasSubstr("token"));
  EXPECT_THAT(run.Refused("attach", {{"token", "abd"}}), HasSubstr("token"));
  run.Send("attach", {{"run", "r"}, {"token", "abc"}});
  EXPECT_EQ(run.joined, "r");
}

TEST(Attach, ShowsEachWorkerAsAThread) {
  FakeRun run;
  run.Attach();
  run.Worker(0);
  run.Worker(3);
  run.Worker(4, true);
  run.views[3].phase = wire::WorkerPhase::kRunning;
  run.views[3].attempt = Attempt{{117}, 1};
  EXPECT_THAT(ThreadNames(run), ElementsAre("w0 - waiting", "w3 - batch 117 - attempt 2", "w4 - waiting (debug lane)"));
  EXPECT_EQ(run.Events("thread").size(), 3u);
}

TEST(Attach, ArmsNobodyBeforeSomethingNeedsIt) {
  FakeRun run;
  run.Attach();
  run.Worker(0);
  run.Ask("setExceptionBreakpoints", {{"filters", {"uncaught", "failed"}}});
  EXPECT_THAT(run.Sent<wire::ArmWorker>(), IsEmpty());
  const auto watches = run.Sent<wire::SetWatch>();
  ASSERT_EQ(watches.size(), 1u);
  EXPECT_EQ(watches[0].watch, (wire::Watch{{}, true, true}));
}

TEST(Attach, BreakpointsSetBeforehandArmAllWorkersAtConfigurationDone) {
  FakeRun run;
  run.Ask("initialize");
  run.Send("attach");
  run.Joins();
  run.Worker(0);
  run.Worker(1);
  const Json made = run.Ask("setBreakpoints", Lines(run, {8}));
  EXPECT_EQ(made["breakpoints"][0]["verified"], true);
  EXPECT_THAT(run.Sent<wire::ArmWorker>(), IsEmpty());
  run.Ask("configurationDone");
  EXPECT_EQ(run.Sent<wire::ArmWorker>().size(), 2u);
  for (const std::uint32_t worker : {0u, 1u}) {
    EXPECT_THAT(run.debuggers[worker].commands, ElementsAre("ARM", "pydevdAuthorize", "initialize", "attach",
                                                            "setBreakpoints", "threads", "configurationDone"));
    EXPECT_EQ(run.debuggers[worker].breakpoints[run.copy], Json::array({{{"line", 8}}}));
  }
  EXPECT_THAT(run.trouble, IsEmpty());
}

TEST(Attach, ALateJoinerGetsTheSameBreakpoints) {
  FakeRun run;
  run.Attach();
  run.Ask("setBreakpoints", Lines(run, {8, 10}));
  run.Worker(7);
  EXPECT_TRUE(run.debuggers[7].armed);
  EXPECT_EQ(run.debuggers[7].breakpoints[run.copy], Json::array({{{"line", 8}}, {{"line", 10}}}));
}

TEST(Attach, ADeadWorkerLeavesWithAnEventAndALineThatSaysWhy) {
  FakeRun run;
  run.Attach();
  run.Worker(0);
  run.Ask("setBreakpoints", Lines(run, {8}));
  run.Stops(0, 1, "breakpoint", 8);
  const int thread = run.ThreadOf(0);
  run.debuggers[0].silent = true;
  const int pending = run.Send("stackTrace", {{"threadId", thread}});
  run.Clear();
  run.Leaves(0, "SIGKILL (killed)");
  EXPECT_EQ(run.Answers(pending), 1);
  EXPECT_EQ(run.AnswerTo(pending)["success"], false);
  EXPECT_EQ(run.Events("thread"), (std::vector<Json>{{{"reason", "exited"}, {"threadId", thread}}}));
  EXPECT_EQ(run.Console(), "w0 (pid 1000) ended: SIGKILL (killed)\n");
  EXPECT_THAT(run.Refused("continue", {{"threadId", thread}}), HasSubstr("no thread"));
}

TEST(Attach, TakingTheLastBreakpointAwayDisarms) {
  FakeRun run;
  run.Attach();
  run.Worker(0);
  run.Ask("setBreakpoints", Lines(run, {8}));
  EXPECT_TRUE(run.debuggers[0].armed);
  run.Ask("setBreakpoints", Lines(run, {}));
  EXPECT_FALSE(run.debuggers[0].armed);
  run.Ask("setBreakpoints", Lines(run, {9}));
  EXPECT_TRUE(run.debuggers[0].armed);
}

TEST(Attach, AStoppedWorkerStaysArmedUntilItIsContinued) {
  FakeRun run;
  run.Attach();
  run.Worker(0);
  run.Ask("setBreakpoints", Lines(run, {8}));
  run.Stops(0, 1, "breakpoint", 8);
  run.Ask("setBreakpoints", Lines(run, {}));
  EXPECT_TRUE(run.debuggers[0].armed);
  run.Ask("continue", {{"threadId", run.ThreadOf(0)}});
  EXPECT_FALSE(run.debuggers[0].armed);
}

TEST(Attach, AWorkerThatCannotBeArmedIsNotTriedForEver) {
  FakeRun run;
  run.Attach();
  run.Worker(0);
  run.debuggers[0].silent = true;
  run.Ask("setBreakpoints", Lines(run, {8}));
  run.Says(wire::WorkerDisarmed{{0}, "debugpy is not installed"});
  EXPECT_EQ(run.Sent<wire::ArmWorker>().size(), 1u);
  EXPECT_THAT(run.Console(), HasSubstr("w0 left the debugger: debugpy is not installed"));
  run.debuggers[0].silent = false;
  run.Ask("setBreakpoints", Lines(run, {9}));
  EXPECT_TRUE(run.debuggers[0].armed);
}

TEST(Attach, ToAStepWithoutDebuggersSaysSoOnce) {
  FakeRun run;
  run.Attach();
  const std::string why = "debug = \"off\" stands in this run's step";
  for (const std::uint32_t worker : {0u, 1u, 2u}) {
    run.Worker(worker);
    run.debuggers[worker].silent = true;
  }
  run.Ask("setBreakpoints", Lines(run, {8}));
  run.Says(wire::Notice{why});
  for (const std::uint32_t worker : {0u, 1u, 2u}) run.Says(wire::WorkerDisarmed{{worker}, why});
  run.Says(wire::Notice{"other"});
  run.Says(wire::Notice{"other"});
  run.Says(wire::WorkerDisarmed{{0}, "the step says debug = \"off\""});
  EXPECT_EQ(run.Console(), why + "\nother\nother\n");
}

TEST(Attach, TheLeaseOfAForgottenStopLetsTheWorkerGoOn) {
  FakeRun run;
  run.Attach();
  run.Worker(0);
  run.Ask("setBreakpoints", Lines(run, {8}));
  run.Stops(0, 1, "breakpoint", 8);
  const int thread = run.ThreadOf(0);
  run.Says(wire::WorkerDisarmed{{0}, "it stood still for 1 h"});
  EXPECT_EQ(run.Events("continued"), (std::vector<Json>{{{"threadId", thread}, {"allThreadsContinued", false}}}));
  EXPECT_EQ(run.Sent<wire::ArmWorker>().size(), 1u);
}

TEST(Attach, SaysWhenNativeCodeKeepsAWorkerFromBeingArmed) {
  FakeRun run;
  run.Attach();
  run.Worker(3);
  run.debuggers[3].silent = true;
  run.Ask("setBreakpoints", Lines(run, {8}));
  run.Wait(999ms);
  EXPECT_EQ(run.Console(), "");
  run.Wait(1ms);
  EXPECT_EQ(run.Console(), "w3 is inside native code that holds the GIL; it will stop when that call returns\n");
  EXPECT_EQ(run.session.next_time(), std::nullopt);
}

TEST(Disconnect, LeavesTheRunAloneAndEndsTheSession) {
  FakeRun run;
  run.Attach();
  run.Ask("disconnect");
  EXPECT_EQ(run.left, 1);
  EXPECT_EQ(run.ended, 1);
  EXPECT_THAT(run.Sent<wire::CancelRun>(), IsEmpty());
  EXPECT_THAT(run.Refused("threads"), HasSubstr("attach anew"));
  run.Ask("disconnect");
}

TEST(Disconnect, WithTerminateDebuggeeCancelsTheRun) {
  FakeRun run;
  run.Attach();
  run.Ask("disconnect", {{"terminateDebuggee", true}});
  EXPECT_EQ(run.Sent<wire::CancelRun>().size(), 1u);
}

TEST(Session, EndsWithTerminatedWhenTheRunEnds) {
  FakeRun run;
  run.Attach();
  run.Worker(0);
  run.Says(wire::RunEnded{"failed", "too many errors"});
  EXPECT_THAT(run.Console(), HasSubstr("The run r1 failed: too many errors\n"));
  EXPECT_EQ(run.Events("terminated").size(), 1u);
  run.session.OnRunLost("the host closed the connection");
  EXPECT_EQ(run.Events("terminated").size(), 1u);
  run.Ask("disconnect");
  EXPECT_EQ(run.left, 0);
}

TEST(Session, IsTakenBackWhenTheClientVanishes) {
  FakeRun run;
  run.Attach();
  run.session.OnClientGone();
  run.session.OnClientGone();
  EXPECT_EQ(run.left, 1);
  EXPECT_EQ(run.ended, 1);
}

TEST(Launch, StartsTheStepJoinsItAndTellsItsExitCode) {
  FakeRun run;
  run.Ask("initialize");
  const int launch = run.Send(
      "launch", {{"step", "/s/step.yml"}, {"args", {"--quiet"}}, {"env", {{"A", "1"}, {"B", nullptr}}}, {"cwd", "/s"}});
  ASSERT_EQ(run.launched.size(), 1u);
  EXPECT_EQ(run.launched[0].step, "/s/step.yml");
  EXPECT_EQ(run.launched[0].arguments, std::vector<std::string>{"--quiet"});
  const std::vector<std::pair<std::string, std::optional<std::string>>> environment = {{"A", "1"}, {"B", std::nullopt}};
  EXPECT_EQ(run.launched[0].environment, environment);
  EXPECT_TRUE(run.launched[0].debug);
  run.session.OnOutput("hello\n", false);
  EXPECT_EQ(run.Events("output")[0], (Json{{"category", "stdout"}, {"output", "hello\n"}}));
  run.Joins();
  EXPECT_EQ(run.Answers(launch), 1);
  run.Ask("configurationDone");
  run.Says(wire::RunEnded{"completed", ""});
  EXPECT_THAT(run.Events("terminated"), IsEmpty());
  run.Ask("threads");
  run.session.OnExited(42);
  EXPECT_EQ(run.Events("exited"), (std::vector<Json>{{{"exitCode", 42}}}));
  EXPECT_EQ(run.Events("terminated").size(), 1u);
  run.Ask("disconnect");
  EXPECT_EQ(run.stopped_launched, 0);
}

TEST(Launch, OfAStepThatIsRefusedSaysSo) {
  FakeRun run;
  run.Ask("initialize");
  EXPECT_EQ(run.Refused("launch"), "'arguments.step' is missing, expected a string");
  const int launch = run.Send("launch", {{"step", "step.yml"}});
  run.session.OnExited(2);
  EXPECT_THAT(run.AnswerTo(launch)["message"], HasSubstr("exit code 2"));
  run.session.OnJoined(Status::Error("late"));
  EXPECT_EQ(run.Answers(launch), 1);
}

TEST(Launch, OfAStepThatCannotStartEndsWithItsExitCode) {
  FakeRun run;
  run.Ask("initialize");
  const int launch = run.Send("launch", {{"step", "step.yml"}});
  run.session.OnJoined(Status::Error("the step did not start"));
  run.session.OnExited(2);
  EXPECT_EQ(run.AnswerTo(launch)["message"], "the step did not start");
  EXPECT_EQ(run.Events("exited"), (std::vector<Json>{{{"exitCode", 2}}}));
  EXPECT_EQ(run.Events("terminated").size(), 1u);
}

TEST(Launch, WorkersWaitAtTheirStartForTheClientsConfiguration) {
  FakeRun run;
  run.Ask("initialize");
  run.Send("launch", {{"step", "s.yml"}});
  run.Joins();
  run.Worker(0);
  run.Gate(0, {});
  run.Ask("setBreakpoints", Lines(run, {5}));
  EXPECT_FALSE(run.Passed(0));
  run.Ask("configurationDone");
  EXPECT_TRUE(run.debuggers[0].armed);
  EXPECT_TRUE(run.Passed(0));
  run.Ask("terminate");
  EXPECT_EQ(run.stopped_launched, 1);
}

TEST(Launch, WithoutDebuggingArmsNobody) {
  FakeRun run;
  run.Ask("initialize");
  run.Send("launch", {{"step", "s.yml"}, {"noDebug", true}});
  EXPECT_FALSE(run.launched[0].debug);
  run.Joins();
  run.Ask("setBreakpoints", Lines(run, {8}));
  run.Ask("configurationDone");
  run.Worker(0);
  EXPECT_THAT(run.Sent<wire::ArmWorker>(), IsEmpty());
  EXPECT_THAT(run.Sent<wire::SetWatch>(), IsEmpty());
}

TEST(Ids, BeginWhereTheSessionIsTold) {
  FakeRun run({1'000'000, ""});
  run.Attach();
  run.Worker(0);
  const Json made = run.Ask("setBreakpoints", Lines(run, {8}));
  EXPECT_GE(made["breakpoints"][0]["id"], 1'000'000);
  run.Stops(0, 1, "breakpoint", 8);
  const int thread = run.Events("stopped")[0]["threadId"];
  EXPECT_GE(thread, 1'000'000);
  const Json stack = run.Ask("stackTrace", {{"threadId", thread}});
  const int frame = stack["stackFrames"][0]["id"];
  EXPECT_GE(frame, 1'000'000);
  const Json scopes = run.Ask("scopes", {{"frameId", frame}});
  EXPECT_GE(scopes["scopes"][0]["variablesReference"], 1'000'000);
}

}  // namespace
}  // namespace batchscope::session
