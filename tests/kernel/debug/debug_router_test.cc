#include "kernel/debug/debug_router.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "runtime/base/files.h"
#include "tests/support/temp_folder.h"

namespace batchscope::kernel {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

constexpr int kThread = DebugRouter::kFirstId;  // of the first fleet
constexpr const char* kText = "def run(batch):\n    return batch\n";
constexpr const char* kCell = "%%writefile src/entry.py\ndef run(batch):\n    return batch\n";

// An adapter that answers what the test says and keeps what it was asked.
class FakeFleet final : public Fleet {
 public:
  FakeFleet(int the_first_id, FleetReports its_reports) : first_id(the_first_id), reports(std::move(its_reports)) {}

  void Post(const std::string& command, Json arguments) override { posted.push_back(command + " " + arguments.dump()); }
  Json Ask(const std::string& command, Json arguments) override {
    asked.push_back(command + " " + arguments.dump());
    const auto answer = answers.find(command);
    return answer == answers.end() ? Json{{"seq", 7}, {"success", false}, {"message", "no"}}
                                   : Json{{"seq", 7}, {"success", true}, {"body", answer->second}};
  }
  // What was posted since the last call.
  std::vector<std::string> TakePosted() { return std::exchange(posted, {}); }

  const int first_id;
  const FleetReports reports;
  std::map<std::string, Json> answers;
  std::vector<std::string> posted;
  std::vector<std::string> asked;
};

class DebugRouterTest : public testing::Test {
 protected:
  DebugRouterTest() {
    fs::create_directories(run / "entry");
    WriteEntry("entry.py", kText);
  }

  void WriteEntry(const std::string& name, const std::string& text) {
    ASSERT_TRUE(WriteFileAtomically(run / "entry" / name, text).ok());
  }

  Json Ask(const std::string& command, Json arguments = Json::object()) {
    return router.Answer(
        {{"type", "request"}, {"seq", ++seq}, {"command", command}, {"arguments", std::move(arguments)}},
        [this](const Json& request) {
          const auto name = request.at("command").get<std::string>();
          kernel_asked.push_back(name + " " + request.at("arguments").dump());
          const auto body = kernel_answers.find(name);
          Json answer{{"type", "response"}, {"request_seq", request.at("seq")}, {"command", name}, {"success", true}};
          answer["body"] = body == kernel_answers.end() ? Json::object() : body->second;
          return answer;
        });
  }

  // The debugger is on, a run goes, and its fleet is configured.
  FakeFleet& Join() {
    Ask("attach");
    router.OnRun(run);
    FakeFleet& fleet = *fleets.back();
    Report(fleet, "initialized", Json::object());
    fleet.TakePosted();
    kernel_asked.clear();
    return fleet;
  }

  void Report(FakeFleet& fleet, const std::string& event, Json body) {
    fleet.reports.on_event({{"type", "event"}, {"event", event}, {"body", std::move(body)}});
  }
  void ReportStop(FakeFleet& fleet, int thread) {
    Report(fleet, "stopped", {{"reason", "breakpoint"}, {"threadId", thread}, {"allThreadsStopped", false}});
  }

  // Events since the last call: "stopped 1000000".
  std::vector<std::string> TakePublished() {
    std::vector<std::string> told;
    for (const Json& event : std::exchange(published, {})) {
      told.push_back(event.at("event").get<std::string>() + " " + event.at("body").at("threadId").dump());
    }
    return told;
  }

  Json SetLines(const std::string& source, const std::vector<int>& lines) {
    Json points = Json::array();
    for (const int line : lines) {
      points.push_back({{"line", line}});
    }
    kernel_answers["setBreakpoints"] = {{"breakpoints", Json::array()}};
    return Ask("setBreakpoints", {{"source", {{"path", source}}}, {"breakpoints", std::move(points)}});
  }
  void Dump(const std::string& source, const std::string& code) {
    kernel_answers["dumpCell"] = {{"sourcePath", source}};
    Ask("dumpCell", {{"code", code}});
  }

