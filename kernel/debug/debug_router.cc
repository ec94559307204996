// What the front end asks. What fleets report is in debug_router_events.cc.
#include "kernel/debug/debug_router.h"

#include <algorithm>
#include <utility>

#include "kernel/debug/rich_variable.h"

namespace batchscope::kernel {
namespace {

using Json = nlohmann::json;

constexpr const char* kFailedFilter = "failed";  // the adapter's own; debugpy does not know it

Json Response(const Json& request, bool success) {
  const int seq = request.value("seq", 0);
  return {{"type", "response"},
          {"seq", seq},
          {"request_seq", seq},
          {"command", request.value("command", "")},
          {"success", success}};
}

Json Refusal(const Json& request, const std::string& message) {
  Json response = Response(request, false);
  response["message"] = message;
  return response;
}

Json Success(const Json& request, Json body) {
  Json response = Response(request, true);
  response["body"] = std::move(body);
  return response;
}

Json Arguments(const Json& request) {
  Json arguments = request.value("arguments", Json::object());
  return arguments.is_object() ? arguments : Json::object();
}

bool Succeeded(const Json& response) { return response.is_object() && response.value("success", false); }

int IntegerAt(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_number_integer() ? found->get<int>() : 0;
}

std::string TextAt(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

Json ListAt(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_array() ? *found : Json::array();
}

// The fleet that gave out an id; nothing for the kernel's.
std::optional<int> SlotOf(int id) {
  return id < DebugRouter::kFirstId ? std::nullopt
                                    : std::optional((id - DebugRouter::kFirstId) / DebugRouter::kIdsOfOne);
}

// The id in the arguments that says whose request it is; 0 when there is none.
int IdIn(const Json& arguments) {
  for (const char* key : {"threadId", "frameId", "variablesReference", "sourceReference", "targetId", "srcFrameId"}) {
    if (const int id = IntegerAt(arguments, key); id != 0) {
      return id;
    }
  }
  const auto source = arguments.find("source");
  return source != arguments.end() && source->is_object() ? IntegerAt(*source, "sourceReference") : 0;
}

bool LetsGo(const std::string& command) {
  return command == "continue" || command == "next" || command == "stepIn" || command == "stepOut";
}

}  // namespace

Json DebugRouter::Answer(const Json& request, const Kernel& kernel) {
  std::vector<std::shared_ptr<Fleet>> gone;  // their threads are joined at the end, without the lock
  {
    const std::lock_guard lock(mutex_);
    gone = TakeGoneLocked();
  }
  using Handler = Json (DebugRouter::*)(const Json&, const Kernel&);
  static const std::map<std::string, Handler> handlers{
      {"attach", &DebugRouter::Attach},
      {"disconnect", &DebugRouter::Disconnect},
      {"initialize", &DebugRouter::Initialize},
      {"dumpCell", &DebugRouter::DumpCell},
      {"setBreakpoints", &DebugRouter::SetBreakpoints},
      {"setExceptionBreakpoints", &DebugRouter::SetExceptionBreakpoints},
      {"debugInfo", &DebugRouter::Info},
      {"threads", &DebugRouter::Threads},
      {"modules", &DebugRouter::Modules},
      {"richInspectVariables", &DebugRouter::InspectRichly},
      {"pause", &DebugRouter::Pause},
  };
  const auto handler = handlers.find(TextAt(request, "command"));
  return handler == handlers.end() ? Route(request, kernel) : (this->*handler->second)(request, kernel);
}

// ---- the session

Json DebugRouter::Initialize(const Json& request, const Kernel& kernel) {
  Json response = kernel(request);
  if (Succeeded(response) && response.contains("body")) {
    Json& filters = response["body"]["exceptionBreakpointFilters"];
    filters = filters.is_array() ? filters : Json::array();
    filters.push_back({{"filter", kFailedFilter}, {"label", "On a failed mini-batch"}, {"default", false}});
  }
  return response;
}

Json DebugRouter::Attach(const Json& request, const Kernel& kernel) {
  Json response = kernel(request);
  if (Succeeded(response)) {
    const std::lock_guard lock(mutex_);
    is_on_ = true;
    for (const std::string& folder : runs_) {
      ConnectLocked(folder);
    }
  }
  return response;
}

Json DebugRouter::Disconnect(const Json& request, const Kernel& kernel) {
  Leave();
  return kernel(request);
}

void DebugRouter::Leave() {
  std::map<Slot, Member> left;
  {
    const std::lock_guard lock(mutex_);
    is_on_ = false;
    left.swap(members_);
    points_.clear();
    filters_.clear();
    stops_ = StopQueue();
  }
  for (auto& [slot, member] : left) {
    member.fleet->Post("disconnect", {{"restart", false}, {"terminateDebuggee", false}});
  }
  left.clear();  // workers that are stopped go on
}

Json DebugRouter::Info(const Json& request, const Kernel& kernel) {
  Json response = kernel(request);
  if (!Succeeded(response) || !response.contains("body")) {
    return response;
  }
  Json& body = response["body"];
  const std::lock_guard lock(mutex_);
  // The front end knows lines of cells; what the kernel's debugger was told is but a part of them.
  Json listed = Json::array();
  for (const Json& each : ListAt(body, "breakpoints")) {
    if (!points_.contains(TextAt(each, "source"))) {
      listed.push_back(each);
    }
  }
  for (const auto& [source, points] : points_) {
    if (!points.empty()) {
      listed.push_back({{"source", source}, {"breakpoints", points}});
    }
  }
  body["breakpoints"] = std::move(listed);
  // The one thread that is shown: JupyterLab lets another one go when it is given several.
  if (const auto shown = stops_.shown(); shown && SlotOf(*shown)) {
    body["stoppedThreads"] = Json::array({*shown});
  }
  return response;
}

// ---- breakpoints

Json DebugRouter::DumpCell(const Json& request, const Kernel& kernel) {
  Json response = kernel(request);
  if (Succeeded(response) && response.contains("body")) {
    const std::lock_guard lock(mutex_);
    const std::string source = TextAt(response["body"], "sourcePath");
    cell_sources_.insert(source);
    cells_.Note(source, TextAt(Arguments(request), "code"));
  }
  return response;
}

// Lines that a cell writes into a file are for the workers that run the file; the kernel never comes by there.
Json DebugRouter::SetBreakpoints(const Json& request, const Kernel& kernel) {
  const Json arguments = Arguments(request);
  const std::string source = TextAt(arguments.value("source", Json::object()), "path");
  const Json asked = ListAt(arguments, "breakpoints");
  Json for_kernel = request;
  std::vector<bool> is_workers(asked.size(), false);
  {
    const std::lock_guard lock(mutex_);
    if (const WrittenFile* written = cells_.Find(source)) {
      Json rest = Json::array();
      for (std::size_t at = 0; at < asked.size(); ++at) {
        is_workers[at] = IntegerAt(asked[at], "line") >= written->first_line;
        if (!is_workers[at]) {
          rest.push_back(asked[at]);
        }
      }
      for_kernel["arguments"]["breakpoints"] = std::move(rest);
    }
  }
  Json response = kernel(for_kernel);
  if (!Succeeded(response)) {
    return response;
  }
  const Json of_kernel = ListAt(response.value("body", Json::object()), "breakpoints");
  Json answers = Json::array();
  std::size_t next_of_kernel = 0;
  for (std::size_t at = 0; at < asked.size(); ++at) {
    if (is_workers[at]) {
      answers.push_back({{"verified", true}, {"line", IntegerAt(asked[at], "line")}, {"source", {{"path", source}}}});
    } else if (next_of_kernel < of_kernel.size()) {
      answers.push_back(of_kernel[next_of_kernel++]);
    }
  }
  response["body"]["breakpoints"] = std::move(answers);
  const std::lock_guard lock(mutex_);
  points_[source] = asked.get<Points>();
  TellPointsLocked();
  return response;
}

Json DebugRouter::SetExceptionBreakpoints(const Json& request, const Kernel& kernel) {
  Json for_kernel = request;
  std::vector<std::string> filters;
  Json rest = Json::array();
  for (const Json& filter : ListAt(Arguments(request), "filters")) {
    if (filter.is_string()) {
      filters.push_back(filter.get<std::string>());
    }
    if (filter != kFailedFilter) {
      rest.push_back(filter);
    }
  }
  for_kernel["arguments"]["filters"] = std::move(rest);
  Json response = kernel(for_kernel);
  const std::lock_guard lock(mutex_);
  filters_ = std::move(filters);
  for (const auto& [slot, member] : members_) {
    if (member.configured) {
      PostFiltersLocked(*member.fleet);
    }
  }
  return response;
}

// ---- threads, frames, variables

// The list of the kernel's debugger, and behind it what the fleets have, when they have it.
Json DebugRouter::JoinLists(const Json& request, const Kernel& kernel, const char* list, const char* key) {
  Json response = kernel(request);
  if (!Succeeded(response)) {
    return response;
  }
  Json& joined = response["body"][list];
  joined = joined.is_array() ? joined : Json::array();
  std::set<Json> known;
  for (const Json& each : joined) {
    known.insert(each.value(key, Json()));
  }
  for (const auto& fleet : Fleets()) {
    const Json answer = fleet->Ask(TextAt(request, "command"), Arguments(request));
    for (const Json& each : ListAt(answer.value("body", Json::object()), list)) {
      if (known.insert(each.value(key, Json())).second) {
        joined.push_back(each);
      }
    }
  }
  return response;
}

Json DebugRouter::Threads(const Json& request, const Kernel& kernel) {
  return JoinLists(request, kernel, "threads", "id");
}

Json DebugRouter::Modules(const Json& request, const Kernel& kernel) {
  return JoinLists(request, kernel, "modules", "path");
}

// JupyterLab has one button and no list of threads: it means the workers while there are any, and of them one that
// works on a mini-batch. The kernel itself waits for the run most of that time, and could not be stopped anyway.
Json DebugRouter::Pause(const Json& request, const Kernel& kernel) {
  const int thread = IntegerAt(Arguments(request), "threadId");
  if (SlotOf(thread)) {
    return Route(request, kernel);
  }
  for (const auto& fleet : Fleets()) {
    const Json answer = fleet->Ask("threads", Json::object());
    const Json threads = ListAt(answer.value("body", Json::object()), "threads");
    for (const Json& each : threads) {
      if (TextAt(each, "name").find("batch ") != std::string::npos) {
        Json worker = request;
        worker["arguments"]["threadId"] = IntegerAt(each, "id");
        return Route(worker, kernel);
      }
    }
  }
  return kernel(request);
}

Json DebugRouter::InspectRichly(const Json& request, const Kernel& kernel) {
  const Json arguments = Arguments(request);
  const int frame = IntegerAt(arguments, "frameId");
  const std::string name = TextAt(arguments, "variableName");
  const auto slot = SlotOf(frame);
  if (!slot) {
    return kernel(request);
  }
  Json evaluated = AskFleet(
      request, slot, "evaluate",
      {{"expression", RichExpression(name)}, {"frameId", frame}, {"context", "clipboard"}});  // is never shortened
  if (!Succeeded(evaluated)) {
    return evaluated;
  }
  auto body = ReadRichResult(TextAt(evaluated.value("body", Json::object()), "result"));
  return body ? Success(request, std::move(*body)) : Refusal(request, "The worker could not show " + name + ".");
}

// By the id in it; without one, to the kernel. JupyterLab asks for thread 1 when it means the one that it shows.
Json DebugRouter::Route(const Json& request, const Kernel& kernel) {
  const std::string command = TextAt(request, "command");
  Json arguments = Arguments(request);
  int id = IdIn(arguments);
  {
    const std::lock_guard lock(mutex_);
    const auto shown = stops_.shown();
    const bool of_thread = LetsGo(command) || command == "stackTrace";
    if (of_thread && !SlotOf(id) && shown && SlotOf(*shown)) {
      id = *shown;
      arguments["threadId"] = id;
    }
    if (LetsGo(command)) {
      const auto resume = command == "continue" ? StopQueue::Resume::kGoesOn : StopQueue::Resume::kSteps;
      PublishLocked(stops_.OnResume(id, resume, outside_.now()));
    }
  }
  const auto slot = SlotOf(id);
  if (!slot) {
    return kernel(request);
  }
  if (command == "copyToGlobals") {
    return Refusal(request,
                   "This variable lives in a worker, another process: it cannot be copied to the notebook's "
                   "globals. Have run() return or save what you want to keep.");
  }
  Json response = AskFleet(request, slot, command, std::move(arguments));
  if (command == "stackTrace" && Succeeded(response)) {
    NameFrames(response["body"]["stackFrames"], *slot, id);
  }
  return response;
}

// The response as the front end expects it: to its own request.
Json DebugRouter::AskFleet(const Json& request, std::optional<Slot> slot, const std::string& command, Json arguments) {
  const std::shared_ptr<Fleet> fleet = slot ? FleetOf(*slot) : nullptr;
  if (fleet == nullptr) {
    return Refusal(request, "The run of this worker has ended, or its debugger was switched off.");
  }
  Json response = fleet->Ask(command, std::move(arguments));
  const Json head = Response(request, Succeeded(response));
  for (const auto& [key, value] : head.items()) {
    response[key] = value;
  }
  return response;
}

// Frames in files that cells wrote become lines of the cells; the innermost says whose it is.
void DebugRouter::NameFrames(Json& frames, Slot slot, int thread) {
  if (!frames.is_array() || frames.empty()) {
    return;
  }
  std::string worker;
  if (const auto fleet = FleetOf(slot)) {
    const Json answer = fleet->Ask("threads", Json::object());
    for (const Json& each : ListAt(answer.value("body", Json::object()), "threads")) {
      worker = IntegerAt(each, "id") == thread ? TextAt(each, "name") : worker;
    }
  }
  if (!worker.empty()) {
    frames[0]["name"] = worker + ": " + TextAt(frames[0], "name");
  }
  const std::lock_guard lock(mutex_);
  for (Json& frame : frames) {
    const auto source = frame.find("source");
    if (source == frame.end() || !source->is_object()) {
      continue;
    }
    if (const auto place = cells_.CellOf(TextAt(*source, "path"), IntegerAt(frame, "line"))) {
      (*source)["path"] = place->source;
      frame["line"] = place->line;
    }
  }
}

std::shared_ptr<Fleet> DebugRouter::FleetOf(Slot slot) const {
  const std::lock_guard lock(mutex_);
  const auto member = members_.find(slot);
  return member == members_.end() || member->second.gone ? nullptr : member->second.fleet;
}

std::vector<std::shared_ptr<Fleet>> DebugRouter::Fleets() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::shared_ptr<Fleet>> fleets;
  for (const auto& [slot, member] : members_) {
    if (member.configured && !member.gone) {
      fleets.push_back(member.fleet);
    }
  }
  return fleets;
}

}  // namespace batchscope::kernel
