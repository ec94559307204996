#pragma once

#include <cstdint>
#include <optional>

#include "debugadapter/session/context.h"

/// Threads of workers: which there are, which are stopped, and what the client is told of that.
namespace batchscope::session {

/// The client's number of a worker's thread (0: the one that runs run(), which is shown also while it is unarmed).
int ThreadId(Context& context, const fleet::Worker& worker, std::int64_t thread);
/// The worker and its debugger's number of a thread that a client names. The number is 0 when it is not known.
struct NamedThread {
  fleet::Worker* worker = nullptr;
  std::int64_t thread = 0;
};
std::optional<NamedThread> FindThread(Context& context, std::int64_t client_id);

/// Learns from the worker's debugger which threads there are.
void AskThreads(Context& context, WorkerId worker);

void OnStopped(Context& context, fleet::Worker& worker, const Json& body);
void OnContinued(Context& context, fleet::Worker& worker, const Json& body);
void OnThread(Context& context, fleet::Worker& worker, const Json& body);

/// Tells an armed worker to pause its main thread, and the person when that takes long.
void SendPause(Context& context, fleet::Worker& worker);
/// All its threads go on, as they do when one is told to. The client hears of it but for `told`, which it asked for.
void Resumed(Context& context, fleet::Worker& worker, std::optional<std::int64_t> told);
/// One of its threads goes on and the others stay; the client asked for that and hears nothing of it.
void ResumedAlone(Context& context, fleet::Worker& worker, std::int64_t thread);
/// The worker's debugger is gone: the client hears that what was stopped goes on, and loses the helper threads.
void ForgetThreads(Context& context, fleet::Worker& worker);

}  // namespace batchscope::session