  const TempFolder folder;
  const fs::path run = folder.path() / "run-1";
  std::vector<Json> published;
  std::string said;
  std::vector<std::shared_ptr<FakeFleet>> fleets;
  MonotonicTime now;
  DebugRouter router{{.publish = [this](const Json& event) { published.push_back(event); },
                      .say = [this](const std::string& text) { said += text; },
                      .make_fleet =
                          [this](int first_id, FleetReports reports) {
                            fleets.push_back(std::make_shared<FakeFleet>(first_id, std::move(reports)));
                            return fleets.back();
                          },
                      .now = [this] { return now; }}};
  std::map<std::string, Json> kernel_answers;
  std::vector<std::string> kernel_asked;
  int seq = 0;
};

using Lines = std::vector<std::string>;

TEST_F(DebugRouterTest, JoinsARunThatBeginsWhileTheDebuggerIsOn) {
  router.OnRun(run);
  EXPECT_TRUE(fleets.empty());
  EXPECT_FALSE(router.is_on());
  router.OnRunEnded(run);
  Ask("attach");
  EXPECT_TRUE(router.is_on());
  EXPECT_TRUE(fleets.empty());
  router.OnRun(run);
  router.OnRun(run);
  ASSERT_EQ(fleets.size(), 1U);
  EXPECT_EQ(fleets[0]->first_id, 1'000'000);
  const Lines posted = fleets[0]->TakePosted();
  ASSERT_EQ(posted.size(), 2U);
  EXPECT_EQ(posted[1], "attach {\"run\":\"" + run.string() + "\"}");
  Report(*fleets[0], "initialized", Json::object());
  EXPECT_EQ(fleets[0]->TakePosted(), (Lines{R"(setExceptionBreakpoints {"filters":[]})", "configurationDone {}"}));
}

TEST_F(DebugRouterTest, JoinsTheRunsThatAreUnderWayWhenItIsSwitchedOnEachWithIdsOfItsOwn) {
  router.OnRun(run);
  router.OnRun(folder.path() / "run-2");
  Ask("attach");
  ASSERT_EQ(fleets.size(), 2U);
  EXPECT_EQ(fleets[0]->first_id, 1'000'000);
  EXPECT_EQ(fleets[1]->first_id, 101'000'000);
  fleets[0]->reports.on_gone();
  router.OnRun(folder.path() / "run-3");
  EXPECT_EQ(fleets[2]->first_id, 1'000'000);
}

TEST_F(DebugRouterTest, StaysOffWhenTheKernelsDebuggerCannotStart) {
  router.OnRun(run);
  const Json refused = router.Answer({{"command", "attach"}, {"seq", 1}}, [](const Json&) {
    return Json{{"success", false}, {"message", "no debugpy"}};
  });
  EXPECT_EQ(refused.at("message"), "no debugpy");
  EXPECT_FALSE(router.is_on());
  EXPECT_TRUE(fleets.empty());
}

TEST_F(DebugRouterTest, LetsWorkersGoWhenItIsSwitchedOff) {
  FakeFleet& fleet = Join();
  ReportStop(fleet, kThread);
  const auto reports = fleet.reports;
  TakePublished();
  EXPECT_EQ(Ask("disconnect").at("success"), true);
  EXPECT_EQ(fleet.TakePosted(), Lines{R"(disconnect {"restart":false,"terminateDebuggee":false})"});
  EXPECT_EQ(fleets[0].use_count(), 1);
  EXPECT_FALSE(router.is_on());
  ReportStop(fleet, kThread);  // it had been under way
  EXPECT_EQ(TakePublished(), Lines{});
  EXPECT_EQ(Ask("stackTrace", {{"threadId", kThread}}).at("success"), false);
  Ask("attach");  // the run goes on
  EXPECT_EQ(fleets.size(), 2U);
}

TEST_F(DebugRouterTest, SendsRequestsWhereTheirIdsLead) {
  FakeFleet& fleet = Join();
  fleet.answers["variables"] = {{"variables", Json::array()}};
  const Json response = Ask("variables", {{"variablesReference", kThread + 5}});
  EXPECT_EQ(response, (Json{{"type", "response"},
                            {"seq", seq},
                            {"request_seq", seq},
                            {"command", "variables"},
                            {"success", true},
                            {"body", {{"variables", Json::array()}}}}));
  Ask("scopes", {{"frameId", kThread + 1}});
  Ask("evaluate", {{"expression", "x"}, {"frameId", kThread + 1}});
  Ask("source", {{"source", {{"sourceReference", kThread + 2}}}, {"sourceReference", kThread + 2}});
  EXPECT_EQ(fleet.asked.size(), 4U);
  EXPECT_EQ(kernel_asked, Lines{});
  Ask("variables", {{"variablesReference", 5}});
  Ask("source", {{"source", {{"path", "/a.py"}}}, {"sourceReference", 0}});
  Ask("inspectVariables");
  EXPECT_EQ(kernel_asked.size(), 3U);
  EXPECT_EQ(fleet.asked.size(), 4U);
}

TEST_F(DebugRouterTest, TakesThreadOneForTheWorkerThatIsShown) {
  FakeFleet& fleet = Join();
  fleet.answers["continue"] = {{"allThreadsContinued", false}};
  Ask("continue", {{"threadId", 1}});
  EXPECT_EQ(kernel_asked, Lines{R"(continue {"threadId":1})"});
  ReportStop(fleet, kThread);
  Ask("continue", {{"threadId", 1}});
  EXPECT_EQ(fleet.asked, Lines{R"(continue {"threadId":1000000})"});
  router.OnKernelEvent({{"event", "stopped"}, {"body", {{"threadId", 1}}}});
  Ask("next", {{"threadId", 1}});
  EXPECT_EQ(kernel_asked.back(), R"(next {"threadId":1})");
}

TEST_F(DebugRouterTest, ShowsStoppedWorkersOneByOneAndTheKernelBetween) {
  FakeFleet& fleet = Join();
  fleet.answers["continue"] = {{"allThreadsContinued", false}};
  kernel_answers["debugInfo"] = {{"breakpoints", Json::array()}, {"stoppedThreads", Json::array()}};
  ReportStop(fleet, kThread);
  ReportStop(fleet, kThread + 1);
  EXPECT_EQ(TakePublished(), Lines{"stopped 1000000"});
  EXPECT_EQ(Ask("debugInfo").at("body").at("stoppedThreads"), Json::array({kThread}));
  Ask("continue", {{"threadId", kThread}});  // the adapter's answer may be all that it says
  EXPECT_EQ(TakePublished(), (Lines{"continued 1000000", "stopped 1000001"}));
  Report(fleet, "continued", {{"threadId", kThread}});
  EXPECT_EQ(TakePublished(), Lines{});
  EXPECT_EQ(Ask("debugInfo").at("body").at("stoppedThreads"), Json::array({kThread + 1}));
  router.OnKernelEvent({{"event", "stopped"}, {"body", {{"threadId", 1}}}});
  kernel_answers["debugInfo"]["stoppedThreads"] = {1};
  EXPECT_EQ(Ask("debugInfo").at("body").at("stoppedThreads"), Json::array({1}));
  router.OnKernelEvent({{"event", "continued"}, {"body", {{"threadId", 1}}}});
  EXPECT_EQ(TakePublished(), Lines{"stopped 1000001"});
}

TEST_F(DebugRouterTest, ShowsAnotherWorkerWhileAStepTakesLong) {
  FakeFleet& fleet = Join();
  fleet.answers["next"] = Json::object();
  ReportStop(fleet, kThread);
  ReportStop(fleet, kThread + 1);
  Ask("next", {{"threadId", kThread}});
  EXPECT_EQ(TakePublished(), (Lines{"stopped 1000000", "continued 1000000"}));
  ASSERT_EQ(fleet.reports.next_time(), now + StopQueue::kStepMayTake);
  now += StopQueue::kStepMayTake;
  fleet.reports.on_time();
  EXPECT_EQ(TakePublished(), Lines{"stopped 1000001"});
}

TEST_F(DebugRouterTest, KeepsTheEndOfARunFromTheFrontEnd) {
  FakeFleet& fleet = Join();
  Report(fleet, "thread", {{"reason", "started"}, {"threadId", kThread + 1}});
  ReportStop(fleet, kThread);
  TakePublished();
  Report(fleet, "exited", {{"exitCode", 0}});
  Report(fleet, "terminated", Json::object());
  EXPECT_EQ(TakePublished(), (Lines{"continued 1000000", "thread 1000000", "thread 1000001"}));
  fleet.reports.on_gone();
  EXPECT_EQ(TakePublished(), Lines{});
  EXPECT_EQ(Ask("continue", {{"threadId", kThread}}).at("success"), false);
  EXPECT_EQ(fleets[0].use_count(), 1);
  EXPECT_TRUE(router.is_on());
}

TEST_F(DebugRouterTest, TakesAwayWhatIsLostWithAnAdapter) {
  FakeFleet& fleet = Join();
  Report(fleet, "thread", {{"reason", "started"}, {"threadId", kThread + 1}});
  ReportStop(fleet, kThread);
  TakePublished();
  fleet.reports.on_gone();
  EXPECT_EQ(TakePublished(), (Lines{"continued 1000000", "thread 1000000", "thread 1000001"}));
}

TEST_F(DebugRouterTest, SaysInTheCellWhatTheAdapterSaysAndWhyItCannotJoin) {
  FakeFleet& fleet = Join();
  Report(fleet, "output", {{"category", "console"}, {"output", "w3 has no further mini-batch\n"}});
  Report(fleet, "output", {{"category", "console"}, {"output", "The run run-1 completed\n"}});
  Report(fleet, "output", {{"category", "telemetry"}, {"output", "7"}});
  fleet.reports.on_failure("setBreakpoints", "x");
  fleet.reports.on_failure("attach", "VS Code debugs this run");
  EXPECT_EQ(said,
            "w3 has no further mini-batch\n"
            "The notebook's debugger cannot look into the run's workers: VS Code debugs this run\n");
  router.OnRunEnded(run);
  fleet.reports.on_failure("attach", "no such run");  // it was over too soon: nobody needs to know
  EXPECT_EQ(said.find("no such run"), std::string::npos);
  Ask("threads");
  EXPECT_EQ(fleets[0].use_count(), 1);
}

TEST_F(DebugRouterTest, SetsBreakpointsOfACellThatWritesAFileInTheRunsCopy) {
  Dump("/tmp/cell.py", kCell);
  const Json response = SetLines("/tmp/cell.py", {3});
  EXPECT_EQ(response.at("body").at("breakpoints"),
            Json::parse(R"([{"verified": true, "line": 3, "source": {"path": "/tmp/cell.py"}}])"));
  EXPECT_EQ(kernel_asked.back(), R"(setBreakpoints {"breakpoints":[],"source":{"path":"/tmp/cell.py"}})");
  Ask("attach");
  router.OnRun(run);
  fleets[0]->TakePosted();
  Report(*fleets[0], "initialized", Json::object());
  const std::string copy = (run / "entry" / "entry.py").string();
  EXPECT_EQ(fleets[0]->TakePosted()[0], R"(setBreakpoints {"breakpoints":[{"line":2}],"source":{"path":")" + copy +
                                            R"("},"sourceModified":false})");
  kernel_answers["debugInfo"] = {{"breakpoints",
                                  {{{"source", "/tmp/cell.py"}, {"breakpoints", Json::array()}},
                                   {{"source", "/tmp/other.py"}, {"breakpoints", Json::array()}}}}};
  EXPECT_EQ(Ask("debugInfo").at("body").at("breakpoints"),
            Json::parse(R"([{"source": "/tmp/other.py", "breakpoints": []},
                            {"source": "/tmp/cell.py", "breakpoints": [{"line": 3}]}])"));
  SetLines("/tmp/cell.py", {3});
  EXPECT_EQ(fleets[0]->TakePosted(), Lines{});  // it knows
  SetLines("/tmp/cell.py", {});
  EXPECT_EQ(fleets[0]->TakePosted(),
            Lines{R"(setBreakpoints {"breakpoints":[],"source":{"path":")" + copy + R"("},"sourceModified":false})"});
}

