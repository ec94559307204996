#pragma once

#include <string>

#include "debugadapter/session/context.h"

/// What goes to workers' debuggers and comes back.
namespace batchscope::session {

/// A request to a worker's debugger. `on_answer` is called once: with its answer, or with a failure when the worker or
/// its debugger is gone before. The worker must be armed, or about to be.
void Ask(Context& context, WorkerId worker, const char* command, Json arguments, OnAnswer on_answer);
/// Nobody wants the answer.
void Tell(Context& context, WorkerId worker, const char* command, Json arguments);
/// The answer to a request, as the worker sent it; not ours, or nobody waits for it: dropped.
void OnAnswerOf(Context& context, WorkerId worker, const Json& message);
/// All that a worker still owes will never come.
void DropCalls(Context& context, WorkerId worker, const std::string& why);

/// What workers do now, from the host; kept in Worker::view too.
void AskViews(Context& context, std::function<void(const wire::Workers&)> on_views);
void OnViews(Context& context, const wire::Workers& views);

}  // namespace batchscope::session
