#include <fmt/format.h>

#include <utility>

#include "debugadapter/fleet/thread_names.h"
#include "debugadapter/session/arming.h"
#include "debugadapter/session/handlers.h"
#include "debugadapter/session/stops.h"
#include "debugadapter/session/worker_link.h"

namespace batchscope::session {
namespace {

/// The thread of `threadId`; none: the request was answered with an error.
std::optional<NamedThread> ThreadOf(Context& context, const Call& call) {
  const std::int64_t id = call.arguments.NeededInteger("threadId");
  if (!call.arguments.ok()) {
    context.client.Fail(call.ticket, protocol::kMalformed, call.arguments.status().message());
    return std::nullopt;
  }
  const auto found = FindThread(context, id);
  if (!found) {
    context.client.Deny(call.ticket, fmt::format("There is no thread {} (any more)", id), protocol::kNoSuchId);
  }
  return found;
}

bool IsStopped(const NamedThread& named) {
  const auto thread = named.worker->threads.find(named.thread);
  return thread != named.worker->threads.end() && thread->second.stopped;
}

/// The same, when that thread is stopped.
std::optional<NamedThread> StoppedThreadOf(Context& context, const Call& call) {
  const auto named = ThreadOf(context, call);
  if (!named || IsStopped(*named)) return named;
  context.client.Fail(call.ticket, protocol::kWrongState,
                      fmt::format("{} is running: pause it first", fleet::WorkerName(named->worker->id)));
  return std::nullopt;
}

/// When a step of the main thread leaves run(), the gate behind it tells, and the step ends at the next run().
void ExpectStep(Context& context, const NamedThread& named) {
  if (!named.worker->is_main(named.thread)) return;
  named.worker->stepping = true;
  named.worker->watched = true;
  UpdateWatch(context);
}

/// Its debugger may refuse the target; then the thread never went on.
void StepToTarget(Context& context, Ticket ticket, const NamedThread& named, const char* command, Json arguments) {
  const WorkerId id = named.worker->id;
  const bool was_watched = named.worker->watched;
  ExpectStep(context, named);
  named.worker->threads.at(named.thread).leaving = true;
  const auto on_answer = [&context, ticket, id, was_watched, number = named.thread](const Answer& answer) {
    answer.ok ? context.client.Succeed(ticket) : context.client.Deny(ticket, answer.message);
    fleet::Worker* worker = context.Find(id);
    if (worker == nullptr) return;
    const auto thread = worker->threads.find(number);
    // It went on already, and may have stopped anew.
    if (thread == worker->threads.end() || !std::exchange(thread->second.leaving, false)) return;
    if (answer.ok) {
      worker->failure.reset();
      return Resumed(context, *worker, number);
    }
    if (!worker->is_main(number)) return;
    worker->stepping = false;
    worker->watched = was_watched;
    UpdateWatch(context);
  };
  Ask(context, id, command, std::move(arguments), on_answer);
}

void Step(Context& context, const Call& call, const char* command) {
  const auto target = call.arguments.MaybeInteger("targetId");
  const auto named = StoppedThreadOf(context, call);
  if (!named) return;
  fleet::Worker& worker = *named->worker;
  Json arguments = {{"threadId", named->thread}};
  if (target) {
    const auto remote = context.ids.step_in_targets.Find(*target);
    if (!remote || remote->worker != worker.id) {
      return context.client.Deny(call.ticket, fmt::format("There is no step-in target {} (any more)", *target),
                                 protocol::kNoSuchId);
    }
    arguments["targetId"] = remote->id;
    return StepToTarget(context, call.ticket, *named, command, std::move(arguments));
  }
  ExpectStep(context, *named);
  Resumed(context, worker, named->thread);
  worker.failure.reset();
  Tell(context, worker.id, command, std::move(arguments));
  context.client.Succeed(call.ticket);
}

}  // namespace

void ResumeWorker(Context& context, fleet::Worker& worker, std::optional<std::int64_t> told) {
  worker.watched = false;
  worker.stepping = false;
  if (worker.next_run == fleet::NextRun::kStep) worker.next_run = fleet::NextRun::kNo;
  const bool was_pausing = std::exchange(worker.pausing, false);
  if (worker.any_stopped() || (was_pausing && worker.arms == fleet::Arms::kArmed)) {
    // While it runs, this takes back a pause; its debugger does not answer then.
    Tell(context, worker.id, "continue", {{"threadId", "*"}});
    if (worker.any_stopped()) worker.failure.reset();
    Resumed(context, worker, told);
  }
  UpdateWatch(context);
  Reconcile(context, worker);
}

/// One thread goes on, and others of its worker that are stopped stay so.
void ResumeThread(Context& context, const NamedThread& named) {
  fleet::Worker& worker = *named.worker;
  const auto thread = worker.threads.find(named.thread);
  if (thread == worker.threads.end()) return ResumeWorker(context, worker, named.thread);
  bool was_pausing = false;
  if (worker.is_main(named.thread)) {
    worker.watched = false;
    worker.stepping = false;
    if (worker.next_run == fleet::NextRun::kStep) worker.next_run = fleet::NextRun::kNo;
    was_pausing = std::exchange(worker.pausing, false) && worker.arms == fleet::Arms::kArmed;
  }
  if (thread->second.stopped || was_pausing) {
    Tell(context, worker.id, "continue", {{"threadId", named.thread}, {"singleThread", true}});
    if (worker.is_main(named.thread) && thread->second.stopped) worker.failure.reset();
    ResumedAlone(context, worker, named.thread);
  }
  UpdateWatch(context);
  Reconcile(context, worker);
}

void PauseWorker(Context& context, fleet::Worker& worker) {
  const bool is_stopped = worker.main && worker.threads[*worker.main].stopped;
  if (is_stopped || std::exchange(worker.pausing, true)) return;
  worker.refuses = false;
  if (worker.arms == fleet::Arms::kArmed) return SendPause(context, worker);
  Reconcile(context, worker);
}

void StopWorkerAtNextRun(Context& context, fleet::Worker& worker) {
  worker.next_run = fleet::NextRun::kAsked;
  worker.refuses = false;
  UpdateWatch(context);
}

void Continue(Context& context, const Call& call) {
  const bool single = call.arguments.Flag("singleThread");
  const auto named = ThreadOf(context, call);
  if (!named) return;
  context.client.Succeed(call.ticket, {{"allThreadsContinued", false}});
  if (single) return ResumeThread(context, *named);
  ResumeWorker(context, *named->worker, named->thread);
  if (!context.settings.continue_all) return;
  for (auto& [id, worker] : context.workers) {
    if (id != named->worker->id) ResumeWorker(context, worker, std::nullopt);
  }
}

void Pause(Context& context, const Call& call) {
  const auto named = ThreadOf(context, call);
  if (!named) return;
  context.client.Succeed(call.ticket);
  if (named->worker->is_main(named->thread)) {
    PauseWorker(context, *named->worker);
  } else if (!IsStopped(*named)) {
    Tell(context, named->worker->id, "pause", {{"threadId", named->thread}});
  }
}

void Next(Context& context, const Call& call) { Step(context, call, "next"); }
void StepIn(Context& context, const Call& call) { Step(context, call, "stepIn"); }
void StepOut(Context& context, const Call& call) { Step(context, call, "stepOut"); }

void StepInTargets(Context& context, const Call& call) {
  const std::int64_t id = call.arguments.NeededInteger("frameId");
  if (!call.arguments.ok()) {
    return context.client.Fail(call.ticket, protocol::kMalformed, call.arguments.status().message());
  }
  const auto frame = context.ids.frames.Find(id);
  if (!frame) {
    return context.client.Deny(call.ticket, fmt::format("Frame {} is gone: its worker went on", id),
                               protocol::kNoSuchId);
  }
  const Json asked = {{"frameId", frame->id}};
  Ask(context, frame->worker, "stepInTargets", asked, [&context, ticket = call.ticket, frame](const Answer& answer) {
    if (!answer.ok) return context.client.Deny(ticket, answer.message);
    Json targets = Json::array();
    Fields body(answer.body);
    for (Json one : body.Array("targets")) {
      Fields fields(one);
      one["id"] = context.ids.step_in_targets.Of({frame->worker, frame->thread, fields.NeededInteger("id")});
      targets.push_back(std::move(one));
    }
    context.client.Succeed(ticket, {{"targets", std::move(targets)}});
  });
}

void GotoTargets(Context& context, const Call& call) {
  Fields source(call.arguments.Object("source"), call.arguments.Where("source"));
  const std::string path = source.NeededText("path");
  const std::int64_t line = call.arguments.NeededInteger("line");
  call.arguments.Note(source.status());
  if (!call.arguments.ok()) {
    return context.client.Fail(call.ticket, protocol::kMalformed, call.arguments.status().message());
  }
  const int target = context.next_target++;
  context.targets[target] = context.paths.ToWorker({path, static_cast<int>(line)});
  Json one = {{"id", target}, {"label", fmt::format("Line {}", line)}, {"line", line}};
  context.client.Succeed(call.ticket, {{"targets", Json::array({std::move(one)})}});
}

void Goto(Context& context, const Call& call) {
  const std::int64_t target = call.arguments.NeededInteger("targetId");
  const auto named = StoppedThreadOf(context, call);
  if (!named) return;
  const auto place = context.targets.find(target);
  if (place == context.targets.end()) {
    return context.client.Deny(call.ticket, fmt::format("There is no goto target {}", target), protocol::kNoSuchId);
  }
  const WorkerId worker = named->worker->id;
  const Json asked = {{"source", {{"path", place->second.path}}}, {"line", place->second.line}};
  Ask(context, worker, "gotoTargets", asked,
      [&context, worker, thread = named->thread, ticket = call.ticket](const Answer& answer) {
        const Json& targets = Fields(answer.body).Array("targets");
        if (!answer.ok || targets.empty() || context.Find(worker) == nullptr) {
          return context.client.Deny(ticket, answer.ok ? "It is not possible to go there" : answer.message);
        }
        const Json arguments = {{"threadId", thread}, {"targetId", targets[0].value("id", Json())}};
        Ask(context, worker, "goto", arguments, [&context, ticket](const Answer& gone) {
          gone.ok ? context.client.Succeed(ticket) : context.client.Deny(ticket, gone.message);
        });
      });
}

}  // namespace batchscope::session