TEST_F(DebugRouterTest, KeepsTheLineOfTheMagicForTheKernel) {
  Dump("/tmp/cell.py", kCell);
  kernel_answers["setBreakpoints"] = {{"breakpoints", {{{"verified", true}, {"line", 1}, {"id", 4}}}}};
  const Json response =
      Ask("setBreakpoints", {{"source", {{"path", "/tmp/cell.py"}}}, {"breakpoints", {{{"line", 2}}, {{"line", 1}}}}});
  EXPECT_EQ(kernel_asked.back(), R"(setBreakpoints {"breakpoints":[{"line":1}],"source":{"path":"/tmp/cell.py"}})");
  const Json& points = response.at("body").at("breakpoints");
  ASSERT_EQ(points.size(), 2U);
  EXPECT_EQ(points[0].at("line"), 2);
  EXPECT_EQ(points[1].at("id"), 4);
}

TEST_F(DebugRouterTest, LeavesOutBreakpointsOfACellThatIsNotWhatTheRunExecutes) {
  FakeFleet& fleet = Join();
  Dump("/tmp/cell.py", "%%writefile src/entry.py\ndef run(batch):\n    return []\n");  // edited, not run
  SetLines("/tmp/cell.py", {3});
  Dump("/tmp/plain.py", "x = 1\n");  // a cell of the kernel's
  SetLines("/tmp/plain.py", {1});
  EXPECT_EQ(fleet.TakePosted(), Lines{});
  const std::string own = (folder.path() / "entry.py").string();
  ASSERT_TRUE(WriteFileAtomically(own, kText).ok());
  SetLines(own, {1});  // the person's file
  Dump("/tmp/cell-2.py", kCell);
  SetLines("/tmp/cell-2.py", {3});
  SetLines("/usr/lib/python3/other.py", {9});
  const std::string copy = (run / "entry" / "entry.py").string();
  const std::string rest = R"("},"sourceModified":false})";
  EXPECT_EQ(fleet.TakePosted(),
            (Lines{R"(setBreakpoints {"breakpoints":[{"line":1}],"source":{"path":")" + copy + rest,
                   R"(setBreakpoints {"breakpoints":[{"line":1},{"line":2}],"source":{"path":")" + copy + rest,
                   R"(setBreakpoints {"breakpoints":[{"line":9}],"source":{"path":")" +
                       std::string("/usr/lib/python3/other.py") + rest}));
}

