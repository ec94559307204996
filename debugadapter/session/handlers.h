#pragma once

#include <string>

#include "debugadapter/session/context.h"

/// What serves each request of a client, in groups of one file each; requests.cc says which is legal when. A handler
/// answers its ticket, at once or later.
namespace batchscope::session {

// lifecycle.cc
void Initialize(Context& context, const Call& call);
void Attach(Context& context, const Call& call);
void Launch(Context& context, const Call& call);
void ConfigurationDone(Context& context, const Call& call);
void Disconnect(Context& context, const Call& call);
void Terminate(Context& context, const Call& call);
void Cancel(Context& context, const Call& call);

// breakpoints.cc
void SetBreakpoints(Context& context, const Call& call);
void SetFunctionBreakpoints(Context& context, const Call& call);
void SetExceptionBreakpoints(Context& context, const Call& call);

// execution.cc
void Continue(Context& context, const Call& call);
void Pause(Context& context, const Call& call);
void Next(Context& context, const Call& call);
void StepIn(Context& context, const Call& call);
void StepOut(Context& context, const Call& call);
void StepInTargets(Context& context, const Call& call);
void GotoTargets(Context& context, const Call& call);
void Goto(Context& context, const Call& call);

// inspection.cc
void Threads(Context& context, const Call& call);
void StackTrace(Context& context, const Call& call);
void Source(Context& context, const Call& call);
void Modules(Context& context, const Call& call);
void ExceptionInfo(Context& context, const Call& call);

// variables.cc
void Scopes(Context& context, const Call& call);
void Variables(Context& context, const Call& call);
void SetVariable(Context& context, const Call& call);
void SetExpression(Context& context, const Call& call);
void Evaluate(Context& context, const Call& call);
void Completions(Context& context, const Call& call);

// console.cc: what acts on several workers, as requests of our own and as words in the debug console.
void ContinueWorkers(Context& context, const Call& call);
void PauseWorkers(Context& context, const Call& call);
void StopAtNextRun(Context& context, const Call& call);
void ListWorkers(Context& context, const Call& call);
/// Whether `text` begins as a word of the console does.
bool IsConsoleWord(const std::string& text);
/// Serves an `evaluate` of one.
void RunConsoleWord(Context& context, Ticket ticket, const std::string& text);
/// The words that begin with `text`.
std::vector<std::string> ConsoleWordsLike(const std::string& text);

// requests.cc
/// Serves a message of the client.
void ServeClient(Context& context, const Json& message);

// run_events.cc
void OnRunMessage(Context& context, const wire::ToClient& message);
/// The run, or the connection to it, is over; `why` for people.
void OnRunOver(Context& context, const std::string& why);

/// What a group of requests needs from another.
void ResumeWorker(Context& context, fleet::Worker& worker, std::optional<std::int64_t> told);
void PauseWorker(Context& context, fleet::Worker& worker);
void StopWorkerAtNextRun(Context& context, fleet::Worker& worker);
/// Tells of files that differ from the run's copies, once each.
void SayDifferences(Context& context);
/// The session is over for the client: `terminated`.
void Finish(Context& context);
void Started(Context& context, Result<wire::Welcome> welcome);

}  // namespace batchscope::session
