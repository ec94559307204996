#include "debugadapter/session/stops.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "debugadapter/fleet/frame_filter.h"
#include "debugadapter/fleet/thread_names.h"
#include "debugadapter/session/arming.h"
#include "debugadapter/session/worker_link.h"

namespace batchscope::session {
namespace {

constexpr std::chrono::seconds kSlow{1};

/// A stop of a worker's thread, on its way to the client.
struct Stop {
  std::int64_t thread = 0;
  std::string reason;
  std::string description;
  std::string text;
  std::optional<int> owner;  ///< The breakpoint that did it.
};

std::string Headline(const wire::AtGate& at) {
  const std::string what = at.in_init ? "init()" : fmt::format("batch {}", at.attempt.mini_batch.value);
  return fmt::format("{} failed: {}{}{}", what, at.failure.type, at.failure.type.empty() ? "" : ": ",
                     at.failure.message);
}

/// What a person reads beside "Paused on exception".
std::string ExceptionHeadline(const fleet::Worker& worker, const Stop& stop) {
  if (worker.is_main(stop.thread) && worker.failure) return Headline(*worker.failure);
  if (worker.is_main(stop.thread) && worker.held) {
    return Headline({wire::Gate::kFailure, worker.held->attempt, {}, false, worker.held->failure});
  }
  if (stop.text.empty() || stop.description.empty()) return stop.text + stop.description;
  return stop.text + ": " + stop.description;
}

/// The same in a word or two: editors show it beside the thread's name, which it must not push away.
std::string ExceptionBadge(const fleet::Worker& worker, const Stop& stop) {
  const auto badge = [](const char* verb, const std::string& type) {
    return type.empty() ? verb : fmt::format("{}: {}", verb, type.substr(type.rfind('.') + 1));
  };
  if (worker.is_main(stop.thread) && worker.failure) return badge("failed", worker.failure->failure.type);
  if (worker.is_main(stop.thread) && worker.held) return badge("failed", worker.held->failure.type);
  return badge("raised", stop.text);
}

void ShowThread(Context& context, fleet::Worker& worker, std::int64_t number, fleet::Thread& thread) {
  if (thread.shown || worker.is_main(number)) return;
  thread.shown = true;
  context.client.Event("thread", {{"reason", "started"}, {"threadId", ThreadId(context, worker, number)}});
}

void HideThread(Context& context, fleet::Worker& worker, std::int64_t number, fleet::Thread& thread) {
  if (!thread.shown || worker.is_main(number)) return;
  thread.shown = false;
  context.client.Event("thread", {{"reason", "exited"}, {"threadId", ThreadId(context, worker, number)}});
}

bool AnyStoppedBut(const Context& context, const fleet::Worker& worker, std::int64_t but) {
  return std::any_of(context.workers.begin(), context.workers.end(), [&](const auto& one) {
    return std::any_of(one.second.threads.begin(), one.second.threads.end(), [&](const auto& thread) {
      return thread.second.stopped && !(one.first == worker.id && thread.first == but);
    });
  });
}

void ForgetIds(Context& context, WorkerId worker, std::optional<std::int64_t> thread) {
  context.ids.frames.Forget(worker, thread);
  context.ids.variables.Forget(worker, thread);
  context.ids.step_in_targets.Forget(worker, thread);
}

void Announce(Context& context, fleet::Worker& worker, const Stop& stop) {
  fleet::Thread& thread = worker.threads[stop.thread];
  thread.raised = stop.reason == "exception";
  thread.says = thread.raised ? ExceptionHeadline(worker, stop) : stop.description;
  ShowThread(context, worker, stop.thread, thread);
  Json body = {{"reason", stop.reason},
               {"threadId", ThreadId(context, worker, stop.thread)},
               {"preserveFocusHint", AnyStoppedBut(context, worker, stop.thread)},
               {"allThreadsStopped", false}};
  if (!thread.says.empty()) body["description"] = thread.says;
  if (thread.raised) {
    body["description"] = ExceptionBadge(worker, stop);
    body["text"] = thread.says;
  } else if (!stop.text.empty()) {
    body["text"] = stop.text;
  }
  if (stop.owner && *stop.owner != fleet::LineStop::kTemporary) body["hitBreakpointIds"] = {*stop.owner};
  context.client.Event("stopped", std::move(body));
}

/// The first stop of a `$once` takes it back everywhere.
void Spend(Context& context, const fleet::Worker& worker, fleet::Breakpoint& breakpoint) {
  breakpoint.spent = true;
  breakpoint.spent_by = fleet::WorkerName(worker.id);
  TellBreakpoint(context, breakpoint);
  ReconcileAll(context, Why::kStateChanged);
}

/// It is known which breakpoint stopped the thread, if any did.
void Decide(Context& context, fleet::Worker& worker, Stop stop) {
  const auto thread = worker.threads.find(stop.thread);
  if (thread == worker.threads.end() || !thread->second.stopped) return;  // It went on meanwhile.
  fleet::Breakpoint* breakpoint = stop.owner ? context.breakpoints.Find(*stop.owner) : nullptr;
  if (breakpoint != nullptr && breakpoint->once() && breakpoint->spent) {
    // Another worker was first.
    thread->second.stopped = false;
    Tell(context, worker.id, "continue", {{"threadId", stop.thread}, {"singleThread", true}});
    return Reconcile(context, worker);
  }
  if (stop.owner == fleet::LineStop::kTemporary && worker.temporary) {
    worker.temporary = false;
    const auto why = std::exchange(worker.next_run, fleet::NextRun::kNo);
    stop.reason = why == fleet::NextRun::kStep ? "step" : why == fleet::NextRun::kAsked ? "pause" : "entry";
    Reconcile(context, worker);
  }
  if (breakpoint == nullptr) stop.owner.reset();
  Announce(context, worker, stop);
  if (breakpoint != nullptr && breakpoint->once()) Spend(context, worker, *breakpoint);
}

/// The breakpoint of a line in the worker's debugger; nearby, because it moves them to lines with code.
std::optional<int> OwnerAt(const fleet::Worker& worker, const std::string& path, std::int64_t line) {
  const auto stops = worker.sent.lines.find(path);
  if (stops == worker.sent.lines.end()) return std::nullopt;
  for (const fleet::LineStop& stop : stops->second) {
    if (stop.line == line) return stop.owner;
  }
  return std::nullopt;
}

std::optional<int> OwnerOfFrame(const fleet::Worker& worker, const Json& stack) {
  const Json page = fleet::PageOfFrames(stack, 0, 1);
  if (page["stackFrames"].empty()) return std::nullopt;
  Fields frame(page["stackFrames"][0]);
  Fields source(frame.Object("source"));
  const std::string name = fleet::WithoutCurrentFrame(frame.Text("name"));
  if (const auto owner = OwnerAt(worker, source.Text("path"), frame.Integer("line"))) return owner;
  for (const fleet::FunctionStop& stop : worker.sent.functions) {
    if (stop.name == name) return stop.owner;
  }
  return std::nullopt;
}

/// What its debugger says itself; newer ones do, unless two breakpoints fell on one line.
std::optional<int> OwnerByNumber(const fleet::Worker& worker, const Json& body) {
  const auto hit = body.find("hitBreakpointIds");
  if (hit == body.end() || !hit->is_array()) return std::nullopt;
  for (const Json& number : *hit) {
    if (!number.is_number_integer()) continue;
    const auto owner = worker.owners.find(number.get<std::int64_t>());
    if (owner != worker.owners.end()) return owner->second;
  }
  return std::nullopt;
}

std::string SlowText(const fleet::Worker& worker) {
  const std::string name = fleet::WorkerName(worker.id);
  switch (worker.view.phase) {
    case wire::WorkerPhase::kWaiting:
      return fmt::format("{} waits for a mini-batch; it will stop in its next run()", name);
    case wire::WorkerPhase::kEnding:
      return fmt::format("{} is ending", name);
    default:
      return fmt::format("{} is inside native code (a sleep, a wait, a library); it will stop when that call returns",
                         name);
  }
}

}  // namespace

int ThreadId(Context& context, const fleet::Worker& worker, std::int64_t thread) {
  return context.ids.threads.Of({worker.id, 0, worker.is_main(thread) ? 0 : thread});
}

std::optional<NamedThread> FindThread(Context& context, std::int64_t client_id) {
  const auto remote = context.ids.threads.Find(client_id);
  if (!remote) return std::nullopt;
  fleet::Worker* worker = context.Find(remote->worker);
  if (worker == nullptr) return std::nullopt;
  return NamedThread{worker, remote->id == 0 ? worker->main.value_or(0) : remote->id};
}

void AskThreads(Context& context, WorkerId id) {
  Ask(context, id, "threads", Json::object(), [&context, id](const Answer& answer) {
    fleet::Worker* worker = context.Find(id);
    const auto list = answer.body.find("threads");
    if (!answer.ok || worker == nullptr || list == answer.body.end() || !list->is_array()) return;
    for (const Json& one : *list) {
      Fields fields(one);
      const std::int64_t number = fields.NeededInteger("id");
      const std::string name = fields.Text("name");
      if (!fields.ok()) continue;
      worker->threads[number].name = name;
      // Its debugger lists the main thread first, and a script may call it what it likes.
      if (!worker->main || (name == "MainThread" && worker->threads[*worker->main].name != name)) worker->main = number;
    }
    if (!context.settings.show_all_threads) return;
    for (auto& [number, thread] : worker->threads) ShowThread(context, *worker, number, thread);
  });
}

void OnStopped(Context& context, fleet::Worker& worker, const Json& body) {
  Fields fields(body);
  Stop stop{fields.NeededInteger("threadId"), fields.Text("reason", "pause"),
            fleet::WithoutNote(fields.Text("description")), fleet::WithoutNote(fields.Text("text")), std::nullopt};
  if (!fields.ok() || worker.arms == fleet::Arms::kDisarming) return;
  if (!worker.main) worker.main = stop.thread;
  const bool is_new = worker.threads.count(stop.thread) == 0;
  worker.threads[stop.thread].stopped = true;
  worker.threads[stop.thread].leaving = false;
  if (is_new) AskThreads(context, worker.id);
  ForgetIds(context, worker.id, stop.thread);
  worker.pausing = false;
  if (worker.is_main(stop.thread)) worker.stepping = false;
  stop.owner = OwnerByNumber(worker, body);
  const bool is_breakpoint = stop.reason == "breakpoint" || stop.reason == "function breakpoint";
  if (!is_breakpoint || stop.owner) return Decide(context, worker, std::move(stop));
  const WorkerId id = worker.id;
  const Json asked = {{"threadId", stop.thread}};
  Ask(context, id, "stackTrace", asked, [&context, id, stop = std::move(stop)](const Answer& answer) mutable {
    fleet::Worker* stopped = context.Find(id);
    if (stopped == nullptr) return;
    if (answer.ok) stop.owner = OwnerOfFrame(*stopped, answer.body);
    Decide(context, *stopped, std::move(stop));
  });
}

void OnContinued(Context& context, fleet::Worker& worker, const Json& body) {
  Fields fields(body);
  const std::int64_t number = fields.NeededInteger("threadId");
  const auto thread = worker.threads.find(number);
  if (!fields.ok() || thread == worker.threads.end() || !thread->second.stopped) return;
  thread->second.stopped = false;
  ForgetIds(context, worker.id, number);
  if (!std::exchange(thread->second.leaving, false)) {
    context.client.Event("continued",
                         {{"threadId", ThreadId(context, worker, number)}, {"allThreadsContinued", false}});
  }
  if (worker.is_main(number)) worker.failure.reset();
  Reconcile(context, worker);
}

void OnThread(Context& context, fleet::Worker& worker, const Json& body) {
  Fields fields(body);
  const std::int64_t number = fields.NeededInteger("threadId");
  const std::string reason = fields.Text("reason");
  if (!fields.ok()) return;
  if (reason == "started" && worker.threads.count(number) == 0) {
    AskThreads(context, worker.id);
  } else if (reason == "exited" && !worker.is_main(number)) {
    const auto thread = worker.threads.find(number);
    if (thread == worker.threads.end()) return;
    HideThread(context, worker, number, thread->second);
    ForgetIds(context, worker.id, number);
    worker.threads.erase(thread);
    Reconcile(context, worker);
  }
}

void SendPause(Context& context, fleet::Worker& worker) {
  const WorkerId id = worker.id;
  worker.pausing_since = context.outside.Now();
  if (worker.main) {
    Tell(context, id, "pause", {{"threadId", *worker.main}});
  } else {
    Tell(context, id, "pause", {{"threadId", "*"}});
  }
  context.timers.emplace(context.outside.Now() + kSlow, [&context, id] {
    const fleet::Worker* worker_then = context.Find(id);
    if (worker_then == nullptr || !worker_then->pausing) return;
    if (context.outside.Now() - worker_then->pausing_since < kSlow) return;
    AskViews(context, [&context, id](const wire::Workers&) {
      const fleet::Worker* worker_now = context.Find(id);
      if (worker_now != nullptr && worker_now->pausing) context.client.Console(SlowText(*worker_now));
    });
  });
}

void Resumed(Context& context, fleet::Worker& worker, std::optional<std::int64_t> told) {
  for (auto& [number, thread] : worker.threads) {
    thread.leaving = false;
    if (!std::exchange(thread.stopped, false)) continue;
    thread.raised = false;
    if (number == told) continue;
    context.client.Event("continued",
                         {{"threadId", ThreadId(context, worker, number)}, {"allThreadsContinued", false}});
  }
  ForgetIds(context, worker.id, std::nullopt);
}

void ResumedAlone(Context& context, fleet::Worker& worker, std::int64_t number) {
  fleet::Thread& thread = worker.threads.at(number);
  thread.stopped = false;
  thread.raised = false;
  ForgetIds(context, worker.id, number);
}

void ForgetThreads(Context& context, fleet::Worker& worker) {
  Resumed(context, worker, std::nullopt);
  for (auto& [number, thread] : worker.threads) HideThread(context, worker, number, thread);
  context.ids.sources.Forget(worker.id);
}

}  // namespace batchscope::session
