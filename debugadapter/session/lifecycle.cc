#include <fmt/format.h>

#include <filesystem>
#include <utility>

#include "debugadapter/session/arming.h"
#include "debugadapter/session/handlers.h"
#include "debugadapter/session/stops.h"
#include "runtime/base/files.h"
#include "runtime/base/token.h"

namespace batchscope::session {
namespace {

Json Capabilities() {
  Json filters = Json::array();
  filters.push_back({{"filter", "uncaught"},
                     {"label", "Uncaught in run()"},
                     {"description", "An exception leaves run() or init()."},
                     {"default", true}});
  filters.push_back({{"filter", "failed"},
                     {"label", "On a failed mini-batch"},
                     {"description", "A mini-batch failed for the last time, also without an exception."},
                     {"default", false}});
  filters.push_back({{"filter", "raised"},
                     {"label", "Raised"},
                     {"description", "Where any exception is raised, also one that is caught. Workers run slower."},
                     {"default", false}});
  Json capabilities = {{"exceptionBreakpointFilters", std::move(filters)},
                       {"completionTriggerCharacters", Json::array({"."})}};
  for (const char* name : {"supportsConfigurationDoneRequest",
                           "supportsFunctionBreakpoints",
                           "supportsConditionalBreakpoints",
                           "supportsHitConditionalBreakpoints",
                           "supportsLogPoints",
                           "supportsEvaluateForHovers",
                           "supportsSetVariable",
                           "supportsSetExpression",
                           "supportsGotoTargetsRequest",
                           "supportsStepInTargetsRequest",
                           "supportsCompletionsRequest",
                           "supportsModulesRequest",
                           "supportsExceptionInfoRequest",
                           "supportsDelayedStackTraceLoading",
                           "supportsClipboardContext",
                           "supportsValueFormattingOptions",
                           "supportsTerminateRequest",
                           "supportTerminateDebuggee",
                           "supportsCancelRequest",
                           "supportsSingleThreadExecutionRequests"}) {
    capabilities[name] = true;
  }
  return capabilities;
}

/// What attach and launch have in common. False: the request was answered with an error.
bool TakeSettings(Context& context, const Call& call) {
  if (context.stage != Stage::kInitialized) {
    context.client.Fail(call.ticket, protocol::kWrongState,
                        "This session has a run already: end it with 'disconnect' before another 'attach' or 'launch'");
    return false;
  }
  Settings& settings = context.settings;
  settings.just_my_code = call.arguments.Flag("justMyCode", true);
  settings.show_return_value = call.arguments.Flag("showReturnValue");
  settings.show_all_threads = call.arguments.Flag("showAllThreads");
  settings.continue_all = call.arguments.Flag("continueAll");
  settings.debug = !call.arguments.Flag("noDebug");
  const std::string token = call.arguments.Text("token");
  if (!call.arguments.ok()) {
    context.client.Fail(call.ticket, protocol::kMalformed, call.arguments.status().message());
    return false;
  }
  if (!context.options.token.empty() && !IsSameToken(context.options.token, token)) {
    context.client.Fail(call.ticket, protocol::kWrongToken,
                        "The token is wrong: give the one that batchscope-dap printed as 'token' of the configuration");
    return false;
  }
  return true;
}

void Joining(Context& context, const Call& call) {
  context.stage = Stage::kJoining;
  context.joining = call.ticket;
}

Result<LaunchPlan> ReadPlan(Fields& arguments) {
  LaunchPlan plan;
  plan.step = arguments.NeededText("step");
  plan.program = arguments.Text("program");
  plan.arguments = arguments.Texts("args");
  plan.cwd = arguments.Text("cwd");
  plan.debug = !arguments.Flag("noDebug");
  const Json& environment = arguments.Object("env");
  Fields values(environment, arguments.Where("env"));
  for (const auto& [name, value] : environment.items()) {
    plan.environment.emplace_back(name, value.is_null() ? std::nullopt : std::optional(values.Text(name)));
  }
  arguments.Note(values.status());
  BATCHSCOPE_RETURN_IF_ERROR(arguments.status());
  if (plan.step.empty()) return Status::Error("'arguments.step' is empty, expected the path of a step file");
  return plan;
}

}  // namespace

void Initialize(Context& context, const Call& call) {
  if (context.stage != Stage::kNew) {
    return context.client.Fail(call.ticket, protocol::kWrongState, "'initialize' came twice");
  }
  const bool from_one = call.arguments.Flag("linesStartAt1", true) && call.arguments.Flag("columnsStartAt1", true);
  const std::string format = call.arguments.Text("pathFormat", "path");
  std::string name = call.arguments.Text("clientName", call.arguments.Text("clientID"));
  if (!call.arguments.ok()) {
    return context.client.Fail(call.ticket, protocol::kMalformed, call.arguments.status().message());
  }
  if (!from_one || format != "path") {
    return context.client.Fail(call.ticket, protocol::kMalformed,
                               "Only lines and columns from 1 and paths (not URIs) are understood: set linesStartAt1 "
                               "and columnsStartAt1 to true and pathFormat to \"path\"");
  }
  if (!name.empty()) context.client_name = std::move(name);
  context.stage = Stage::kInitialized;
  context.client.Succeed(call.ticket, Capabilities());
}

void Attach(Context& context, const Call& call) {
  const std::string run = call.arguments.Text("run");
  if (!TakeSettings(context, call)) return;
  context.settings.launched = false;
  Joining(context, call);
  context.outside.Join(run);
}

void Launch(Context& context, const Call& call) {
  const Result<LaunchPlan> plan = ReadPlan(call.arguments);
  if (!plan.ok()) return context.client.Fail(call.ticket, protocol::kMalformed, plan.message());
  if (!TakeSettings(context, call)) return;
  context.settings.launched = true;
  Joining(context, call);
  context.outside.Launch(*plan);
}

void Started(Context& context, Result<wire::Welcome> welcome) {
  if (context.stage != Stage::kJoining) {
    if (welcome.ok()) context.outside.Leave();  // The client went away in between.
    return;
  }
  const Ticket ticket = *std::exchange(context.joining, std::nullopt);
  if (!welcome.ok()) {
    context.stage = Stage::kInitialized;
    context.client.Fail(ticket, protocol::kCannotJoin, welcome.message());
    if (context.settings.launched && context.exit_code) Finish(context);
    return;
  }
  context.run = std::move(*welcome);
  context.stage = Stage::kJoined;
  context.paths = fleet::PathMap(context.run.source_directory, context.run.entry_folder);
  context.entry.path = (std::filesystem::path(context.run.entry_folder) / context.run.entry_script).string();
  if (const Result<std::string> source = ReadFile(context.entry.path); source.ok()) {
    context.entry.points = fleet::FindEntryPoints(*source);
  }
  context.client.Succeed(ticket);
  context.client.Event("process", {{"name", context.run.step + " (" + context.run.run_id + ")"},
                                   {"startMethod", context.settings.launched ? "launch" : "attach"},
                                   {"isLocalProcess", true}});
  context.client.Event("initialized");
}

void ConfigurationDone(Context& context, const Call& call) {
  context.client.Succeed(call.ticket);
  if (context.stage == Stage::kRunning) return;  // Some clients say it twice.
  context.stage = Stage::kRunning;
  ReconcileAll(context, Why::kStateChanged);
}

void Finish(Context& context) {
  if (context.stage == Stage::kOver) return;
  if (context.exit_code) context.client.Event("exited", {{"exitCode", *context.exit_code}});
  context.client.Event("terminated");
  context.stage = Stage::kOver;
  context.client.FailAll(protocol::kSessionOver, "The session is over: the run has ended");
}

void Disconnect(Context& context, const Call& call) {
  const bool ends = call.arguments.Flag("terminateDebuggee", context.settings.launched);
  if (!call.arguments.ok()) {
    return context.client.Fail(call.ticket, protocol::kMalformed, call.arguments.status().message());
  }
  const bool is_there = context.stage == Stage::kJoined || context.stage == Stage::kRunning;
  context.client.Succeed(call.ticket);
  context.client.FailAll(protocol::kSessionOver, "The session is over: the client has left");
  if (ends && context.settings.launched && !context.exit_code) context.outside.StopLaunched();
  if (ends && !context.settings.launched && is_there) context.outside.ToRun(wire::CancelRun{});
  if (is_there) context.outside.Leave();
  context.stage = Stage::kOver;
  context.outside.End();
}

void Terminate(Context& context, const Call& call) {
  context.client.Succeed(call.ticket);
  if (context.settings.launched) {
    if (!context.exit_code) context.outside.StopLaunched();
  } else if (context.stage >= Stage::kJoined) {
    context.outside.ToRun(wire::CancelRun{});
  }
}

void Cancel(Context& context, const Call& call) {
  const auto request = call.arguments.MaybeInteger("requestId");
  if (!call.arguments.ok()) {
    return context.client.Fail(call.ticket, protocol::kMalformed, call.arguments.status().message());
  }
  // Itself is open, and never what it means.
  context.client.Succeed(call.ticket);
  if (request) context.client.Cancel(*request);
}

}  // namespace batchscope::session
