#pragma once

#include <string>

#include "debugadapter/session/context.h"

/// Which workers have a debugger in them, and what it stops at. All of it follows from the session's state: whoever
/// changes that calls Reconcile(), which does what is missing.
namespace batchscope::session {

/// Arms the worker, configures it, disarms it, or lets it leave its gate, as things are now.
void Reconcile(Context& context, fleet::Worker& worker);
/// All workers, and what they watch for. `asked`: by the client, so that those that refused are tried again.
enum class Why { kClientAsked, kStateChanged };
void ReconcileAll(Context& context, Why why);
/// Tells the host what workers are to watch for, when that changed.
void UpdateWatch(Context& context);

void OnArmed(Context& context, fleet::Worker& worker);
/// A text of the run for people. One about a step that has no debugger at all is said once, though it comes for each
/// worker and each request.
void SayOfRun(Context& context, const std::string& text, const std::string& prefix = {});

void OnDisarmed(Context& context, fleet::Worker& worker, const std::string& why);
void OnGate(Context& context, fleet::Worker& worker, const wire::AtGate& at);
void OnHeld(Context& context, fleet::Worker& worker, const wire::WorkerHeld& held);

/// Tells the client of a breakpoint when the fleet thinks of it otherwise than it was told.
void TellBreakpoint(Context& context, fleet::Breakpoint& breakpoint);
/// The client's view of a breakpoint.
Json DescribeBreakpoint(const fleet::Breakpoint& breakpoint);
/// What a worker's debugger makes of one: an element of its answer, or of its `breakpoint` event.
void OnVerdict(Context& context, const fleet::Worker& worker, int owner, const Json& verdict);

}  // namespace batchscope::session