TEST_F(DebugRouterTest, LeavesAFileThatDiffersFromTheRunsCopyToTheAdapter) {
  FakeFleet& fleet = Join();
  const std::string own = (folder.path() / "entry.py").string();
  ASSERT_TRUE(WriteFileAtomically(own, "# new\n" + std::string(kText)).ok());
  SetLines(own, {3});
  EXPECT_EQ(fleet.TakePosted(), Lines{R"(setBreakpoints {"breakpoints":[{"line":3}],"source":{"path":")" + own +
                                      R"("},"sourceModified":false})"});
}

TEST_F(DebugRouterTest, ShowsFramesInTheCellThatWroteTheirFile) {
  FakeFleet& fleet = Join();
  Dump("/tmp/cell.py", kCell);
  const std::string copy = (run / "entry" / "entry.py").string();
  fleet.answers["threads"] = {{"threads", {{{"id", kThread}, {"name", "w0 - batch 3 - attempt 1"}}}}};
  fleet.answers["stackTrace"] = {
      {"stackFrames",
       {{{"id", kThread}, {"name", "run"}, {"line", 2}, {"source", {{"path", copy}}}},
        {{"id", kThread + 1}, {"name", "<lambda>"}, {"line", 7}, {"source", {{"path", "/usr/lib/x.py"}}}},
        {{"id", kThread + 2}, {"name", "<native>"}, {"line", 0}}}},
      {"totalFrames", 3}};
  const Json body = Ask("stackTrace", {{"threadId", kThread}}).at("body");
  EXPECT_EQ(body.at("stackFrames")[0], (Json{{"id", kThread},
                                             {"name", "w0 - batch 3 - attempt 1: run"},
                                             {"line", 3},
                                             {"source", {{"path", "/tmp/cell.py"}}}}));
  EXPECT_EQ(body.at("stackFrames")[1], fleet.answers["stackTrace"].at("stackFrames")[1]);
  EXPECT_EQ(body.at("totalFrames"), 3);
  WriteEntry("entry.py", "def run(batch):\n    return []\n");
  EXPECT_EQ(Ask("stackTrace", {{"threadId", kThread}}).at("body").at("stackFrames")[0].at("line"), 2);
}

