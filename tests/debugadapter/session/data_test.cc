#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <fstream>

#include "tests/debugadapter/session/fake_run.h"

namespace batchscope::session {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::IsEmpty;

/// A session with workers 0 and 1 and nothing set.
class Data : public testing::Test {
 protected:
  Data() {
    run.Attach();
    run.Worker(0);
    run.Worker(1);
    threads = {run.ThreadOf(0), run.ThreadOf(1)};
    run.Clear();
  }
  ~Data() override { EXPECT_THAT(run.trouble, IsEmpty()); }

  Json Set(const Json& breakpoints) {
    return run.Ask("setBreakpoints",
                   {{"source", {{"path", run.own_file}}}, {"breakpoints", breakpoints}})["breakpoints"];
  }
  std::uint32_t Rule() const { return run.Sent<wire::SetWatch>().back().watch.rules.at(0).id; }

  FakeRun run;
  std::vector<int> threads;
};

TEST_F(Data, ABoundBreakpointArmsOnlyTheWorkerThatHasSuchAMiniBatch) {
  const Json made = Set({{{"line", 10}, {"condition", "$batch == 117; total > 3"}}});
  EXPECT_EQ(made[0]["verified"], true);
  EXPECT_THAT(run.Sent<wire::ArmWorker>(), IsEmpty());
  const wire::Watch watch = run.Sent<wire::SetWatch>().back().watch;
  ASSERT_EQ(watch.rules.size(), 1u);
  EXPECT_EQ(watch.rules[0].selector, "$batch == 117");

  run.Gate(1, wire::Gate::kBeforeRun, {{117}, 0}, {Rule()});
  EXPECT_FALSE(run.debuggers[0].armed);
  EXPECT_TRUE(run.debuggers[1].armed);
  EXPECT_EQ(run.debuggers[1].breakpoints[run.copy], Json::array({{{"line", 10}, {"condition", "total > 3"}}}));
  EXPECT_TRUE(run.Passed(1));

  run.Stops(1, 1, "breakpoint", 10);
  EXPECT_EQ(run.Events("stopped")[0]["hitBreakpointIds"], Json::array({made[0]["id"]}));
  run.Ask("continue", {{"threadId", threads[1]}});
  EXPECT_TRUE(run.debuggers[1].armed);
  run.to_run.clear();
  run.Gate(1, wire::Gate::kAfterRun, {{117}, 0}, {});
  EXPECT_FALSE(run.debuggers[1].armed);
  EXPECT_TRUE(run.Passed(1));
}

TEST_F(Data, TheGateOpensOnlyWhenTheBreakpointIsInPlace) {
  Set({{{"line", 10}, {"condition", "$batch == 117"}}});
  run.debuggers[1].silent = true;
  run.Gate(1, wire::Gate::kBeforeRun, {{117}, 0}, {Rule()});
  EXPECT_FALSE(run.Passed(1));
  run.Says(wire::WorkerArmed{{1}});
  EXPECT_FALSE(run.Passed(1));  // It was not told of its breakpoints yet.
  run.Says(wire::WorkerDisarmed{{1}, "the connection broke"});
  EXPECT_TRUE(run.Passed(1));
}

TEST_F(Data, AMiniBatchThatRunsAlreadyIsArmedAtOnce) {
  Set({{{"line", 10}, {"condition", "$item like \"*/42.png\""}}});
  run.Gate(0, wire::Gate::kInRun, {{3}, 0}, {Rule()});
  EXPECT_TRUE(run.debuggers[0].armed);
  EXPECT_FALSE(run.Passed(0));
}

TEST_F(Data, AnArmedWorkerGetsTheBoundOneAddedAndTakenAway) {
  Set({{{"line", 8}}, {{"line", 10}, {"condition", "$attempt > 1"}}});
  EXPECT_EQ(run.debuggers[0].breakpoints[run.copy], Json::array({{{"line", 8}}}));
  run.Gate(0, wire::Gate::kBeforeRun, {{3}, 1}, {Rule()});
  EXPECT_EQ(run.debuggers[0].breakpoints[run.copy], Json::array({{{"line", 8}}, {{"line", 10}}}));
  EXPECT_EQ(run.debuggers[1].breakpoints[run.copy], Json::array({{{"line", 8}}}));
  run.Gate(0, wire::Gate::kAfterRun, {{3}, 1}, {});
  EXPECT_EQ(run.debuggers[0].breakpoints[run.copy], Json::array({{{"line", 8}}}));
  EXPECT_EQ(run.Sent<wire::Pass>().size(), 2u);
}

TEST_F(Data, ABadConditionSaysWhereAndStopsNobody) {
  const Json made = Set({{{"line", 10}, {"condition", "$bach == 117"}}});
  EXPECT_EQ(made[0]["verified"], false);
  EXPECT_THAT(made[0]["message"], HasSubstr("$batch"));
  EXPECT_THAT(run.Sent<wire::ArmWorker>(), IsEmpty());
}

TEST_F(Data, OnceStopsOneWorkerAndIsTakenBackEverywhere) {
  const int id = Set({{{"line", 10}, {"condition", "$once"}}})[0]["id"];
  EXPECT_TRUE(run.debuggers[0].armed && run.debuggers[1].armed);
  run.Clear();
  run.Stops(0, 1, "breakpoint", 10);
  EXPECT_EQ(run.Events("stopped").size(), 1u);
  EXPECT_EQ(run.Events("breakpoint"), (std::vector<Json>{{{"reason", "changed"},
                                                          {"breakpoint",
                                                           {{"id", id},
                                                            {"verified", false},
                                                            {"line", 10},
                                                            {"message", "$once: it stopped w0 and is over"},
                                                            {"source", {{"path", run.own_file}}}}}}}));
  EXPECT_FALSE(run.debuggers[1].armed);
  EXPECT_EQ(run.debuggers[0].breakpoints[run.copy], Json::array());
  // Clients send all of a file when one changes: it stays spent.
  Set({{{"line", 10}, {"condition", "$once"}}});
  EXPECT_FALSE(run.debuggers[1].armed);
}

TEST_F(Data, OfTwoWorkersThatStopAtAOnceTogetherTheSecondGoesOnSilently) {
  Set({{{"line", 8}}, {{"line", 10}, {"condition", "$once"}}});
  run.Clear();
  run.debuggers[1].stopped[1] = "breakpoint";
  const Json hit = {{"threadId", 1}, {"reason", "breakpoint"}, {"hitBreakpointIds", {run.debuggers[1].ids[1]}}};
  const Json first = {{"threadId", 1}, {"reason", "breakpoint"}, {"hitBreakpointIds", {run.debuggers[0].ids[1]}}};
  run.debuggers[0].stopped[1] = "breakpoint";
  run.Debugger(0, {{"type", "event"}, {"event", "stopped"}, {"body", first}});
  run.Debugger(1, {{"type", "event"}, {"event", "stopped"}, {"body", hit}});
  run.Settle();
  ASSERT_EQ(run.Events("stopped").size(), 1u);
  EXPECT_EQ(run.Events("stopped")[0]["threadId"], threads[0]);
  EXPECT_THAT(run.debuggers[1].stopped, IsEmpty());
  EXPECT_THAT(run.Events("continued"), IsEmpty());
}

TEST_F(Data, AnUncaughtExceptionStopsWhereItWasRaised) {
  run.Ask("setExceptionBreakpoints", {{"filters", {"uncaught"}}});
  wire::AtGate at;
  at.gate = wire::Gate::kFailure;
  at.attempt = {{117}, 1};
  at.failure = {FailureKind::kException, "ValueError", "bad row", ""};
  run.views[0].phase = wire::WorkerPhase::kRunning;
  run.views[0].attempt = at.attempt;
  run.Gate(0, at);
  EXPECT_TRUE(run.debuggers[0].armed);
  EXPECT_FALSE(run.debuggers[1].armed);
  EXPECT_TRUE(run.Passed(0));
  run.Wait(1s);  // It takes a while; nobody gives up.
  run.Stops(0, 1, "exception", 9, {{"text", "ValueError"}, {"description", "bad row"}});
  const Json stopped = run.Events("stopped")[0];
  EXPECT_EQ(stopped["reason"], "exception");
  EXPECT_EQ(stopped["text"], "batch 117 failed: ValueError: bad row");
  EXPECT_EQ(stopped["description"], "failed: ValueError");
  EXPECT_EQ(run.Ask("exceptionInfo", {{"threadId", threads[0]}})["description"],
            "batch 117 failed: ValueError: bad row");
  run.Ask("continue", {{"threadId", threads[0]}});
  EXPECT_FALSE(run.debuggers[0].armed);
  run.Wait(2s);
  EXPECT_EQ(run.session.next_time(), std::nullopt);
}

TEST_F(Data, AFailureWhileTheDebuggerIsOnItsWayOutStopsToo) {
  run.Ask("setExceptionBreakpoints", {{"filters", {"uncaught"}}});
  wire::AtGate at;
  at.gate = wire::Gate::kFailure;
  at.failure = {FailureKind::kException, "ValueError", "bad row", ""};
  run.Gate(0, at);
  run.Stops(0, 1, "exception", 9);
  run.to_run.clear();
  run.slow_disarming = true;
  run.Ask("continue", {{"threadId", threads[0]}});
  EXPECT_FALSE(run.debuggers[0].armed);
  at.attempt.number = 1;
  run.Gate(0, at);
  EXPECT_FALSE(run.Passed(0));
  run.Says(wire::WorkerDisarmed{{0}, ""});
  EXPECT_TRUE(run.debuggers[0].armed);
  EXPECT_TRUE(run.Passed(0));
}

TEST_F(Data, AFailureWithNothingToShowDoesNotKeepTheDebugger) {
  run.Ask("setExceptionBreakpoints", {{"filters", {"failed"}}});
  wire::AtGate at;
  at.gate = wire::Gate::kFailure;
  at.attempt = {{4}, 2};
  at.failure = {FailureKind::kWrongType, "", "run() returned None", ""};
  run.Gate(0, at);
  EXPECT_TRUE(run.debuggers[0].armed);
  run.Wait(1s);  // By now it waits for other work.
  EXPECT_FALSE(run.debuggers[0].armed);
  EXPECT_EQ(run.session.next_time(), std::nullopt);
}

TEST_F(Data, AWorkerThatHoldsIsShownWhereItFailed) {
  run.views[1].phase = wire::WorkerPhase::kHeld;
  run.views[1].attempt = Attempt{{9}, 2};
  run.Says(wire::WorkerHeld{{1}, {{9}, 2}, {FailureKind::kException, "KeyError", "'x'", ""}, 600});
  EXPECT_TRUE(run.debuggers[1].armed);
  EXPECT_TRUE(run.Passed(1));
  EXPECT_THAT(run.Console(), HasSubstr("w1 holds batch 9, which failed: KeyError: 'x'\n"));
  run.Stops(1, 1, "exception", 9, {{"text", "KeyError"}, {"description", "'x'"}});
  EXPECT_EQ(run.Events("stopped")[0]["text"], "batch 9 failed: KeyError: 'x'");
  EXPECT_EQ(run.Ask("threads")["threads"][1]["name"], "w1 - held: batch 9");
  run.Ask("continue", {{"threadId", threads[1]}});
  EXPECT_THAT(run.debuggers[1].stopped, IsEmpty());
  run.Leaves(1, "");
  EXPECT_EQ(run.Events("thread").back()["reason"], "exited");
}

TEST_F(Data, AHoldWithNothingToShowIsNotAskedAboutAllTheTime) {
  run.Ask("setExceptionBreakpoints", {{"filters", {"failed"}}});
  wire::AtGate at;
  at.gate = wire::Gate::kFailure;
  at.attempt = {{4}, 2};
  at.failure = {FailureKind::kWrongType, "", "run() returned None", ""};
  run.views[0].phase = wire::WorkerPhase::kHeld;
  run.views[0].attempt = at.attempt;
  run.Gate(0, at);
  run.Gate(1, at);
  run.views[1] = run.views[0];
  run.views[1].worker = {1};
  run.Says(wire::WorkerHeld{{0}, at.attempt, at.failure, 600});
  run.to_run.clear();
  run.Wait(1s);
  // w1 is held, too, and the session learns it only by asking.
  EXPECT_EQ(run.Sent<wire::AskWorkers>().size(), 1u);
  EXPECT_EQ(run.session.next_time(), std::nullopt);
  EXPECT_TRUE(run.debuggers[0].armed);
}

TEST_F(Data, AHolderThatCannotBeArmedIsNotLetGo) {
  run.debuggers[1].silent = true;
  run.Says(wire::WorkerHeld{{1}, {{9}, 2}, {}, 600});
  run.Says(wire::WorkerDisarmed{{1}, "debugpy is missing"});
  EXPECT_FALSE(run.Passed(1));
}

TEST_F(Data, FunctionBreakpointsOnRunAndInitAreLinesOfTheEntryScript) {
  const Json made = run.Ask("setFunctionBreakpoints", {{"breakpoints",
                                                        {{{"name", "run"}, {"condition", "$batch == 5"}},
                                                         {{"name", "init()"}},
                                                         {{"name", "helper"}, {"hitCondition", "3"}}}}})["breakpoints"];
  EXPECT_EQ(made[0]["line"], 8);
  EXPECT_EQ(made[1]["line"], 5);
  EXPECT_EQ(made[1]["source"]["path"], run.own_file);
  EXPECT_EQ(made[2]["verified"], true);
  EXPECT_EQ(run.debuggers[0].breakpoints[run.copy], Json::array({{{"line", 5}}}));
  EXPECT_EQ(run.debuggers[0].functions, Json::array({{{"name", "helper"}, {"hitCondition", "3"}}}));
}

TEST_F(Data, FunctionBreakpointsThatTheScriptKnowsNothingOfSaySo) {
  const Json made =
      run.Ask("setFunctionBreakpoints",
              {{"breakpoints", {{{"name", "Model.helper"}}, {{"name", "read_csv"}}, {{"name", "os"}}}}})["breakpoints"];
  EXPECT_EQ(made[0]["verified"], false);
  EXPECT_THAT(made[0]["message"], HasSubstr("expected such as helper"));
  EXPECT_EQ(made[1]["verified"], true);
  EXPECT_THAT(made[1]["message"], HasSubstr("No def in entry.py or the files beside it is called read_csv"));
  EXPECT_EQ(run.debuggers[0].functions, Json::array({{{"name", "read_csv"}}, {{"name", "os"}}}));
  EXPECT_THAT(run.Events("breakpoint"), IsEmpty());  // A worker's word does not take the remark away.
}

TEST(FunctionBreakpoint, OnAnInitThatTheScriptDoesNotHaveIsNotVerified) {
  FakeRun run;
  std::ofstream(run.copy) << "def run(mini_batch):\n    return mini_batch\n";
  run.Attach();
  run.Worker(0);
  const Json made = run.Ask("setFunctionBreakpoints", {{"breakpoints", {{{"name", "init()"}}}}})["breakpoints"];
  EXPECT_EQ(made[0]["verified"], false);
  EXPECT_EQ(made[0]["message"], "entry.py defines no init()");
  EXPECT_THAT(run.Sent<wire::ArmWorker>(), IsEmpty());
}

TEST_F(Data, AHitCountThatCannotBeReadStopsNobodyAndABlankOneIsNone) {
  const Json made = Set({{{"line", 8}, {"hitCondition", "abc"}}, {{"line", 10}, {"hitCondition", "  "}}});
  EXPECT_EQ(made[0]["verified"], false);
  EXPECT_THAT(made[0]["message"], HasSubstr("'abc' is no hit count, expected such as 3"));
  EXPECT_EQ(made[1]["verified"], true);
  EXPECT_EQ(run.debuggers[0].breakpoints[run.copy], Json::array({{{"line", 10}}}));
}

TEST_F(Data, BreakpointsMoveToLinesWithCodeAndAreToldWhenWorkersMoveThem) {
  EXPECT_EQ(Set({{{"line", 6}}, {{"line", 99}}}),
            (Json{{{"id", 1}, {"verified", true}, {"line", 7}, {"source", {{"path", run.own_file}}}},
                  {{"id", 2},
                   {"verified", false},
                   {"line", 99},
                   {"message", "There is no code at this line or below it"},
                   {"source", {{"path", run.own_file}}}}}));
  EXPECT_THAT(run.Events("breakpoint"), IsEmpty());
  run.Debugger(
      0,
      {{"type", "event"},
       {"event", "breakpoint"},
       {"body",
        {{"reason", "changed"}, {"breakpoint", {{"id", run.debuggers[0].ids[0]}, {"verified", true}, {"line", 8}}}}}});
  run.Settle();
  ASSERT_EQ(run.Events("breakpoint").size(), 1u);
  EXPECT_EQ(run.Events("breakpoint")[0]["breakpoint"]["line"], 8);
}

TEST_F(Data, LogPointsConditionsAndHitCountsAreHandedOn) {
  Set({{{"line", 10}, {"logMessage", "{total}"}, {"condition", "total"}, {"hitCondition", "> 2"}}});
  EXPECT_EQ(run.debuggers[0].breakpoints[run.copy],
            Json::array({{{"line", 10}, {"logMessage", "{total}"}, {"condition", "total"}, {"hitCondition", "> 2"}}}));
  run.Debugger(0, {{"type", "event"}, {"event", "output"}, {"body", {{"category", "stdout"}, {"output", "7\n"}}}});
  run.Settle();
  EXPECT_EQ(run.Events("output")[0], (Json{{"category", "stdout"}, {"output", "w0: 7\n"}}));
}

TEST_F(Data, AConditionThatCannotBeEvaluatedIsToldOnceWithItsPlace) {
  Set({{{"line", 10}, {"condition", "$attempt > 0; x ==== 1"}}, {{"line", 8}, {"condition", "total"}}});
  for (const std::uint32_t worker : {0u, 1u}) {
    run.Gate(worker, wire::Gate::kBeforeRun, {{3}, 0}, {Rule()});
    for (int times = 0; times < 2; ++times) {
      run.Debugger(worker, {{"type", "event"},
                            {"event", "output"},
                            {"body",
                             {{"category", "console"},
                              {"output",
                               "pydevd: Error while evaluating expression in conditional breakpoint: x ==== 1\n"
                               "  File \"<string>\", line 1\n    x ==== 1\nSyntaxError: invalid syntax\n\n"}}}});
    }
  }
  run.Settle();
  EXPECT_EQ(run.Console(), run.own_file +
                               ":10: the condition '$attempt > 0; x ==== 1' cannot be evaluated: "
                               "SyntaxError: invalid syntax\n");
}

TEST_F(Data, ALogMessageThatCannotBeEvaluatedIsToldOnceWithItsPlace) {
  Set({{{"line", 10}, {"logMessage", "now {total +}"}}, {{"line", 8}, {"logMessage", "here"}}});
  for (const std::uint32_t worker : {0u, 1u}) {
    run.Debugger(worker, {{"type", "event"},
                          {"event", "output"},
                          {"body", {{"category", "stdout"}, {"output", "invalid syntax (<string>, line 1)\n"}}}});
  }
  run.Settle();
  EXPECT_EQ(run.Console(), run.own_file +
                               ":10: the log message 'now {total +}' cannot be evaluated: "
                               "SyntaxError: invalid syntax\n");
}

TEST_F(Data, AFileThatDiffersIsToldOnceWithADiff) {
  std::ofstream(run.own_file) << "# new\n" << kEntry;
  const Json made = Set({{{"line", 9}}});
  EXPECT_EQ(made[0]["line"], 9);
  // The same statement is one line further up in what the run executes.
  EXPECT_EQ(run.debuggers[0].breakpoints[run.copy], Json::array({{{"line", 8}}}));
  EXPECT_THAT(run.Console(), HasSubstr("differs from the run's copy"));
  EXPECT_THAT(run.Console(), HasSubstr("\n+# new\n"));
  run.Clear();
  Set({{{"line", 10}}});
  run.Stops(0, 1, "breakpoint", 9);
  const Json stack = run.Ask("stackTrace", {{"threadId", threads[0]}});
  EXPECT_EQ(stack["stackFrames"][0]["source"]["path"], run.copy);
  EXPECT_EQ(run.Console(), "");
}

}  // namespace
}  // namespace batchscope::session
