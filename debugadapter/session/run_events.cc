#include <fmt/format.h>

#include <utility>

#include "debugadapter/fleet/evaluation_errors.h"
#include "debugadapter/fleet/thread_names.h"
#include "debugadapter/protocol/json_text.h"
#include "debugadapter/session/arming.h"
#include "debugadapter/session/handlers.h"
#include "debugadapter/session/stops.h"
#include "debugadapter/session/worker_link.h"

namespace batchscope::session {
namespace {

void OnModule(Context& context, const Json& body) {
  const auto module = body.find("module");
  if (module == body.end() || !module->is_object()) return;
  Fields fields(*module);
  const std::string path = context.paths.ToClient(fields.Text("path"));
  if (path.empty() || context.modules.count(path) > 0) return;
  Json ours = *module;
  ours["id"] = static_cast<int>(context.modules.size()) + context.options.first_id;
  ours["path"] = path;
  context.modules.emplace(path, ours);
  context.client.Event("module", {{"reason", "new"}, {"module", std::move(ours)}});
}

std::string PlaceOf(const fleet::Breakpoint& breakpoint) {
  if (breakpoint.wanted.path.empty()) return breakpoint.wanted.function + "()";
  const int line = breakpoint.told.line > 0 ? breakpoint.told.line : breakpoint.wanted.line;
  return fmt::format("{}:{}", breakpoint.wanted.path, line);
}

/// Names the breakpoint whose condition or log message cannot be evaluated; each once, as every worker that comes
/// there says it again. False: the text is no such error.
bool SayEvaluationError(Context& context, const fleet::Worker& worker, const std::string& text) {
  const auto error = fleet::FindEvaluationError(text, worker.sent);
  if (!error) return false;
  std::string places;
  std::string shown;
  for (const int owner : error->owners) {
    const fleet::Breakpoint* breakpoint = context.breakpoints.Find(owner);
    if (breakpoint == nullptr) continue;
    places += (places.empty() ? "" : " or ") + PlaceOf(*breakpoint);
    shown = error->in_log_message ? breakpoint->wanted.log_message : breakpoint->wanted.condition;
  }
  if (places.empty()) return false;
  const std::string line =
      fmt::format("{}: the {}{} cannot be evaluated: {}", places, error->in_log_message ? "log message" : "condition",
                  error->owners.size() == 1 ? fmt::format(" '{}'", shown) : "", error->reason);
  if (context.said.insert(line).second) context.client.Console(line);
  return true;
}

/// Log points, and what the debugger itself has to say.
void OnOutput(Context& context, const fleet::Worker& worker, const Json& body) {
  Fields fields(body);
  std::string category = fields.Text("category", "console");
  std::string text = fields.Text("output");
  if (category == "telemetry" || text.empty() || SayEvaluationError(context, worker, text)) return;
  context.client.Event("output", {{"category", std::move(category)},
                                  {"output", fmt::format("{}: {}", fleet::WorkerName(worker.id), text)}});
}

void OnBreakpointEvent(Context& context, const fleet::Worker& worker, const Json& body) {
  const auto breakpoint = body.find("breakpoint");
  if (breakpoint == body.end() || !breakpoint->is_object()) return;
  Fields fields(*breakpoint);
  const auto owner = worker.owners.find(fields.Integer("id", -1));
  if (owner != worker.owners.end()) OnVerdict(context, worker, owner->second, *breakpoint);
}

void OnDebugger(Context& context, fleet::Worker& worker, const std::string& text) {
  const Result<Json> read = protocol::ReadJson(text);
  if (!read.ok() || !read->is_object()) return;
  const Json& message = *read;
  Fields fields(message);
  const std::string type = fields.Text("type");
  if (type == "response") return OnAnswerOf(context, worker.id, message);
  if (type != "event") return;
  const std::string event = fields.Text("event");
  const Json& body = fields.Object("body");
  if (event == "output") return OnOutput(context, worker, body);
  if (worker.arms != fleet::Arms::kArming && worker.arms != fleet::Arms::kArmed) return;
  if (event == "stopped") {
    OnStopped(context, worker, body);
  } else if (event == "continued") {
    OnContinued(context, worker, body);
  } else if (event == "thread") {
    OnThread(context, worker, body);
  } else if (event == "module") {
    OnModule(context, body);
  } else if (event == "breakpoint") {
    OnBreakpointEvent(context, worker, body);
  }
}

void OnJoined(Context& context, const wire::WorkerJoined& joined) {
  fleet::Worker worker;
  worker.id = joined.worker;
  worker.pid = joined.pid;
  worker.lane = joined.lane;
  worker.view.worker = joined.worker;
  worker.view.pid = joined.pid;
  worker.view.lane = joined.lane;
  const auto [at, is_new] = context.workers.emplace(joined.worker, std::move(worker));
  if (!is_new) return;
  context.client.Event("thread", {{"reason", "started"}, {"threadId", ThreadId(context, at->second, 0)}});
  UpdateWatch(context);
  Reconcile(context, at->second);
}

void OnLeft(Context& context, const wire::WorkerLeft& left) {
  fleet::Worker* worker = context.Find(left.worker);
  if (worker == nullptr) return;
  const std::string name = fleet::WorkerName(left.worker);
  worker->unanswered = 0;
  worker->arms = fleet::Arms::kUnarmed;  // What arming it waits for is no news any more.
  DropCalls(context, left.worker, fmt::format("{} is gone{}{}", name, left.why.empty() ? "" : ": ", left.why));
  if (!left.why.empty()) {
    context.client.Console(fmt::format("{} (pid {}) ended: {}", name, worker->pid, left.why));
  } else if (worker->next_run != fleet::NextRun::kNo || worker->stepping) {
    context.client.Console(fmt::format("{} has no further mini-batch", name));
  }
  const int thread_id = ThreadId(context, *worker, 0);
  for (auto& [number, thread] : worker->threads) thread.stopped = false;
  ForgetThreads(context, *worker);
  context.client.Event("thread", {{"reason", "exited"}, {"threadId", thread_id}});
  context.ids.threads.Forget(left.worker);
  context.breakpoints.Forget(left.worker);
  context.workers.erase(left.worker);
  UpdateWatch(context);
}

/// One function for each kind of message.
struct Visitor {
  Context& context;

