#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <fstream>

#include "tests/debugadapter/session/fake_run.h"

namespace batchscope::session {
namespace {

using namespace std::chrono_literals;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

/// A session with workers 0 to 2, all armed by a breakpoint at line 8.
class Stops : public testing::Test {
 protected:
  Stops() {
    run.Attach();
    for (const std::uint32_t worker : {0u, 1u, 2u}) run.Worker(worker);
    bp = SetLine(8)["id"];
    for (const std::uint32_t worker : {0u, 1u, 2u}) threads.push_back(run.ThreadOf(worker));
    run.Clear();
  }

  Json SetLine(int line, const Json& more = Json::object()) {
    Json one = {{"line", line}};
    one.update(more);
    return run.Ask("setBreakpoints",
                   {{"source", {{"path", run.own_file}}}, {"breakpoints", Json::array({one})}})["breakpoints"][0];
  }
  int FrameOf(std::uint32_t worker) {
    return run.Ask("stackTrace", {{"threadId", threads[worker]}})["stackFrames"][0]["id"];
  }
  ~Stops() override { EXPECT_THAT(run.trouble, IsEmpty()); }

  FakeRun run;
  int bp = 0;
  std::vector<int> threads;
};

TEST_F(Stops, AreOfOneWorkerAndNameTheBreakpoint) {
  run.Stops(1, 1, "breakpoint", 8, {{"hitBreakpointIds", run.debuggers[1].ids}});
  EXPECT_EQ(run.Events("stopped"), (std::vector<Json>{{{"reason", "breakpoint"},
                                                       {"threadId", threads[1]},
                                                       {"preserveFocusHint", false},
                                                       {"allThreadsStopped", false},
                                                       {"hitBreakpointIds", {bp}}}}));
  run.Stops(2, 1, "breakpoint", 8);
  const Json second = run.Events("stopped").back();
  EXPECT_EQ(second["threadId"], threads[2]);
  EXPECT_EQ(second["preserveFocusHint"], true);
  // An older debugger does not say which; the innermost frame does.
  EXPECT_EQ(second["hitBreakpointIds"], Json::array({bp}));
}

TEST_F(Stops, ShowFramesInTheOwnFileWithoutOurs) {
  run.Stops(0, 1, "breakpoint", 8);
  const Json stack = run.Ask("stackTrace", {{"threadId", threads[0]}, {"startFrame", 0}, {"levels", 20}});
  EXPECT_EQ(stack["totalFrames"], 1);
  const Json& frame = stack["stackFrames"][0];
  EXPECT_EQ(frame["name"], "run");
  EXPECT_EQ(frame["source"], (Json{{"path", run.own_file}, {"name", "entry.py"}}));
  EXPECT_EQ(run.Ask("stackTrace", {{"threadId", threads[0]}, {"startFrame", 1}, {"levels", 5}})["stackFrames"].size(),
            0u);
  EXPECT_EQ(run.Ask("stackTrace", {{"threadId", threads[1]}})["totalFrames"], 0);
}

TEST_F(Stops, ShowVariablesThatCanBeChangedAndExpressionsThatCanBeEvaluated) {
  run.Stops(0, 1, "breakpoint", 8);
  run.Stops(1, 1, "breakpoint", 8);
  const int frame = FrameOf(0);
  const int other = FrameOf(1);
  EXPECT_NE(frame, other);
  const int locals = run.Ask("scopes", {{"frameId", frame}})["scopes"][0]["variablesReference"];
  const Json variables = run.Ask("variables", {{"variablesReference", locals}})["variables"];
  EXPECT_EQ(variables[0]["variablesReference"], 0);
  EXPECT_GT(variables[1]["variablesReference"], 0);
  EXPECT_EQ(run.debuggers[0].last["variablesReference"], 11);
  EXPECT_EQ(run.Ask("setVariable", {{"variablesReference", locals}, {"name", "total"}, {"value", "5"}})["value"], "5");
  EXPECT_EQ(run.Ask("setExpression", {{"frameId", frame}, {"expression", "total"}, {"value", "6"}})["value"], "6");
  const Json result = run.Ask("evaluate", {{"frameId", other}, {"expression", "6*7"}, {"context", "hover"}});
  EXPECT_EQ(result["result"], "42");
  EXPECT_EQ(run.debuggers[1].last, (Json{{"frameId", 11}, {"expression", "6*7"}, {"context", "hover"}}));
  EXPECT_EQ(run.Ask("completions", {{"frameId", frame}, {"text", "t"}, {"column", 2}})["targets"][0]["label"], "total");
}

TEST_F(Stops, FramesAndVariablesDieWhenTheirWorkerGoesOn) {
  run.Stops(0, 1, "breakpoint", 8);
  run.Stops(1, 1, "breakpoint", 8);
  const int frame = FrameOf(0);
  const int other = FrameOf(1);
  run.Ask("continue", {{"threadId", threads[0]}});
  EXPECT_EQ(run.Refused("scopes", {{"frameId", frame}}),
            "'frameId' " + std::to_string(frame) + " is gone: its worker went on");
  run.Ask("scopes", {{"frameId", other}});
  run.Stops(0, 1, "breakpoint", 8);
  EXPECT_NE(FrameOf(0), frame);
}

TEST_F(Stops, ContinueActsOnOneWorker) {
  run.Stops(0, 1, "breakpoint", 8);
  run.Stops(1, 1, "breakpoint", 8);
  EXPECT_EQ(run.Ask("continue", {{"threadId", threads[0]}}), (Json{{"allThreadsContinued", false}}));
  EXPECT_THAT(run.debuggers[0].stopped, IsEmpty());
  EXPECT_EQ(run.debuggers[1].stopped.size(), 1u);
  // It asked for that itself, and hears nothing of it.
  EXPECT_THAT(run.Events("continued"), IsEmpty());
}

TEST_F(Stops, ContinueAndStepsOfARunningWorkerAreAnsweredHere) {
  const std::size_t before = run.debuggers[0].commands.size();
  EXPECT_EQ(run.Ask("continue", {{"threadId", threads[0]}}), (Json{{"allThreadsContinued", false}}));
  for (const char* command : {"next", "stepIn", "stepOut"}) {
    EXPECT_EQ(run.Refused(command, {{"threadId", threads[0]}}), "w0 is running: pause it first");
  }
  EXPECT_EQ(run.debuggers[0].commands.size(), before);
}

TEST_F(Stops, PauseStopsOneWorkerAndArmsItWhenNeeded) {
  run.Ask("setBreakpoints", {{"source", {{"path", run.own_file}}}, {"breakpoints", Json::array()}});
  EXPECT_FALSE(run.debuggers[1].armed);
  run.Ask("pause", {{"threadId", threads[1]}});
  EXPECT_TRUE(run.debuggers[1].armed);
  EXPECT_FALSE(run.debuggers[0].armed);
  EXPECT_EQ(run.debuggers[1].commands.back(), "pause");
  run.Stops(1, 1, "pause");
  EXPECT_EQ(run.Events("stopped").back()["reason"], "pause");
  run.Ask("continue", {{"threadId", threads[1]}});
  EXPECT_FALSE(run.debuggers[1].armed);
}

TEST_F(Stops, APauseThatTakesLongIsExplainedByWhatTheWorkerDoes) {
  run.Ask("pause", {{"threadId", threads[0]}});
  run.views[1].phase = wire::WorkerPhase::kRunning;
  run.Ask("pause", {{"threadId", threads[1]}});
  run.Wait(1s);
  EXPECT_THAT(run.Console(), HasSubstr("w0 waits for a mini-batch; it will stop in its next run()\n"));
  EXPECT_THAT(run.Console(),
              HasSubstr("w1 is inside native code (a sleep, a wait, a library); it will stop when that"));
  run.Ask("continue", {{"threadId", threads[0]}});
  EXPECT_EQ(run.debuggers[0].commands.back(), "continue");
}

TEST_F(Stops, StepsGoOnInTheSameWorker) {
  run.Stops(0, 1, "breakpoint", 8);
  run.Clear();
  run.Ask("next", {{"threadId", threads[0]}});
  EXPECT_EQ(run.debuggers[0].commands.back(), "next");
  run.Stops(0, 1, "step", 9);
  EXPECT_EQ(run.Events("stopped").size(), 1u);
  EXPECT_EQ(run.Events("stopped")[0]["reason"], "step");
  run.Ask("stepIn", {{"threadId", threads[0]}});
  run.Stops(0, 1, "step", 14);
  run.Ask("stepOut", {{"threadId", threads[0]}});
  EXPECT_EQ(run.debuggers[0].commands.back(), "stepOut");
}

TEST_F(Stops, AStepThatLeavesRunEndsAtTheNextRunOfThisWorker) {
  run.Stops(0, 1, "breakpoint", 8);
  run.Ask("stepOut", {{"threadId", threads[0]}});
  EXPECT_EQ(run.Sent<wire::SetWatch>().back().watch.rules,
            (std::vector<wire::WatchRule>{{0x80000000u, "$worker == 0"}}));
  run.Gate(0, wire::Gate::kInRun, {{7}, 0}, {0x80000000u});
  EXPECT_FALSE(run.Passed(0));
  run.Gate(0, wire::Gate::kAfterRun, {{7}, 0}, {0x80000000u});
  EXPECT_TRUE(run.Passed(0));
  run.to_run.clear();
  SetLine(10);
  run.Gate(0, wire::Gate::kBeforeRun, {{8}, 0}, {0x80000000u});
  EXPECT_TRUE(run.Passed(0));
  EXPECT_EQ(run.debuggers[0].breakpoints[run.copy], Json::array({{{"line", 8}}, {{"line", 10}}}));
  run.Clear();
  run.Stops(0, 1, "breakpoint", 8);
  EXPECT_EQ(run.Events("stopped")[0]["reason"], "step");
  EXPECT_EQ(run.Events("stopped")[0].count("hitBreakpointIds"), 0u);
  EXPECT_EQ(run.debuggers[0].breakpoints[run.copy], Json::array({{{"line", 10}}}));
  run.Ask("continue", {{"threadId", threads[0]}});
  EXPECT_THAT(run.Sent<wire::SetWatch>().back().watch.rules, IsEmpty());
}

TEST_F(Stops, AStepThatLeavesTheLastRunSaysSo) {
  run.Stops(0, 1, "breakpoint", 8);
  run.Ask("next", {{"threadId", threads[0]}});
  run.Gate(0, wire::Gate::kAfterRun, {{7}, 0}, {0x80000000u});
  run.Leaves(0, "");
  EXPECT_THAT(run.Console(), HasSubstr("w0 has no further mini-batch\n"));
}

TEST_F(Stops, GotoGoesThereThroughTheWorkersOwnTarget) {
  run.Stops(0, 1, "breakpoint", 8);
  const Json targets = run.Ask("gotoTargets", {{"source", {{"path", run.own_file}}}, {"line", 11}})["targets"];
  ASSERT_EQ(targets.size(), 1u);
  run.Ask("goto", {{"threadId", threads[0]}, {"targetId", targets[0]["id"]}});
  EXPECT_EQ(run.debuggers[0].last, (Json{{"threadId", 1}, {"targetId", 5}}));
  EXPECT_THAT(run.Refused("goto", {{"threadId", threads[0]}, {"targetId", 999}}), HasSubstr("999"));
}

TEST_F(Stops, StepInTargetsAreTranslated) {
  run.Stops(0, 1, "breakpoint", 8);
  const Json targets = run.Ask("stepInTargets", {{"frameId", FrameOf(0)}})["targets"];
  EXPECT_EQ(targets[0]["label"], "helper");
  run.Ask("stepIn", {{"threadId", threads[0]}, {"targetId", targets[0]["id"]}});
  EXPECT_EQ(run.debuggers[0].last["targetId"], 9);
}

TEST_F(Stops, AStepToATargetIsNoneWhenTheDebuggerRefusesIt) {
  run.Stops(0, 1, "breakpoint", 8);
  const int frame = FrameOf(0);
  const Json target = run.Ask("stepInTargets", {{"frameId", frame}})["targets"][0]["id"];
  const auto rules = [&] { return run.Sent<wire::SetWatch>().back().watch.rules; };
  run.Clear();
  run.debuggers[0].refused = {"stepIn"};
  EXPECT_EQ(run.Refused("stepIn", {{"threadId", threads[0]}, {"targetId", target}}), "it will not");
  EXPECT_THAT(rules(), IsEmpty());
  EXPECT_THAT(run.Events("continued"), IsEmpty());
  // It still stands where it stood, with its frames.
  run.Ask("scopes", {{"frameId", frame}});
  run.debuggers[0].refused.clear();
  run.Ask("stepIn", {{"threadId", threads[0]}, {"targetId", target}});
  EXPECT_EQ(rules().size(), 1u);
  EXPECT_THAT(run.Events("continued"), IsEmpty());
  EXPECT_THAT(run.Refused("next", {{"threadId", threads[0]}}), HasSubstr("is running"));
  EXPECT_THAT(run.Refused("scopes", {{"frameId", frame}}), HasSubstr("is gone"));
  run.Stops(0, 1, "step", 14);
  run.Ask("next", {{"threadId", threads[0]}});
}

TEST_F(Stops, AnAgreedStepToATargetTakesAllThreadsAlong) {
  run.debuggers[0].threads.push_back({{"id", 5}, {"name", "Thread-5"}});
  run.Stops(0, 5, "breakpoint", 14);
  const int helper = run.Events("stopped").back()["threadId"];
  run.Stops(0, 1, "breakpoint", 8);
  const Json target = run.Ask("stepInTargets", {{"frameId", FrameOf(0)}})["targets"][0]["id"];
  run.debuggers[0].silent = true;
  run.Clear();
  const int step = run.Send("stepIn", {{"threadId", threads[0]}, {"targetId", target}});
  // The worker's debugger agrees before its threads say that they go on.
  run.Debugger(0, {{"type", "response"},
                   {"request_seq", Json::parse(run.Sent<wire::ToDebugger>().back().json)["seq"]},
                   {"command", "stepIn"},
                   {"success", true}});
  run.Settle();
  EXPECT_EQ(run.AnswerTo(step)["success"], true);
  EXPECT_EQ(run.Events("continued"), (std::vector<Json>{{{"threadId", helper}, {"allThreadsContinued", false}}}));
}

TEST_F(Stops, ContinueOfASingleThreadLeavesTheOthersOfItsWorker) {
  run.debuggers[0].threads.push_back({{"id", 5}, {"name", "Thread-5"}});
  run.Stops(0, 5, "breakpoint", 14);
  const int helper = run.Events("stopped").back()["threadId"];
  const int helper_frame = run.Ask("stackTrace", {{"threadId", helper}})["stackFrames"][0]["id"];
  run.Stops(0, 1, "breakpoint", 8);
  const int frame = FrameOf(0);
  run.Clear();
  run.Ask("continue", {{"threadId", threads[0]}, {"singleThread", true}});
  EXPECT_EQ(run.debuggers[0].last, (Json{{"threadId", 1}, {"singleThread", true}}));
  EXPECT_EQ(run.debuggers[0].stopped, (std::map<std::int64_t, std::string>{{5, "breakpoint"}}));
  EXPECT_THAT(run.Events("continued"), IsEmpty());
  run.Ask("scopes", {{"frameId", helper_frame}});
  EXPECT_THAT(run.Refused("scopes", {{"frameId", frame}}), HasSubstr("is gone"));
  EXPECT_THAT(run.Refused("next", {{"threadId", threads[0]}}), HasSubstr("is running"));
  // Without it, all that stand in this worker go on.
  run.Stops(0, 1, "breakpoint", 8);
  run.Clear();
  run.Ask("continue", {{"threadId", threads[0]}});
  EXPECT_EQ(run.debuggers[0].last, (Json{{"threadId", "*"}}));
  EXPECT_EQ(run.Events("continued"), (std::vector<Json>{{{"threadId", helper}, {"allThreadsContinued", false}}}));
}

TEST_F(Stops, ContinueOfASingleThreadTakesAPauseBackAndDisarmsAtTheEnd) {
  run.Ask("pause", {{"threadId", threads[0]}});
  run.Ask("continue", {{"threadId", threads[0]}, {"singleThread", true}});
  EXPECT_EQ(run.debuggers[0].commands.back(), "continue");
  run.Wait(1s);
  EXPECT_EQ(run.Console(), "");
  run.Stops(0, 1, "breakpoint", 8);
  run.Ask("setBreakpoints", {{"source", {{"path", run.own_file}}}, {"breakpoints", Json::array()}});
  EXPECT_TRUE(run.debuggers[0].armed);
  run.Ask("continue", {{"threadId", threads[0]}, {"singleThread", true}});
  EXPECT_FALSE(run.debuggers[0].armed);
}

TEST_F(Stops, HelperThreadsAppearWhenTheyStop) {
  run.debuggers[0].threads.push_back({{"id", 5}, {"name", "Thread-5"}});
  run.Stops(0, 5, "breakpoint", 14);
  const Json stopped = run.Events("stopped").back();
  EXPECT_NE(stopped["threadId"], threads[0]);
  std::vector<std::string> names;
  for (const Json& thread : run.Threads()) names.push_back(thread["name"]);
  EXPECT_THAT(names, ElementsAre("w0 - waiting", "w0 / Thread-5", "w1 - waiting", "w2 - waiting"));
  run.Ask("continue", {{"threadId", stopped["threadId"]}});
  EXPECT_THAT(run.debuggers[0].stopped, IsEmpty());
}

TEST_F(Stops, ExceptionInfoIsCleanAndOnlyAskedAtExceptions) {
  EXPECT_THAT(run.Refused("exceptionInfo", {{"threadId", threads[0]}}), HasSubstr("not stopped at an exception"));
  run.Stops(0, 1, "breakpoint", 8);
  EXPECT_THAT(run.Refused("exceptionInfo", {{"threadId", threads[0]}}), HasSubstr("not stopped at an exception"));
  run.Ask("continue", {{"threadId", threads[0]}});
  run.Ask("setExceptionBreakpoints", {{"filters", {"raised"}}});
  EXPECT_EQ(run.debuggers[0].filters, Json::array({"raised"}));
  run.Stops(0, 1, "exception", 9,
            {{"text", "ValueError   (note: full exception trace is shown but execution is paused at: f)"},
             {"description", "no"}});
  EXPECT_EQ(run.Events("stopped").back()["text"], "ValueError: no");
  const Json info = run.Ask("exceptionInfo", {{"threadId", threads[0]}});
  EXPECT_EQ(info["exceptionId"], "ValueError");
  EXPECT_EQ(info["description"], "ValueError: no");
  EXPECT_EQ(info["details"]["stackTrace"], "File \"e.py\", line 3, in run\n");
  EXPECT_EQ(info["details"]["source"], run.own_file);
}

TEST_F(Stops, SourceOfGeneratedCodeComesFromItsWorker) {
  run.Stops(0, 1, "breakpoint", 8);
  run.debuggers[0].frames = Json::array(
      {{{"id", 4}, {"name", "f"}, {"line", 1}, {"source", {{"path", "<string>"}, {"sourceReference", 3}}}}});
  const Json source = run.Ask("stackTrace", {{"threadId", threads[0]}})["stackFrames"][0]["source"];
  EXPECT_EQ(run.Ask("source", {{"source", source}, {"sourceReference", source["sourceReference"]}})["content"],
            "x = 1\n");
  EXPECT_EQ(run.debuggers[0].last["sourceReference"], 3);
  EXPECT_THAT(run.Refused("source", {{"sourceReference", 4711}}), HasSubstr("gone"));
}

TEST_F(Stops, ModulesAreThoseOfTheFleetOnce) {
  for (const std::uint32_t worker : {0u, 1u}) {
    run.Debugger(worker,
                 {{"type", "event"},
                  {"event", "module"},
                  {"body", {{"reason", "new"}, {"module", {{"id", 0}, {"name", "entry"}, {"path", run.copy}}}}}});
  }
  run.Settle();
  EXPECT_EQ(run.Events("module").size(), 1u);
  const Json modules = run.Ask("modules");
  EXPECT_EQ(modules["totalModules"], 1);
  EXPECT_EQ(modules["modules"][0]["path"], run.own_file);
}

TEST_F(Stops, TheConsoleHasWordsForManyWorkers) {
  const auto say = [&](const std::string& text) {
    return run.Ask("evaluate", {{"expression", text}, {"context", "repl"}})["result"].get<std::string>();
  };
  for (const std::uint32_t worker : {0u, 1u, 2u}) run.Stops(worker, 1, "breakpoint", 8);
  run.Clear();
  EXPECT_EQ(say(".continue w0, 2"), "w0 w2 go on\n");
  EXPECT_EQ(run.Events("continued").size(), 2u);
  EXPECT_EQ(run.debuggers[1].stopped.size(), 1u);
  EXPECT_EQ(say(".continue all"), "w0 w1 w2 go on\n");
  EXPECT_THAT(run.debuggers[1].stopped, IsEmpty());
  EXPECT_EQ(say(".pause w1"), "w1 are to stop\n");
  EXPECT_EQ(run.debuggers[1].commands.back(), "pause");
  EXPECT_EQ(say(".next-run"), "w0 w1 w2 will stop at the first line of their next run()\n");
  EXPECT_EQ(run.Sent<wire::SetWatch>().back().watch.rules.size(), 3u);
  EXPECT_THAT(say(".workers"), HasSubstr("w1 - waiting, pid 1001\n"));
  EXPECT_THAT(say(".help"), HasSubstr(".next-run"));
  EXPECT_THAT(run.Refused("evaluate", {{"expression", ".nothing"}, {"context", "repl"}}), HasSubstr(".continue"));
  EXPECT_THAT(run.Refused("evaluate", {{"expression", ".pause w9"}, {"context", "repl"}}), HasSubstr("no worker w9"));
  const Json words = run.Ask("completions", {{"text", ".ne"}, {"column", 4}})["targets"];
  EXPECT_EQ(words, Json::array({{{"label", ".next-run"}, {"start", 0}, {"length", 3}}}));
}

TEST_F(Stops, RequestsOfOurOwnActOnChosenWorkers) {
  run.Stops(0, 1, "breakpoint", 8);
  run.Stops(1, 1, "breakpoint", 8);
  run.Ask("batchscope/continue", {{"workers", {1}}});
  EXPECT_EQ(run.debuggers[0].stopped.size(), 1u);
  EXPECT_THAT(run.debuggers[1].stopped, IsEmpty());
  run.Ask("batchscope/continue");
  EXPECT_THAT(run.debuggers[0].stopped, IsEmpty());
  run.Ask("batchscope/pause", {{"workers", {2}}});
  EXPECT_THAT(run.debuggers[2].commands, Contains("pause"));
  EXPECT_THAT(run.debuggers[1].commands, Not(Contains("pause")));
  EXPECT_THAT(run.Refused("batchscope/pause", {{"workers", {2, 9}}}), HasSubstr("no worker w9"));
  EXPECT_THAT(run.Refused("batchscope/pause", {{"workers", {"w2"}}}), HasSubstr("arguments.workers[0]"));
  run.views[0].phase = wire::WorkerPhase::kRunning;
  run.views[0].attempt = Attempt{{4}, 0};
  run.views[0].stopped = true;
  run.views[0].file = run.copy;
  run.views[0].line = 9;
  EXPECT_EQ(run.Ask("batchscope/workers")["workers"][0], (Json{{"worker", 0},
                                                               {"threadId", threads[0]},
                                                               {"name", "w0 - batch 4 - attempt 1"},
                                                               {"pid", 1000},
                                                               {"phase", "running"},
                                                               {"lane", false},
                                                               {"armed", true},
                                                               {"stopped", true},
                                                               {"miniBatch", 4},
                                                               {"attempt", 1},
                                                               {"file", run.own_file},
                                                               {"line", 9}}));
}

TEST_F(Stops, StopAtNextRunCostsNothingUntilThen) {
  run.Ask("setBreakpoints", {{"source", {{"path", run.own_file}}}, {"breakpoints", Json::array()}});
  run.Ask("batchscope/stopAtNextRun", {{"workers", {2}}});
  EXPECT_FALSE(run.debuggers[2].armed);
  run.Gate(2, wire::Gate::kBeforeRun, {{9}, 0}, {0x80000002u});
  EXPECT_TRUE(run.debuggers[2].armed);
  EXPECT_TRUE(run.Passed(2));
  EXPECT_EQ(run.debuggers[2].breakpoints[run.copy], Json::array({{{"line", 8}}}));
  run.Stops(2, 1, "breakpoint", 8);
  EXPECT_EQ(run.Events("stopped").back()["reason"], "pause");
  run.Ask("continue", {{"threadId", threads[2]}});
  EXPECT_FALSE(run.debuggers[2].armed);
  EXPECT_THAT(run.Sent<wire::SetWatch>().back().watch.rules, IsEmpty());
}

TEST(ContinueAll, LetsAllWorkersGoOnUnlessOneIsMeant) {
  FakeRun run;
  run.Attach({{"continueAll", true}});
  run.Worker(0);
  run.Worker(1);
  run.Ask("setFunctionBreakpoints", {{"breakpoints", {{{"name", "run"}}}}});
  const int first = run.ThreadOf(0);
  const int second = run.ThreadOf(1);
  run.Stops(0, 1, "breakpoint", 8);
  run.Stops(1, 1, "breakpoint", 8);
  run.Ask("continue", {{"threadId", first}, {"singleThread", true}});
  EXPECT_EQ(run.debuggers[1].stopped.size(), 1u);
  run.Stops(0, 1, "breakpoint", 8);
  run.Clear();
  run.Ask("continue", {{"threadId", first}});
  EXPECT_EQ(run.Events("continued"), (std::vector<Json>{{{"threadId", second}, {"allThreadsContinued", false}}}));
}

TEST(Lane, StopsAtTheFirstLineOfEachOfItsRuns) {
  FakeRun run;
  run.Attach();
  run.Worker(5, true);
  EXPECT_TRUE(run.debuggers[5].armed);
  for (const std::uint32_t batch : {1u, 2u}) {
    run.Clear();
    run.to_run.clear();
    run.Gate(5, wire::Gate::kBeforeRun, {{batch}, 0}, {0x80000005u});
    EXPECT_TRUE(run.Passed(5));
    run.Stops(5, 1, "breakpoint", 8);
    EXPECT_EQ(run.Events("stopped")[0]["reason"], "entry");
    run.Ask("continue", {{"threadId", run.ThreadOf(5)}});
    run.Gate(5, wire::Gate::kAfterRun, {{batch}, 0}, {0x80000005u});
  }
}

}  // namespace
}  // namespace batchscope::session
