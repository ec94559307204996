// The desk's people: who they are and what they ask for.
#include <fmt/format.h>

#include <utility>

#include "runtime/host/debug_desk.h"
#include "runtime/selector/selector.h"

namespace batchscope::host {
namespace {

/// Of messages for a debugger that is on its way out and wanted again.
constexpr std::size_t kMostInput = wire::kMostControlBytes;

constexpr const char* kOff =
    "debug = \"off\" stands in this run's step, so its workers have no debugger; set debug = \"on\" and submit it "
    "again";

bool IsEmpty(const wire::Watch& watch) { return watch == wire::Watch{}; }

}  // namespace

DebugDesk::DebugDesk(DebugRules rules, wire::Welcome welcome, wire::ControlServer* server, DeskFleet& fleet)
    : rules_(std::move(rules)),
      welcome_(std::move(welcome)),
      server_(server),
      fleet_(fleet),
      awaits_debugger_(rules_.allowed && rules_.wait_for_debugger && server != nullptr) {}

void DebugDesk::TakeClients(MonotonicTime now) {
  if (server_ == nullptr) return;
  for (const wire::ClientEvent& event : server_->Take()) {
    std::visit([&](const auto& one) { On(one, now); }, event);
  }
}

void DebugDesk::On(const wire::ClientJoined& event, MonotonicTime now) {
  if (event.debugger && debugger_) {
    server_->Refuse(event.client, fmt::format("{} debugs this run already, and there can be one debugger at a time; "
                                              "disconnect that one first",
                                              DebuggerName()));
    return;
  }
  clients_[event.client] = {event.who, event.debugger};
  if (event.debugger) {
    debugger_ = event.client;
    awaits_debugger_ = false;
    fleet_.Log("INFO", fmt::format("{} debugs this run", event.who));
  }
  Greet(event.client, event.debugger, now);
}

void DebugDesk::Greet(wire::ClientId client, bool debugger, MonotonicTime now) {
  server_->Send(client, welcome_);
  for (const auto& [id, worker] : workers_) {
    if (worker.joined) server_->Send(client, wire::WorkerJoined{id, worker.pid, worker.lane});
  }
  for (auto& [id, worker] : workers_) {
    if (worker.held && !worker.held->ending) {
      const std::chrono::duration<double> left = worker.held->until - now;
      server_->Send(client, wire::WorkerHeld{id, worker.held->attempt, worker.held->failure, left.count()});
    }
    if (worker.gate && debugger) {
      worker.gate->last_word = now;
      server_->Send(client, wire::WorkerAtGate{id, worker.gate->at});
    }
  }
}

void DebugDesk::On(const wire::ClientGone& event, MonotonicTime) {
  clients_.erase(event.client);
  if (debugger_ != event.client) return;
  debugger_.reset();
  fleet_.Log("INFO", fmt::format("the debugger has left ({}); all workers go on", event.why));
  for (auto& [id, worker] : workers_) {
    if (worker.debugger != Debugger::kNone) Disarm(id, worker, std::nullopt);
  }
  SetWatch({});
  for (auto& [id, worker] : workers_) OpenGate(id, worker);
}

void DebugDesk::On(const wire::ClientSaid& event, MonotonicTime now) {
  if (!clients_.contains(event.client)) return;
  if (std::holds_alternative<wire::AskWorkers>(event.message)) return server_->Send(event.client, View());
  if (std::holds_alternative<wire::CancelRun>(event.message)) return fleet_.Cancel();
  if (debugger_ != event.client) {
    return server_->Send(event.client, wire::Notice{"this connection only looks on: it did not join as a debugger"});
  }
  if (const auto* watch = std::get_if<wire::SetWatch>(&event.message)) return SetWatch(watch->watch);
  std::visit(
      [&](const auto& command) {
        if constexpr (requires { Obey(command.worker, command); }) {
          const auto found = workers_.find(command.worker);
          // One that has left meanwhile: the client hears of that, if it has not yet.
          if (found == workers_.end() || !found->second.joined) return;
          if (found->second.gate) found->second.gate->last_word = now;
          if (found->second.stop) found->second.stop->last_word = now;
          Obey(command.worker, command);
        }
      },
      event.message);
}

void DebugDesk::Obey(WorkerId id, const wire::ArmWorker&) {
  Worker& worker = workers_.at(id);
  if (!rules_.allowed) return SendDebugger(wire::WorkerDisarmed{id, kOff});
  switch (worker.debugger) {
    case Debugger::kNone:
      return Arm(id, worker);
    case Debugger::kArming:
      return;
    case Debugger::kArmed:
      return SendDebugger(wire::WorkerArmed{id});
    case Debugger::kDisarming:
      worker.rearm = true;
  }
}

void DebugDesk::Obey(WorkerId id, const wire::DisarmWorker&) {
  Worker& worker = workers_.at(id);
  if (worker.debugger == Debugger::kNone) return SendDebugger(wire::WorkerDisarmed{id, ""});
  Disarm(id, worker, worker.disarmed_why.value_or(""));
}

void DebugDesk::Obey(WorkerId id, const wire::ToDebugger& command) {
  Worker& worker = workers_.at(id);
  if (worker.debugger == Debugger::kArming || worker.debugger == Debugger::kArmed) {
    return fleet_.Send(id, wire::DebuggerInput{command.json});
  }
  if (!worker.rearm) return;
  worker.input_bytes += command.json.size();
  if (worker.input_bytes > kMostInput) {
    return Disarm(id, worker, "too much was said to its debugger while an earlier one was being taken out");
  }
  worker.input.push_back(command.json);
}

void DebugDesk::SetWatch(const wire::Watch& watch) {
  if (!rules_.allowed && !IsEmpty(watch)) return Notify(kOff);
  wire::Watch wanted = watch;
  std::erase_if(wanted.rules, [&](const wire::WatchRule& rule) {
    const auto parsed = selector::Selector::Parse(rule.selector);
    if (!parsed.ok()) Notify(fmt::format("{}: {}", rule.selector, parsed.message()));
    return !parsed.ok();
  });
  if (wanted == watch_) return;
  watch_ = std::move(wanted);
  for (auto& [id, worker] : workers_) {
    if (worker.joined) SendWatch(id, worker);
  }
}

void DebugDesk::Obey(WorkerId id, const wire::Pass&) {
  Worker& worker = workers_.at(id);
  if (worker.gate) return OpenGate(id, worker);
  if (!worker.held || worker.held->passed || worker.held->ending) return;
  worker.held->passed = true;
  fleet_.Send(id, wire::PassGate{});
}

void DebugDesk::Obey(WorkerId id, const wire::ReleaseHold&) {
  Worker& worker = workers_.at(id);
  if (worker.held) EndHold(id, worker, "released");
}

wire::Workers DebugDesk::View() {
  wire::Workers view;
  for (const auto& [id, worker] : workers_) {
    if (!worker.joined) continue;
    const DeskFleet::Doing doing =
        worker.held ? DeskFleet::Doing{wire::WorkerPhase::kHeld, worker.held->attempt} : fleet_.DoingOf(id);
    wire::WorkerView one;
    one.worker = id;
    one.pid = worker.pid;
    one.phase = doing.phase;
    one.attempt = doing.attempt;
    one.lane = worker.lane;
    one.stopped = worker.stop || worker.gate;
    if (worker.stop) {
      one.file = worker.stop->file;
      one.line = worker.stop->line;
    }
    view.workers.push_back(std::move(one));
  }
  return view;
}

void DebugDesk::RunEnded(const std::string& status, const std::string& reason) {
  SendAll(wire::RunEnded{status, reason});
}

void DebugDesk::SendAll(const wire::ToClient& message) {
  for (const auto& [client, about] : clients_) server_->Send(client, message);
}

void DebugDesk::SendDebugger(const wire::ToClient& message) {
  if (debugger_) server_->Send(*debugger_, message);
}

void DebugDesk::Notify(const std::string& text) { SendDebugger(wire::Notice{text}); }

std::string DebugDesk::DebuggerName() const {
  if (!debugger_) return "no debugger";
  const std::string& who = clients_.at(*debugger_).who;
  return who.empty() ? "another debugger" : who;
}

}  // namespace batchscope::host
