#include "tests/debugadapter/session/fake_run.h"

#include <gtest/gtest.h>

#include <fstream>
#include <utility>

namespace batchscope::session {

const char* const kEntry =
    "import os\n"
    "\n"
    "def init():\n"
    "    '''Loads.'''\n"
    "    os.getpid()\n"
    "\n"
    "def run(mini_batch):\n"
    "    total = 0\n"
    "    for item in mini_batch:\n"
    "        total += helper(item)\n"
    "    return [total]\n"
    "\n"
    "def helper(item):\n"
    "    return len(item)\n";

namespace {

void Write(const std::filesystem::path& path, const std::string& text) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream(path) << text;
}

}  // namespace

FakeRun::FakeRun(SessionOptions options) : folder(temp_.path()), session(*this, std::move(options)) {
  own_file = (folder / "mine" / "entry.py").string();
  copy = (folder / "run" / "entry" / "entry.py").string();
  Write(own_file, kEntry);
  Write(copy, kEntry);
}

void FakeRun::ToClient(Json message) { to_client.push_back(std::move(message)); }

void FakeRun::ToRun(const wire::FromClient& message) {
  to_run.push_back(message);
  if (const auto* arm = std::get_if<wire::ArmWorker>(&message)) {
    debuggers[arm->worker.value].commands.push_back("ARM");
  } else if (const auto* disarm = std::get_if<wire::DisarmWorker>(&message)) {
    FakeDebugger& debugger = debuggers[disarm->worker.value];
    debugger.commands.push_back("DISARM");
    debugger.armed = false;
    debugger.stopped.clear();
    debugger.breakpoints.clear();
    debugger.filters = Json::array();
    debugger.functions = Json::array();
    if (!slow_disarming) queue_.push_back(wire::WorkerDisarmed{disarm->worker, ""});
  } else if (const auto* to = std::get_if<wire::ToDebugger>(&message)) {
    Serve(to->worker.value, Json::parse(to->json));
  } else if (std::holds_alternative<wire::AskWorkers>(message)) {
    wire::Workers workers;
    for (const auto& [id, view] : views) workers.workers.push_back(view);
    queue_.push_back(workers);
  }
}

Json FakeRun::Made(FakeDebugger& debugger, const Json& wanted) {
  Json made = Json::array();
  debugger.ids.clear();
  for (const Json& one : wanted) {
    debugger.ids.push_back(++debugger.last_id);
    made.push_back({{"id", debugger.last_id}, {"verified", true}, {"line", one.value("line", 0)}});
  }
  return made;
}

Json FakeRun::Body(std::uint32_t worker, const Json& request) {
  FakeDebugger& debugger = debuggers[worker];
  const std::string command = request["command"];
  const Json& arguments = request["arguments"];
  if (command == "pydevdAuthorize" && !arguments["debugServerAccessToken"].is_null()) {
    trouble.push_back("a token");
  }
  if (command == "setBreakpoints") {
    debugger.breakpoints[arguments["source"]["path"]] = arguments["breakpoints"];
    return {{"breakpoints", Made(debugger, arguments["breakpoints"])}};
  }
  if (command == "setFunctionBreakpoints") {
    debugger.functions = arguments["breakpoints"];
    return {{"breakpoints", Made(debugger, arguments["breakpoints"])}};
  }
  if (command == "setExceptionBreakpoints") debugger.filters = arguments["filters"];
  if (command == "threads") return {{"threads", debugger.threads}};
  if (command == "stackTrace") {
    return {{"stackFrames", debugger.frames}, {"totalFrames", debugger.frames.size()}};
  }
  if (command == "scopes") {
    return {{"scopes", Json::array({{{"name", "Locals"}, {"variablesReference", arguments["frameId"]}}})}};
  }
  if (command == "variables") {
    return {{"variables", Json::array({{{"name", "total"}, {"value", "0"}, {"variablesReference", 0}},
                                       {{"name", "item"}, {"value", "[]"}, {"variablesReference", 77}}})}};
  }
  if (command == "evaluate") return {{"result", "42"}, {"variablesReference", 78}};
  if (command == "completions") return {{"targets", Json::array({{{"label", "total"}, {"start", 0}, {"length", 1}}})}};
  if (command == "setVariable" || command == "setExpression") return {{"value", arguments["value"]}};
  if (command == "gotoTargets") return {{"targets", Json::array({{{"id", 5}, {"line", arguments["line"]}}})}};
  if (command == "stepInTargets") return {{"targets", Json::array({{{"id", 9}, {"label", "helper"}}})}};
  if (command == "source") return {{"content", "x = 1\n"}};
  if (command == "exceptionInfo") {
    return {{"exceptionId", "ValueError       (note: full exception trace is shown but execution is paused at: run)"},
            {"description", "no"},
            {"breakMode", "always"},
            {"details", {{"stackTrace", "File \"e.py\", line 3, in run (Current frame)\n"}, {"source", copy}}}};
  }
  return Json::object();
}

