#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/debugadapter/session/fake_run.h"

namespace batchscope::session {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

const char* const kCommands[] = {
    "initialize",
    "attach",
    "launch",
    "configurationDone",
    "terminate",
    "cancel",
    "setBreakpoints",
    "setFunctionBreakpoints",
    "setExceptionBreakpoints",
    "continue",
    "pause",
    "next",
    "stepIn",
    "stepOut",
    "stepInTargets",
    "gotoTargets",
    "goto",
    "threads",
    "stackTrace",
    "source",
    "modules",
    "exceptionInfo",
    "scopes",
    "variables",
    "setVariable",
    "setExpression",
    "evaluate",
    "completions",
    "batchscope/continue",
    "batchscope/pause",
    "batchscope/stopAtNextRun",
    "batchscope/workers",
    // Not served.
    "restart",
    "restartFrame",
    "loadedSources",
    "breakpointLocations",
    "readMemory",
    "dataBreakpointInfo",
    "setInstructionBreakpoints",
    "disassemble",
    "terminateThreads",
    "stepBack",
    "reverseContinue",
    "runInTerminal",
    "nonsense",
};

TEST(Requests, AreAnsweredOnceInEveryStageWithAnyArguments) {
  const Json odd[] = {Json::object(),
                      {{"threadId", "one"}, {"frameId", "x"}, {"variablesReference", {}}},
                      {{"threadId", -1}, {"frameId", 1e300}, {"variablesReference", 99}, {"expression", "1"}},
                      {{"source", 3}, {"breakpoints", "none"}, {"filters", 7}, {"workers", "all"}},
                      {{"source", {{"path", 5}}}, {"breakpoints", {1, "two", nullptr}}, {"filters", {1}}},
                      {{"source", {{"path", ""}}}, {"breakpoints", {{{"line", -3}}}}, {"filterOptions", {1}}},
                      {{"breakpoints", {{{"line", 1e18}}, {{"name", 5}}}}, {"source", {{"path", "/no/such.py"}}}},
                      {{"text", 1}, {"column", "c"}, {"line", {}}, {"step", 1}, {"env", {{"A", 1}}}, {"args", {2}}}};
  for (int stage = 0; stage < 4; ++stage) {
    FakeRun run;
    if (stage >= 1) run.Ask("initialize");
    if (stage >= 2) {
      run.Send("attach");
      run.Joins();
      run.Worker(0);
    }
    if (stage >= 3) run.Ask("configurationDone");
    for (const char* command : kCommands) {
      if (stage == 0 && command == std::string("initialize")) continue;
      if (stage == 1 && (command == std::string("attach") || command == std::string("launch"))) continue;
      for (const Json& arguments : odd) {
        const int seq = run.Send(command, arguments);
        EXPECT_EQ(run.Answers(seq), 1) << command << " " << arguments << " in stage " << stage;
      }
    }
    EXPECT_THAT(run.trouble, IsEmpty());
  }
}

TEST(Requests, NameTheFieldThatIsWrong) {
  FakeRun run;
  run.Attach();
  EXPECT_EQ(run.Refused("continue"), "'arguments.threadId' is missing, expected a whole number");
  EXPECT_EQ(run.Refused("continue", {{"threadId", "1"}}), "'arguments.threadId' is a string, expected a whole number");
  EXPECT_EQ(run.Refused("setBreakpoints", {{"source", {{"path", "/x.py"}}}, {"breakpoints", {{{"line", 0}}}}}),
            "'arguments.breakpoints[0].line' is 0, expected a line from 1");
  EXPECT_EQ(run.Refused("setBreakpoints", {{"source", {{"path", {}}}}}),
            "'arguments.source.path' is missing, expected the file of the breakpoints");
}

TEST(Requests, InTheWrongOrderSayWhatToDo) {
  FakeRun run;
  EXPECT_THAT(run.Refused("attach"), HasSubstr("before 'initialize'"));
  run.Ask("initialize");
  EXPECT_THAT(run.Refused("initialize"), HasSubstr("twice"));
  EXPECT_THAT(run.Refused("setBreakpoints"), HasSubstr("'attach' or 'launch'"));
  run.Send("attach");
  run.Joins();
  EXPECT_THAT(run.Refused("next"), HasSubstr("before 'configurationDone'"));
  EXPECT_THAT(run.Refused("attach"), HasSubstr("has a run already"));
  run.Ask("configurationDone");
  run.Ask("configurationDone");
  EXPECT_THAT(run.Refused("restartFrame"), HasSubstr("not supported"));
}

TEST(Requests, OfClientsThatCountFromZeroAreRefused) {
  FakeRun run;
  EXPECT_THAT(run.Refused("initialize", {{"linesStartAt1", false}}), HasSubstr("linesStartAt1"));
  EXPECT_THAT(run.Refused("initialize", {{"pathFormat", "uri"}}), HasSubstr("pathFormat"));
  run.Ask("initialize", {{"linesStartAt1", true}, {"columnsStartAt1", true}, {"pathFormat", "path"}});
}

TEST(Requests, GarbageGetsAnAnswerAndResponsesGetNone) {
  FakeRun run;
  for (const Json& garbage : {Json(3), Json("x"), Json::array(), Json::object(), Json(nullptr),
                              Json{{"type", "request"}, {"seq", "one"}, {"command", "next"}},
                              Json{{"type", "request"}, {"seq", 5}, {"command", "next"}, {"arguments", 7}}}) {
    run.Clear();
    run.session.OnClient(garbage);
    ASSERT_EQ(run.to_client.size(), 1u) << garbage;
    EXPECT_EQ(run.to_client[0]["success"], false);
  }
  run.Clear();
  run.session.OnClient({{"type", "response"}, {"seq", 1}, {"request_seq", 2}, {"command", "x"}, {"success", true}});
  EXPECT_THAT(run.to_client, IsEmpty());
}

TEST(Requests, CanBeCancelledAndTheLateAnswerIsDropped) {
  FakeRun run;
  run.Attach();
  run.Worker(0);
  run.Ask("setFunctionBreakpoints", {{"breakpoints", {{{"name", "run"}}}}});
  run.Stops(0, 1, "breakpoint", 8);
  const int thread = run.ThreadOf(0);
  const int frame = run.Ask("stackTrace", {{"threadId", thread}})["stackFrames"][0]["id"];
  run.debuggers[0].silent = true;
  const int slow = run.Send("evaluate", {{"expression", "slow()"}, {"frameId", frame}});
  EXPECT_EQ(run.Answers(slow), 0);
  run.Ask("cancel", {{"requestId", slow}});
  EXPECT_EQ(run.AnswerTo(slow)["message"], "cancelled");
  const auto asked = run.Sent<wire::ToDebugger>().back();
  run.Debugger(0, {{"type", "response"},
                   {"request_seq", Json::parse(asked.json)["seq"]},
                   {"command", "evaluate"},
                   {"success", true},
                   {"body", {{"result", "1"}}}});
  run.Settle();
  EXPECT_EQ(run.Answers(slow), 1);
  run.Ask("cancel", {{"requestId", 4711}});
}

TEST(Requests, OpenOnesAreAnsweredWhenTheSessionEnds) {
  FakeRun run;
  run.Attach();
  run.Worker(0);
  run.Ask("setFunctionBreakpoints", {{"breakpoints", {{{"name", "run"}}}}});
  run.Stops(0, 1, "breakpoint", 8);
  const int thread = run.ThreadOf(0);
  run.debuggers[0].silent = true;
  const int trace = run.Send("stackTrace", {{"threadId", thread}});
  run.Ask("disconnect");
  EXPECT_EQ(run.Answers(trace), 1);
  run.Leaves(0, "");
  EXPECT_EQ(run.Answers(trace), 1);
}

TEST(Requests, WhatAWorkersDebuggerSaysIsNotTrusted) {
  FakeRun run;
  run.Attach();
  run.Worker(0);
  run.Ask("setFunctionBreakpoints", {{"breakpoints", {{{"name", "run"}}}}});
  const Json odd[] = {
      Json::array(),
      {{"type", 3}},
      {{"type", "event"}, {"event", "stopped"}},
      {{"type", "event"}, {"event", "stopped"}, {"body", {{"threadId", "x"}}}},
      {{"type", "event"}, {"event", "continued"}, {"body", {{"threadId", 99}}}},
      {{"type", "event"}, {"event", "thread"}, {"body", {{"threadId", nullptr}, {"reason", 4}}}},
      {{"type", "event"}, {"event", "module"}, {"body", {{"module", 4}}}},
      {{"type", "event"}, {"event", "breakpoint"}, {"body", {{"breakpoint", {{"id", "x"}}}}}},
      {{"type", "event"}, {"event", "output"}, {"body", {{"output", 4}}}},
      {{"type", "response"}, {"request_seq", 4711}, {"success", true}},
      {{"type", "response"}, {"request_seq", "x"}},
      {{"type", "request"}, {"command", "runInTerminal"}},
  };
  run.Clear();
  for (const Json& message : odd) run.Says(wire::FromDebugger{{0}, message.dump()});
  run.Says(wire::FromDebugger{{0}, "no JSON"});
  run.Says(wire::FromDebugger{{9}, "{}"});
  EXPECT_THAT(run.to_client, IsEmpty());
}

}  // namespace
}  // namespace batchscope::session
