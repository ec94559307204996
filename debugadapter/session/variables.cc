#include <fmt/format.h>

#include <utility>

#include "debugadapter/session/handlers.h"
#include "debugadapter/session/worker_link.h"

namespace batchscope::session {
namespace {

/// Puts the client's number in place of a worker's.
void TranslateReference(Context& context, const fleet::RemoteId& at, Json& holder) {
  if (!holder.is_object()) return;
  const std::int64_t reference = Fields(holder).Integer("variablesReference");
  holder["variablesReference"] = reference <= 0 ? 0 : context.ids.variables.Of({at.worker, at.thread, reference});
}

/// The number `name` of the arguments, in the table; none: the request was answered with an error.
std::optional<fleet::RemoteId> Remote(Context& context, const Call& call, const fleet::IdTable& table,
                                      const char* name) {
  const std::int64_t id = call.arguments.NeededInteger(name);
  if (!call.arguments.ok()) {
    context.client.Fail(call.ticket, protocol::kMalformed, call.arguments.status().message());
    return std::nullopt;
  }
  const auto found = table.Find(id);
  if (!found) {
    context.client.Deny(call.ticket, fmt::format("'{}' {} is gone: its worker went on", name, id), protocol::kNoSuchId);
  }
  return found;
}

/// Hands the request on with the worker's number in `name`, and the answer back with the client's numbers in the
/// elements of `list`, or in the body itself when there is none.
void HandOn(Context& context, const Call& call, const char* command, const char* name, const fleet::RemoteId& remote,
            const char* list) {
  Json arguments = call.raw;
  arguments[name] = remote.id;
  Ask(context, remote.worker, command, std::move(arguments),
      [&context, ticket = call.ticket, remote, list](const Answer& answer) {
        if (!answer.ok) return context.client.Deny(ticket, answer.message);
        Json body = answer.body;
        if (list == nullptr) {
          TranslateReference(context, remote, body);
        } else if (const auto found = body.find(list); found != body.end() && found->is_array()) {
          for (Json& one : *found) TranslateReference(context, remote, one);
        }
        context.client.Succeed(ticket, std::move(body));
      });
}

}  // namespace

void Scopes(Context& context, const Call& call) {
  const auto frame = Remote(context, call, context.ids.frames, "frameId");
  if (frame) HandOn(context, call, "scopes", "frameId", *frame, "scopes");
}

void Variables(Context& context, const Call& call) {
  const auto variable = Remote(context, call, context.ids.variables, "variablesReference");
  if (variable) HandOn(context, call, "variables", "variablesReference", *variable, "variables");
}

void SetVariable(Context& context, const Call& call) {
  call.arguments.NeededText("name");
  call.arguments.NeededText("value");
  const auto variable = Remote(context, call, context.ids.variables, "variablesReference");
  if (variable) HandOn(context, call, "setVariable", "variablesReference", *variable, nullptr);
}

void SetExpression(Context& context, const Call& call) {
  call.arguments.NeededText("expression");
  call.arguments.NeededText("value");
  const auto frame = Remote(context, call, context.ids.frames, "frameId");
  if (frame) HandOn(context, call, "setExpression", "frameId", *frame, nullptr);
}

void Evaluate(Context& context, const Call& call) {
  const std::string expression = call.arguments.NeededText("expression");
  const std::string where = call.arguments.Text("context");
  if (call.arguments.ok() && IsConsoleWord(expression) && (where == "repl" || where.empty())) {
    return RunConsoleWord(context, call.ticket, expression);
  }
  if (call.arguments.ok() && !call.arguments.Has("frameId")) {
    return context.client.Deny(call.ticket,
                               "Select a frame of a stopped worker to evaluate in; .help lists what works without one",
                               protocol::kWrongState);
  }
  const auto frame = Remote(context, call, context.ids.frames, "frameId");
  if (frame) HandOn(context, call, "evaluate", "frameId", *frame, nullptr);
}

void Completions(Context& context, const Call& call) {
  const std::string text = call.arguments.NeededText("text");
  const std::int64_t column = call.arguments.NeededInteger("column");
  if (call.arguments.ok() && (IsConsoleWord(text) || text == ".")) {
    Json targets = Json::array();
    for (const std::string& word : ConsoleWordsLike(text)) {
      targets.push_back({{"label", word}, {"start", 0}, {"length", column - 1}});
    }
    return context.client.Succeed(call.ticket, {{"targets", std::move(targets)}});
  }
  if (call.arguments.ok() && !call.arguments.Has("frameId")) {
    return context.client.Succeed(call.ticket, {{"targets", Json::array()}});
  }
  const auto frame = Remote(context, call, context.ids.frames, "frameId");
  if (!frame) return;
  HandOn(context, call, "completions", "frameId", *frame, "");
}

}  // namespace batchscope::session
