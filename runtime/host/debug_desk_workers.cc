// The desk's workers: what they say, and what is asked of them.
#include <fmt/format.h>

#include <filesystem>
#include <utility>

#include "runtime/host/debug_desk.h"

namespace batchscope::host {
namespace {

const char* WhyItWaits(wire::Gate gate) {
  switch (gate) {
    case wire::Gate::kStart:
      return "waits for a debugger before it starts";
    case wire::Gate::kBeforeRun:
      return "waits for the debugger before run()";
    case wire::Gate::kInRun:
    case wire::Gate::kAfterRun:
      return "waits for the debugger after run()";
    case wire::Gate::kFailure:
      return "waits for the debugger after a failure";
  }
  return "";
}

}  // namespace

void DebugDesk::Heard(WorkerId id, const wire::FromWorker& message, MonotonicTime now) {
  const auto found = workers_.find(id);
  if (found == workers_.end()) return;
  Worker& worker = found->second;
  if (const auto* output = std::get_if<wire::DebuggerOutput>(&message)) {
    // What an earlier client's debugger still says is not for the next one.
    const bool wanted = worker.debugger == Debugger::kArming || worker.debugger == Debugger::kArmed;
    if (wanted) SendDebugger(wire::FromDebugger{id, output->json});
  } else if (const auto* hello = std::get_if<wire::Hello>(&message)) {
    Joined(id, worker, *hello);
  } else if (std::holds_alternative<wire::DebuggerArmed>(message)) {
    if (worker.debugger != Debugger::kArming) return;
    worker.debugger = Debugger::kArmed;
    SendDebugger(wire::WorkerArmed{id});
  } else if (const auto* gone = std::get_if<wire::DebuggerGone>(&message)) {
    GoesOn(id, worker, now);
    On(id, worker, *gone);
  } else if (const auto* stopped = std::get_if<wire::WorkerStopped>(&message)) {
    On(id, worker, *stopped, now);
  } else if (std::holds_alternative<wire::WorkerContinued>(message)) {
    GoesOn(id, worker, now);
  } else if (const auto* at = std::get_if<wire::AtGate>(&message)) {
    On(id, worker, *at, now);
  }
}

void DebugDesk::Joined(WorkerId id, Worker& worker, const wire::Hello& hello) {
  worker.joined = true;
  worker.pid = hello.pid;
  if (watch_ != wire::Watch{}) SendWatch(id, worker);
  SendAll(wire::WorkerJoined{id, worker.pid, worker.lane});
}

void DebugDesk::On(WorkerId id, Worker& worker, const wire::DebuggerGone& gone) {
  const Debugger before = std::exchange(worker.debugger, Debugger::kNone);
  if (before == Debugger::kNone) return;
  if (before != Debugger::kDisarming) {
    if (!gone.why.empty()) fleet_.Log("WARNING", fmt::format("worker {} has no debugger: {}", id.value, gone.why));
    return SendDebugger(wire::WorkerDisarmed{id, gone.why});
  }
  if (const auto why = std::exchange(worker.disarmed_why, std::nullopt)) SendDebugger(wire::WorkerDisarmed{id, *why});
  if (!worker.rearm) return;
  Arm(id, worker);
  for (std::string& json : std::exchange(worker.input, {})) {
    fleet_.Send(id, wire::DebuggerInput{std::move(json)});
  }
}

void DebugDesk::On(WorkerId id, Worker& worker, const wire::WorkerStopped& stopped, MonotonicTime now) {
  ++changes_;
  const MonotonicTime since = worker.stop ? worker.stop->since : now;
  worker.stop = Stop{Place(stopped.file, stopped.line), stopped.file, stopped.line, since, now};
  fleet_.Log("INFO", fmt::format("worker {} stopped in debugger{}{}{}", id.value, stopped.file.empty() ? "" : " at ",
                                 stopped.file.empty() ? "" : worker.stop->where, WhatItRuns(id, worker)));
}

void DebugDesk::GoesOn(WorkerId id, Worker& worker, MonotonicTime now) {
  if (!worker.stop) return;
  ++changes_;
  fleet_.Log("INFO", fmt::format("worker {} goes on after {}", id.value, FormatDuration(now - worker.stop->since)));
  worker.stop.reset();
}

void DebugDesk::On(WorkerId id, Worker& worker, const wire::AtGate& at, MonotonicTime now) {
  if (at.gate != wire::Gate::kInRun) {
    ++changes_;
    worker.gate = AtGate{at, now, now};
    // Without anybody to let it go it does not stay; the first debugger may still be on its way.
    if (!debugger_ && !(at.gate == wire::Gate::kStart && awaits_debugger_)) return OpenGate(id, worker);
  }
  SendDebugger(wire::WorkerAtGate{id, at});
}

void DebugDesk::OpenGate(WorkerId id, Worker& worker) {
  if (!worker.gate) return;
  ++changes_;
  worker.gate.reset();
  fleet_.Send(id, wire::PassGate{});
  if (std::exchange(worker.watch_owed, false)) fleet_.Send(id, watch_);
}

void DebugDesk::SendWatch(WorkerId id, Worker& worker) {
  const bool empty = watch_ == wire::Watch{};
  const bool at_start = worker.gate && worker.gate->at.gate == wire::Gate::kStart;
  worker.watch_owed = empty && at_start;
  if (worker.watch_owed) return;
  fleet_.Send(id, watch_);
  if (!empty || !worker.gate) return;
  ++changes_;
  worker.gate.reset();  // The empty one has opened it.
}

void DebugDesk::Arm(WorkerId id, Worker& worker) {
  worker.debugger = Debugger::kArming;
  worker.rearm = false;
  worker.input_bytes = 0;
  fleet_.Send(id, wire::ArmDebugger{});
}

void DebugDesk::Disarm(WorkerId id, Worker& worker, std::optional<std::string> why) {
  worker.rearm = false;
  worker.input.clear();
  worker.input_bytes = 0;
  worker.disarmed_why = std::move(why);
  if (std::exchange(worker.debugger, Debugger::kDisarming) == Debugger::kDisarming) return;
  fleet_.Send(id, wire::DisarmDebugger{});
}

bool DebugDesk::Hold(WorkerId id, const Attempt& attempt, const Failure& failure, MonotonicTime now) {
  const auto found = workers_.find(id);
  if (found == workers_.end() || !rules_.allowed || rules_.hold <= std::chrono::nanoseconds(0)) return false;
  if (held_ >= rules_.most_held || found->second.held) return false;
  ++held_;
  ++changes_;
  found->second.held = Held{attempt, failure, now, now + rules_.hold};
  const std::chrono::duration<double> left = rules_.hold;
  fleet_.Log("INFO",
             fmt::format("worker {} is held for {}{}", id.value, FormatDuration(left), WhatItRuns(id, found->second)));
  SendAll(wire::WorkerHeld{id, attempt, failure, left.count()});
  return true;
}

void DebugDesk::EndHold(WorkerId id, Worker& worker, const std::string& why) {
  if (std::exchange(worker.held->ending, true)) return;
  fleet_.Log("INFO", fmt::format("worker {} is not held any longer: {}", id.value, why));
  // One that is stopped would not hear that it is to end.
  if (worker.debugger != Debugger::kNone) Disarm(id, worker, why);
  fleet_.EndHeld(id);
}

void DebugDesk::Dismissed(WorkerId id) {
  const auto found = workers_.find(id);
  if (found == workers_.end()) return;
  OpenGate(id, found->second);
}

void DebugDesk::Left(WorkerId id, const std::string& why) {
  const auto found = workers_.find(id);
  if (found == workers_.end()) return;
  const Worker worker = std::move(found->second);
  workers_.erase(found);
  ++changes_;
  if (worker.held) --held_;
  // It was quicker than its debugger; who asked for the disarming is told its end all the same.
  if (worker.disarmed_why) SendDebugger(wire::WorkerDisarmed{id, *worker.disarmed_why});
  if (worker.joined) SendAll(wire::WorkerLeft{id, why});
}

launch::AtStart DebugDesk::at_start() const {
  const bool wait = rules_.allowed && (debugger_ || awaits_debugger_);
  return wait ? launch::AtStart::kWaitForDebugger : launch::AtStart::kGoOn;
}

bool DebugDesk::anyone_waits() const {
  for (const auto& [id, worker] : workers_) {
    if (worker.stop || worker.gate || worker.held) return true;
  }
  return false;
}

std::vector<StoppedWorker> DebugDesk::Stopped(MonotonicTime now) const {
  std::vector<StoppedWorker> stopped;
  const auto add = [&](WorkerId id, std::string where, MonotonicTime since) {
    stopped.push_back({id.value, std::move(where), std::chrono::duration<double>(now - since).count()});
  };
  for (const auto& [id, worker] : workers_) {
    if (worker.stop) {
      add(id, "stopped in debugger at " + worker.stop->where, worker.stop->since);
    } else if (worker.gate) {
      add(id, WhyItWaits(worker.gate->at.gate), worker.gate->since);
    } else if (worker.held) {
      add(id, fmt::format("held after mini-batch {} failed", worker.held->attempt.mini_batch.value),
          worker.held->since);
    }
  }
  return stopped;
}

std::string DebugDesk::WhatItRuns(WorkerId id, const Worker& worker) {
  const std::optional<Attempt> attempt = worker.held ? worker.held->attempt : fleet_.DoingOf(id).attempt;
  if (!attempt) return {};
  return fmt::format(" (mini-batch {}, attempt {})", attempt->mini_batch.value, attempt->number + 1);
}

std::string DebugDesk::Place(const std::string& file, std::uint32_t line) const {
  if (file.empty()) return "an unknown place";
  const std::string own = welcome_.entry_folder + "/";
  const std::string shown =
      file.starts_with(own) ? file.substr(own.size()) : std::filesystem::path(file).filename().string();
  return fmt::format("{}:{}", shown, line);
}

}  // namespace batchscope::host