void FakeRun::Serve(std::uint32_t worker, const Json& request) {
  static const std::set<std::string> kServed = {
      "pydevdAuthorize",
      "initialize",
      "attach",
      "setBreakpoints",
      "setFunctionBreakpoints",
      "setExceptionBreakpoints",
      "threads",
      "next",
      "stepIn",
      "stepOut",
      "configurationDone",
      "continue",
      "pause",
      "stackTrace",
      "scopes",
      "variables",
      "evaluate",
      "completions",
      "setVariable",
      "goto",
      "source",
      "gotoTargets",
      "stepInTargets",
      "exceptionInfo",
      "setExpression",
  };
  FakeDebugger& debugger = debuggers[worker];
  const std::string command = request["command"];
  debugger.commands.push_back(command);
  debugger.last = request["arguments"];
  if (kServed.count(command) == 0) trouble.push_back(command);
  if (debugger.silent) return;
  if (debugger.refused.count(command) > 0) {
    Debugger(worker, {{"type", "response"},
                      {"request_seq", request["seq"]},
                      {"command", command},
                      {"success", false},
                      {"message", "it will not"}});
    return;
  }
  const bool is_resume = command == "continue" || command == "next" || command == "stepIn" || command == "stepOut";
  if (is_resume && debugger.stopped.empty()) {
    if (command != "continue") trouble.push_back(command + " while running");
    return;  // Never answered.
  }
  if (command == "exceptionInfo" && debugger.stopped.begin()->second != "exception") {
    trouble.push_back("exceptionInfo outside of an exception");
    return;
  }
  if (command == "attach") {
    Debugger(worker, {{"type", "event"}, {"event", "process"}, {"body", {{"name", "x"}}}});
    Debugger(worker, {{"type", "event"}, {"event", "initialized"}});
  }
  if (is_resume) {
    const bool single = request["arguments"].value("singleThread", false);
    for (const auto& [thread, reason] : std::exchange(debugger.stopped, {})) {
      if (single && thread != request["arguments"]["threadId"]) {
        debugger.stopped[thread] = reason;
        continue;
      }
      Debugger(worker, {{"type", "event"},
                        {"event", "continued"},
                        {"body", {{"threadId", thread}, {"allThreadsContinued", false}}}});
    }
  }
  Debugger(worker, {{"type", "response"},
                    {"request_seq", request["seq"]},
                    {"command", command},
                    {"success", true},
                    {"body", Body(worker, request)}});
  if (command == "configurationDone") {
    debugger.armed = true;
    queue_.push_back(wire::WorkerArmed{{worker}});
  }
}

int FakeRun::Send(const std::string& command, Json arguments) {
  const int seq = ++last_seq_;
  session.OnClient({{"type", "request"}, {"seq", seq}, {"command", command}, {"arguments", std::move(arguments)}});
  Settle();
  return seq;
}

int FakeRun::Answers(int seq) const {
  int answers = 0;
  for (const Json& message : to_client) answers += message["type"] == "response" && message["request_seq"] == seq;
  return answers;
}

Json FakeRun::AnswerTo(int seq) const {
  for (const Json& message : to_client) {
    if (message["type"] == "response" && message["request_seq"] == seq) return message;
  }
  return {};
}

Json FakeRun::Ask(const std::string& command, Json arguments) {
  const int seq = Send(command, std::move(arguments));
  EXPECT_EQ(Answers(seq), 1) << command;
  const Json answer = AnswerTo(seq);
  EXPECT_TRUE(answer.value("success", false)) << answer.dump(1);
  return answer.value("body", Json::object());
}

std::string FakeRun::Refused(const std::string& command, Json arguments) {
  const int seq = Send(command, std::move(arguments));
  EXPECT_EQ(Answers(seq), 1) << command;
  const Json answer = AnswerTo(seq);
  EXPECT_FALSE(answer.value("success", true)) << answer.dump(1);
  return answer.value("message", "");
}

