#include "debugadapter/session/arming.h"

#include <fmt/format.h>

#include <chrono>
#include <utility>

#include "debugadapter/fleet/thread_names.h"
#include "debugadapter/session/stops.h"
#include "debugadapter/session/worker_link.h"

namespace batchscope::session {
namespace {

constexpr std::chrono::seconds kSlow{1};

Json AttachArguments(const Settings& settings) {
  // Our own files are no code of the person's: nothing steps into them.
  Json rules = Json::array({{{"path", "**/batchscope/_forkserver.py"}, {"include", false}},
                            {{"path", "**/batchscope/_debugger.py"}, {"include", false}}});
  return {{"justMyCode", settings.just_my_code},
          {"showReturnValue", settings.show_return_value},
          {"rules", std::move(rules)}};
}

/// An answer to one of the requests that configure a worker.
OnAnswer Configured(Context& context, WorkerId id, OnAnswer then) {
  return [&context, id, then = std::move(then)](const Answer& answer) {
    fleet::Worker* worker = context.Find(id);
    if (worker == nullptr || worker->unanswered == 0) return;
    then(answer);
    if (--worker->unanswered == 0) Reconcile(context, *worker);
  };
}

void OnBreakpointsSet(Context& context, WorkerId id, const std::vector<int>& owners, const Answer& answer) {
  fleet::Worker* worker = context.Find(id);
  const auto made = answer.body.find("breakpoints");
  if (worker == nullptr || made == answer.body.end() || !made->is_array()) return;
  for (std::size_t at = 0; at < made->size() && at < owners.size(); ++at) {
    const Json& one = (*made)[at];
    if (!one.is_object()) continue;
    if (const auto number = one.find("id"); number != one.end() && number->is_number_integer()) {
      worker->owners[number->get<std::int64_t>()] = owners[at];
    }
    OnVerdict(context, *worker, owners[at], one);
  }
}

template <typename Stops>
std::vector<int> OwnersOf(const Stops& stops) {
  std::vector<int> owners;
  for (const auto& stop : stops) owners.push_back(stop.owner);
  return owners;
}

void Send(Context& context, fleet::Worker& worker, const char* command, Json arguments, std::vector<int> owners) {
  ++worker.unanswered;
  const WorkerId id = worker.id;
  Ask(context, id, command, std::move(arguments),
      Configured(context, id, [&context, id, owners = std::move(owners)](const Answer& answer) {
        OnBreakpointsSet(context, id, owners, answer);
      }));
}

/// Sends what the worker's debugger does not have yet.
void Configure(Context& context, fleet::Worker& worker) {
  fleet::Configuration wanted = worker.Wanted(context.breakpoints, context.entry);
  const fleet::Configuration had = std::exchange(worker.sent, wanted);
  for (const auto& [path, stops] : had.lines) {
    if (wanted.lines.count(path) == 0)
      Send(context, worker, "setBreakpoints", fleet::SetBreakpointsArguments(path, {}), {});
  }
  for (const auto& [path, stops] : wanted.lines) {
    const auto before = had.lines.find(path);
    if (before != had.lines.end() && before->second == stops) continue;
    Send(context, worker, "setBreakpoints", fleet::SetBreakpointsArguments(path, stops), OwnersOf(stops));
  }
  if (wanted.functions != had.functions) {
    Send(context, worker, "setFunctionBreakpoints", fleet::SetFunctionBreakpointsArguments(wanted.functions),
         OwnersOf(wanted.functions));
  }
  if (wanted.raised != had.raised) {
    Send(context, worker, "setExceptionBreakpoints", fleet::SetExceptionBreakpointsArguments(wanted.raised), {});
  }
}

void SayWhenSlow(Context& context, WorkerId id) {
  context.timers.emplace(context.outside.Now() + kSlow, [&context, id] {
    const fleet::Worker* worker = context.Find(id);
    if (worker == nullptr || worker->arms != fleet::Arms::kArming) return;
    if (context.outside.Now() - worker->arming_since < kSlow) return;
    context.client.Console(fmt::format(
        "{} is inside native code that holds the GIL; it will stop when that call returns", fleet::WorkerName(id)));
  });
}

void Arm(Context& context, fleet::Worker& worker) {
  const WorkerId id = worker.id;
  worker.arms = fleet::Arms::kArming;
  worker.arming_since = context.outside.Now();
  worker.sent = {};
  context.outside.ToRun(wire::ArmWorker{id});
  // A token that is not null makes it refuse all the rest.
  Tell(context, id, "pydevdAuthorize", {{"debugServerAccessToken", nullptr}});
  Tell(context, id, "initialize",
       {{"adapterID", "batchscope"},
        {"clientID", "batchscope"},
        {"linesStartAt1", true},
        {"columnsStartAt1", true},
        {"pathFormat", "path"},
        {"supportsVariableType", true}});
  Ask(context, id, "attach", AttachArguments(context.settings), [&context, id](const Answer& answer) {
    const fleet::Worker* asked = context.Find(id);
    const bool is_news = asked != nullptr && asked->arms == fleet::Arms::kArming;
    if (!answer.ok && is_news && !answer.message.empty()) {
      context.client.Console(fmt::format("{}: {}", fleet::WorkerName(id), answer.message));
    }
  });
  Configure(context, worker);
  // Before configurationDone, so that it is known who is who when the first thread stops.
  AskThreads(context, id);
  Tell(context, id, "configurationDone", Json::object());
  SayWhenSlow(context, id);
}

void Disarm(Context& context, fleet::Worker& worker) {
  worker.arms = fleet::Arms::kDisarming;
  context.outside.ToRun(wire::DisarmWorker{worker.id});
  worker.unanswered = 0;
  DropCalls(context, worker.id, fmt::format("{} went on", fleet::WorkerName(worker.id)));
}

/// A failure whose exception cannot be shown (run() returned a wrong type) stops nowhere: looks now and then whether
/// the worker went on, so that it does not keep its debugger for nothing.
void LookAfterFailure(Context& context, WorkerId id) {
  context.timers.emplace(context.outside.Now() + kSlow, [&context, id] {
    const fleet::Worker* waits = context.Find(id);
    if (waits == nullptr || !waits->failure || waits->held || waits->any_stopped()) return;
    AskViews(context, [&context, id](const wire::Workers&) {
      fleet::Worker* worker = context.Find(id);
      if (worker == nullptr || !worker->failure || worker->any_stopped()) return;
      if (worker->held || worker->view.phase == wire::WorkerPhase::kHeld) return;  // It ends behind its hold.
      const bool is_there = worker->failure->in_init ? worker->view.phase == wire::WorkerPhase::kStarting
                                                     : worker->view.attempt == worker->failure->attempt;
      if (is_there) return LookAfterFailure(context, id);
      worker->failure.reset();
      Reconcile(context, *worker);
    });
  });
}

void PassGate(Context& context, fleet::Worker& worker) {
  // Without a debugger in it, one that holds would have nothing to show and end.
  if (!worker.waits || (worker.held && worker.arms != fleet::Arms::kArmed)) return;
  worker.waits = false;
  context.outside.ToRun(wire::Pass{worker.id});
  if (worker.failure && !worker.held) LookAfterFailure(context, worker.id);
}

}  // namespace

void Reconcile(Context& context, fleet::Worker& worker) {
  // Before the client has configured its session, gates stay closed.
  if (context.stage != Stage::kRunning) return;
  const bool needed = context.settings.debug && !worker.refuses && worker.needs_arms(context.breakpoints);
  switch (worker.arms) {
    case fleet::Arms::kUnarmed:
      if (needed) return Arm(context, worker);
      break;
    case fleet::Arms::kArming:
      return Configure(context, worker);
    case fleet::Arms::kArmed:
      if (!needed) return Disarm(context, worker);
      Configure(context, worker);
      if (worker.unanswered > 0) return;
      break;
    case fleet::Arms::kDisarming:
      return;
  }
  PassGate(context, worker);
}

void ReconcileAll(Context& context, Why why) {
  UpdateWatch(context);
  for (auto& [id, worker] : context.workers) {
    if (why == Why::kClientAsked) worker.refuses = false;
    Reconcile(context, worker);
  }
}

void UpdateWatch(Context& context) {
  if (context.stage != Stage::kRunning || !context.settings.debug) return;
  wire::Watch watch;
  watch.rules = context.breakpoints.Rules();
  for (const auto& [id, worker] : context.workers) {
    if (worker.needs_watch()) watch.rules.push_back(fleet::RuleOf(id));
  }
  watch.uncaught = context.breakpoints.filters.uncaught;
  watch.last_failure = context.breakpoints.filters.failed;
  if (watch == context.watch) return;
  context.watch = watch;
  context.outside.ToRun(wire::SetWatch{std::move(watch)});
}

void SayOfRun(Context& context, const std::string& text, const std::string& prefix) {
  constexpr const char* kOff = "debug = \"off\"";
  if (text.find(kOff) == std::string::npos) return context.client.Console(prefix + text);
  if (context.said.insert(kOff).second) context.client.Console(text);
}

void OnArmed(Context& context, fleet::Worker& worker) {
  if (worker.arms != fleet::Arms::kArming) return;
  worker.arms = fleet::Arms::kArmed;
  if (worker.pausing) SendPause(context, worker);
  Reconcile(context, worker);
}

void OnDisarmed(Context& context, fleet::Worker& worker, const std::string& why) {
  worker.unanswered = 0;
  worker.arms = fleet::Arms::kUnarmed;  // `why` is told below, and once.
  DropCalls(context, worker.id, fmt::format("{} has no debugger any more", fleet::WorkerName(worker.id)));
  ForgetThreads(context, worker);
  worker.ForgetDebugger();
  if (!why.empty()) {
    worker.refuses = true;
    worker.failure.reset();
    worker.pausing = false;
    worker.temporary = false;
    worker.bound.clear();
    SayOfRun(context, why, fmt::format("{} left the debugger: ", fleet::WorkerName(worker.id)));
  }
  Reconcile(context, worker);
}

void OnGate(Context& context, fleet::Worker& worker, const wire::AtGate& at) {
  worker.waits = at.gate != wire::Gate::kInRun;
  const bool is_before = at.gate == wire::Gate::kBeforeRun;
  if (is_before || at.gate == wire::Gate::kInRun) {
    worker.bound.clear();
    for (const std::uint32_t rule : at.rules) {
      if (!fleet::WorkerOfRule(rule)) worker.bound.insert(static_cast<int>(rule));
    }
  }
  if (at.gate == wire::Gate::kAfterRun) {
    worker.bound.clear();
    worker.temporary = false;
  }
  if (at.gate == wire::Gate::kFailure) worker.failure = at;
  if (worker.stepping && at.gate != wire::Gate::kInRun) {
    // The step left run(), and would end wherever Python code runs next.
    worker.stepping = false;
    if (worker.arms == fleet::Arms::kArmed) Tell(context, worker.id, "continue", {{"threadId", "*"}});
    if (at.gate != wire::Gate::kFailure) worker.next_run = fleet::NextRun::kStep;
  }
  if (is_before) worker.temporary = worker.lane || worker.next_run != fleet::NextRun::kNo;
  UpdateWatch(context);
  Reconcile(context, worker);
}

void OnHeld(Context& context, fleet::Worker& worker, const wire::WorkerHeld& held) {
  worker.held = held;
  worker.waits = true;
  worker.view.phase = wire::WorkerPhase::kHeld;
  worker.view.attempt = held.attempt;
  context.client.Console(fmt::format("{} holds batch {}, which failed: {}: {}", fleet::WorkerName(worker.id),
                                     held.attempt.mini_batch.value, held.failure.type, held.failure.message));
  Reconcile(context, worker);
}

Json DescribeBreakpoint(const fleet::Breakpoint& breakpoint) {
  const fleet::Verdict& told = breakpoint.told;
  Json body = {{"id", breakpoint.id}, {"verified", told.verified}};
  if (told.line > 0) body["line"] = told.line;
  if (!told.message.empty()) body["message"] = told.message;
  if (!breakpoint.wanted.path.empty()) body["source"] = {{"path", breakpoint.wanted.path}};
  return body;
}

void TellBreakpoint(Context& context, fleet::Breakpoint& breakpoint) {
  fleet::Verdict now = breakpoint.Judge();
  if (now == breakpoint.told) return;
  breakpoint.told = std::move(now);
  context.client.Event("breakpoint", {{"reason", "changed"}, {"breakpoint", DescribeBreakpoint(breakpoint)}});
}

void OnVerdict(Context& context, const fleet::Worker& worker, int owner, const Json& verdict) {
  fleet::Breakpoint* breakpoint = context.breakpoints.Find(owner);
  if (breakpoint == nullptr || !verdict.is_object()) return;
  Fields fields(verdict);
  fleet::Verdict said{fields.Flag("verified"), static_cast<int>(fields.Integer("line")), fields.Text("message")};
  // Not decided yet: it says more when the file is imported.
  if (!said.verified && said.message.find("Waiting for code") != std::string::npos) return;
  breakpoint->verdicts[worker.id] = std::move(said);
  TellBreakpoint(context, *breakpoint);
}

}  // namespace batchscope::session