TEST_F(DebugRouterTest, JoinsTheListsOfThreadsAndModules) {
  FakeFleet& fleet = Join();
  kernel_answers["threads"] = {{"threads", {{{"id", 1}, {"name", "MainThread"}}}}};
  EXPECT_EQ(Ask("threads").at("body"), kernel_answers["threads"]);  // the fleet has no answer
  fleet.answers["threads"] = {{"threads", {{{"id", kThread}, {"name", "w0 - waiting"}}}}};
  EXPECT_EQ(Ask("threads").at("body").at("threads").size(), 2U);
  kernel_answers["modules"] = {{"modules", {{{"id", 1}, {"path", "/a.py"}}}}};
  fleet.answers["modules"] = {{"modules", {{{"id", kThread}, {"path", "/a.py"}}, {{"id", 3}, {"path", "/b.py"}}}}};
  EXPECT_EQ(Ask("modules").at("body"),
            Json::parse(R"({"modules": [{"id": 1, "path": "/a.py"}, {"id": 3, "path": "/b.py"}]})"));
}

TEST_F(DebugRouterTest, PausesAWorkerThatRunsAMiniBatch) {
  FakeFleet& fleet = Join();
  fleet.answers["threads"] = {{"threads", {{{"id", kThread}, {"name", "w0 - waiting"}}}}};
  fleet.answers["pause"] = Json::object();
  Ask("pause", {{"threadId", 1}});
  EXPECT_EQ(kernel_asked, Lines{R"(pause {"threadId":1})"});
  fleet.answers["threads"]["threads"].push_back({{"id", kThread + 1}, {"name", "w1 - batch 4 - attempt 1"}});
  Ask("pause", {{"threadId", 1}});
  EXPECT_EQ(fleet.asked.back(), R"(pause {"threadId":1000001})");
}