std::vector<Json> FakeRun::Events(const std::string& name) const {
  std::vector<Json> bodies;
  for (const Json& message : to_client) {
    if (message["type"] == "event" && message["event"] == name) bodies.push_back(message.value("body", Json::object()));
  }
  return bodies;
}

std::string FakeRun::Console() const {
  std::string text;
  for (const Json& body : Events("output")) text += body["output"].get<std::string>();
  return text;
}

void FakeRun::Joins() {
  wire::Welcome welcome;
  welcome.run_id = "r1";
  welcome.step = "score";
  welcome.run_folder = (folder / "run").string();
  welcome.entry_folder = (folder / "run" / "entry").string();
  welcome.source_directory = (folder / "mine").string();
  welcome.entry_script = "entry.py";
  session.OnJoined(welcome);
  Settle();
}

void FakeRun::Attach(Json arguments) {
  Ask("initialize", {{"clientName", "A test"}});
  const int seq = Send("attach", std::move(arguments));
  Joins();
  EXPECT_TRUE(AnswerTo(seq).value("success", false));
  Ask("configurationDone");
}

void FakeRun::Worker(std::uint32_t worker, bool lane) {
  wire::WorkerView view;
  view.worker = {worker};
  view.pid = static_cast<int>(1000 + worker);
  view.lane = lane;
  view.phase = wire::WorkerPhase::kWaiting;
  views[worker] = view;
  debuggers[worker] = {};
  Says(wire::WorkerJoined{{worker}, view.pid, lane});
}

void FakeRun::Leaves(std::uint32_t worker, const std::string& why) {
  views.erase(worker);
  Says(wire::WorkerLeft{{worker}, why});
}

void FakeRun::Says(wire::ToClient message) {
  queue_.push_back(std::move(message));
  Settle();
}

void FakeRun::Debugger(std::uint32_t worker, Json message) {
  message["seq"] = 1;
  queue_.push_back(wire::FromDebugger{{worker}, message.dump()});
}

void FakeRun::Stops(std::uint32_t worker, std::int64_t thread, const std::string& reason, int line, Json more) {
  FakeDebugger& debugger = debuggers[worker];
  EXPECT_TRUE(debugger.armed) << "worker " << worker;
  debugger.stopped[thread] = reason;
  debugger.frames = Json::array({{{"id", 10 + thread}, {"name", "run"}, {"line", line}, {"source", {{"path", copy}}}},
                                 {{"id", 20 + thread},
                                  {"name", "main"},
                                  {"line", 3},
                                  {"source", {{"path", "/venv/batchscope/_forkserver.py"}}}}});
  Json body = {{"threadId", thread}, {"reason", reason}, {"allThreadsStopped", false}, {"preserveFocusHint", false}};
  if (more.is_object()) body.update(more);
  Debugger(worker, {{"type", "event"}, {"event", "stopped"}, {"body", std::move(body)}});
  Settle();
}

void FakeRun::Gate(std::uint32_t worker, wire::AtGate at) { Says(wire::WorkerAtGate{{worker}, std::move(at)}); }

void FakeRun::Gate(std::uint32_t worker, wire::Gate gate, Attempt attempt, std::vector<std::uint32_t> rules) {
  wire::AtGate at;
  at.gate = gate;
  at.attempt = attempt;
  at.rules = std::move(rules);
  Gate(worker, std::move(at));
}

void FakeRun::Wait(std::chrono::milliseconds time) {
  now += time;
  session.OnTime();
  Settle();
}

void FakeRun::Settle() {
  while (!queue_.empty()) {
    const wire::ToClient message = std::move(queue_.front());
    queue_.pop_front();
    session.OnRun(message);
  }
}

int FakeRun::ThreadOf(std::uint32_t worker) {
  const std::string name = "w" + std::to_string(worker) + " ";
  for (const Json& thread : Threads()) {
    if (thread["name"].get<std::string>().rfind(name, 0) == 0) return thread["id"];
  }
  ADD_FAILURE() << "no thread of worker " << worker;
  return 0;
}

bool FakeRun::Passed(std::uint32_t worker) const {
  for (const wire::Pass& pass : Sent<wire::Pass>()) {
    if (pass.worker.value == worker) return true;
  }
  return false;
}

}  // namespace batchscope::session
