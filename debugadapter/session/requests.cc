#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "debugadapter/session/handlers.h"

namespace batchscope::session {
namespace {

struct Entry {
  std::string_view command;
  Stage from;  ///< The earliest stage it is legal in; all are illegal once the session is over, but disconnect.
  void (*serve)(Context&, const Call&);
};

constexpr Entry kRequests[] = {
    {"initialize", Stage::kNew, Initialize},
    {"attach", Stage::kInitialized, Attach},
    {"launch", Stage::kInitialized, Launch},
    {"configurationDone", Stage::kJoined, ConfigurationDone},
    {"disconnect", Stage::kNew, Disconnect},
    {"terminate", Stage::kInitialized, Terminate},
    {"cancel", Stage::kNew, Cancel},

    {"setBreakpoints", Stage::kJoined, SetBreakpoints},
    {"setFunctionBreakpoints", Stage::kJoined, SetFunctionBreakpoints},
    {"setExceptionBreakpoints", Stage::kJoined, SetExceptionBreakpoints},

    {"continue", Stage::kRunning, Continue},
    {"pause", Stage::kRunning, Pause},
    {"next", Stage::kRunning, Next},
    {"stepIn", Stage::kRunning, StepIn},
    {"stepOut", Stage::kRunning, StepOut},
    {"stepInTargets", Stage::kRunning, StepInTargets},
    {"gotoTargets", Stage::kRunning, GotoTargets},
    {"goto", Stage::kRunning, Goto},

    {"threads", Stage::kInitialized, Threads},
    {"stackTrace", Stage::kRunning, StackTrace},
    {"source", Stage::kRunning, Source},
    {"modules", Stage::kInitialized, Modules},
    {"exceptionInfo", Stage::kRunning, ExceptionInfo},

    {"scopes", Stage::kRunning, Scopes},
    {"variables", Stage::kRunning, Variables},
    {"setVariable", Stage::kRunning, SetVariable},
    {"setExpression", Stage::kRunning, SetExpression},
    {"evaluate", Stage::kInitialized, Evaluate},
    {"completions", Stage::kInitialized, Completions},

    {"batchscope/continue", Stage::kRunning, ContinueWorkers},
    {"batchscope/pause", Stage::kRunning, PauseWorkers},
    {"batchscope/stopAtNextRun", Stage::kRunning, StopAtNextRun},
    {"batchscope/workers", Stage::kJoined, ListWorkers},
};

std::string TooEarly(const std::string& command, Stage from) {
  switch (from) {
    case Stage::kInitialized:
      return fmt::format("'{}' came before 'initialize', which a session begins with", command);
    case Stage::kRunning:
      return fmt::format("'{}' came before 'configurationDone': no worker can be stopped yet", command);
    default:
      return fmt::format(
          "'{}' came before the session has joined a run: send 'attach' or 'launch', and wait for the "
          "event 'initialized'",
          command);
  }
}

/// What is no request cannot be answered as one; it gets the nearest there is to an answer.
void RefuseMessage(Context& context, const Json& message, const std::string& why) {
  if (message.is_object() && message.value("type", Json()) == "response") return;  // We ask clients nothing.
  protocol::Request request;
  if (message.is_object()) {
    if (const auto seq = message.find("seq"); seq != message.end() && seq->is_number_integer()) {
      request.seq = seq->get<int>();
    }
    if (const auto command = message.find("command"); command != message.end() && command->is_string()) {
      request.command = command->get<std::string>();
    }
  }
  context.client.Fail(context.client.Open(request), protocol::kMalformed, why);
}

}  // namespace

void ServeClient(Context& context, const Json& message) {
  const Result<protocol::Request> request = protocol::ParseRequest(message);
  if (!request.ok()) return RefuseMessage(context, message, request.message());
  const std::string& command = request->command;
  const Ticket ticket = context.client.Open(*request);
  const auto* entry = std::find_if(std::begin(kRequests), std::end(kRequests),
                                   [&](const Entry& one) { return one.command == command; });
  if (entry == std::end(kRequests)) {
    return context.client.Fail(ticket, protocol::kUnknownCommand,
                               fmt::format("'{}' is not supported by Batchscope's debug adapter", command));
  }
  if (context.stage == Stage::kOver && command != "disconnect") {
    return context.client.Fail(ticket, protocol::kSessionOver,
                               fmt::format("'{}' came after the end of the session: attach anew", command));
  }
  if (context.stage < entry->from) {
    return context.client.Fail(ticket, protocol::kWrongState, TooEarly(command, entry->from));
  }
  Fields fields(request->arguments);
  entry->serve(context, {ticket, fields, request->arguments});
}

}  // namespace batchscope::session