  template <typename OnWorker>
  void With(WorkerId id, const OnWorker& on_worker) const {
    if (fleet::Worker* worker = context.Find(id)) on_worker(*worker);
  }

  void operator()(const wire::Welcome&) const {}  // OnJoined() has it.
  void operator()(const wire::Refused& refused) const { OnRunOver(context, refused.why); }
  void operator()(const wire::WorkerJoined& joined) const { OnJoined(context, joined); }
  void operator()(const wire::WorkerLeft& left) const { OnLeft(context, left); }
  void operator()(const wire::WorkerArmed& armed) const {
    With(armed.worker, [&](fleet::Worker& worker) { OnArmed(context, worker); });
  }
  void operator()(const wire::WorkerDisarmed& disarmed) const {
    With(disarmed.worker, [&](fleet::Worker& worker) { OnDisarmed(context, worker, disarmed.why); });
  }
  void operator()(const wire::FromDebugger& from) const {
    With(from.worker, [&](fleet::Worker& worker) { OnDebugger(context, worker, from.json); });
  }
  void operator()(const wire::WorkerAtGate& at) const {
    With(at.worker, [&](fleet::Worker& worker) { OnGate(context, worker, at.at); });
  }
  void operator()(const wire::WorkerHeld& held) const {
    With(held.worker, [&](fleet::Worker& worker) { OnHeld(context, worker, held); });
  }
  void operator()(const wire::Workers& views) const { OnViews(context, views); }
  void operator()(const wire::Notice& notice) const { SayOfRun(context, notice.text); }
  void operator()(const wire::RunEnded& ended) const {
    OnRunOver(context, fmt::format("The run {} {}{}{}", context.run.run_id, ended.status,
                                   ended.reason.empty() ? "" : ": ", ended.reason));
  }
};

}  // namespace

void OnRunMessage(Context& context, const wire::ToClient& message) {
  if (context.stage != Stage::kJoined && context.stage != Stage::kRunning) return;
  std::visit(Visitor{context}, message);
}

void OnRunOver(Context& context, const std::string& why) {
  if (context.stage != Stage::kJoined && context.stage != Stage::kRunning) return;
  if (!why.empty()) context.client.Console(why);
  context.run_over = true;
  while (!context.workers.empty()) OnLeft(context, {context.workers.begin()->first, {}});
  for (const auto& on_views : std::exchange(context.waiting_for_views, {})) on_views({});
  // A launched step has its exit code to tell of yet.
  if (!context.settings.launched || context.exit_code) Finish(context);
}

}  // namespace batchscope::session