TEST_F(DebugRouterTest, TellsTheFleetOfExceptionFiltersItKnows) {
  kernel_answers["initialize"] = {{"exceptionBreakpointFilters", {{{"filter", "raised"}}}}};
  EXPECT_EQ(Ask("initialize").at("body").at("exceptionBreakpointFilters")[1].at("filter"), "failed");
  FakeFleet& fleet = Join();
  Ask("setExceptionBreakpoints", {{"filters", {"failed", "userUnhandled", "raised"}}});
  EXPECT_EQ(kernel_asked, Lines{R"(setExceptionBreakpoints {"filters":["userUnhandled","raised"]})"});
  EXPECT_EQ(fleet.TakePosted(), Lines{R"(setExceptionBreakpoints {"filters":["raised","failed"]})"});
}

TEST_F(DebugRouterTest, ShowsRichVariablesOfAWorkerAndCopiesNoneToTheNotebook) {
  FakeFleet& fleet = Join();
  fleet.answers["evaluate"] = {{"result", "'rich:7b22746578742f706c61696e223a202231227d'"}};
  const Json rich = Ask("richInspectVariables", {{"variableName", "x"}, {"frameId", kThread + 1}});
  EXPECT_EQ(rich.at("body"), Json::parse(R"({"data": {"text/plain": "1"}, "metadata": {}})"));
  fleet.answers["evaluate"] = {{"result", "'no'"}};
  EXPECT_EQ(Ask("richInspectVariables", {{"variableName", "x"}, {"frameId", kThread + 1}}).at("success"), false);
  const Json copied =
      Ask("copyToGlobals", {{"srcVariableName", "x"}, {"dstVariableName", "x"}, {"srcFrameId", kThread + 1}});
  EXPECT_EQ(copied.at("success"), false);
  EXPECT_NE(copied.at("message").get<std::string>().find("another process"), std::string::npos);
  Ask("copyToGlobals", {{"srcFrameId", 3}});
  Ask("richInspectVariables", {{"variableName", "x"}, {"frameId", 3}});
  EXPECT_EQ(kernel_asked.size(), 2U);
}

}  // namespace
}  // namespace batchscope::kernel
