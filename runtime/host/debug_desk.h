#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/attempt.h"
#include "runtime/base/clock.h"
#include "runtime/base/ids.h"
#include "runtime/host/run.h"
#include "runtime/launch/fork_server.h"
#include "runtime/wire/control.h"
#include "runtime/wire/messages.h"

namespace batchscope::host {

/// How far people may look inside this run.
struct DebugRules {
  bool allowed = true;                ///< `debug` is not "off".
  bool wait_for_debugger = false;     ///< SubmitOptions'.
  std::chrono::nanoseconds lease{0};  ///< debug_lease.
  std::chrono::nanoseconds hold{0};   ///< hold_on_failure; 0: none holds.
  std::uint32_t most_held = 1;        ///< At a time.
};

/// What the desk needs of the run around it.
class DeskFleet {
 public:
  virtual ~DeskFleet() = default;

  /// What the worker does right now; its phase is never kHeld.
  struct Doing {
    wire::WorkerPhase phase = wire::WorkerPhase::kStarting;
    std::optional<Attempt> attempt;
  };
  virtual Doing DoingOf(WorkerId worker) = 0;
  virtual void Send(WorkerId worker, const wire::ToWorker& message) = 0;
  /// A worker that holds is to end, soon.
  virtual void EndHeld(WorkerId worker) = 0;
  virtual void Cancel() = 0;
  /// A line for the run's log.
  virtual void Log(std::string_view level, const std::string& line) = 0;
};

/// Where those who look inside a run meet its workers: it hands the debugger's messages on, knows who is stopped, who
/// waits at a gate and who holds a failure, and sees to it that nobody waits for ever.
///
/// Part of the run loop and on its thread; without clock and sockets of its own. It costs nothing as long as nobody
/// looks.
class DebugDesk {
 public:
  /// `server` may be null: then nobody can look in. It and `fleet` outlive the desk.
  DebugDesk(DebugRules rules, wire::Welcome welcome, wire::ControlServer* server, DeskFleet& fleet);

  // What happened (debug_desk_clients.cc: people; debug_desk_workers.cc: workers).
  void TakeClients(MonotonicTime now);
  void Ordered(WorkerId worker, bool lane) { workers_[worker].lane = lane; }
  /// Anything a worker says; what does not concern the desk is passed over.
  void Heard(WorkerId worker, const wire::FromWorker& message, MonotonicTime now);
  /// The worker has failed for the last time and would stay. False when it may not; it is to be told so.
  bool Hold(WorkerId worker, const Attempt& attempt, const Failure& failure, MonotonicTime now);
  /// It is told to run shutdown() and end: no gate may keep it.
  void Dismissed(WorkerId worker);
  /// Its process is gone; `why` as WorkerLeft says it.
  void Left(WorkerId worker, const std::string& why);
  void RunEnded(const std::string& status, const std::string& reason);

  /// Ends what lasted too long: leases, waits at gates, holds. Equality is in time. Lowers `next` to the moment from
  /// which there may be something to end.
  void WatchClocks(MonotonicTime now, MonotonicTime& next);

  // How things stand.
  /// For a worker that is forked now.
  launch::AtStart at_start() const;
  /// Somebody looks into a worker: the run need not make progress.
  bool anyone_waits() const;
  /// In order of their numbers.
  std::vector<StoppedWorker> Stopped(MonotonicTime now) const;
  /// Grows whenever what Stopped() tells changes, but for the time.
  std::uint64_t changes() const { return changes_; }

 private:
  /// kArming and kArmed: ArmDebugger was sent last, kDisarming: DisarmDebugger; kNone: the worker said DebuggerGone.
  enum class Debugger { kNone, kArming, kArmed, kDisarming };
  struct Stop {
    std::string where;  ///< "entry.py:12"
    std::string file;
    std::uint32_t line = 0;
    MonotonicTime since;
    MonotonicTime last_word;  ///< Of the client about this worker, or of the worker about where it stopped.
  };
  struct AtGate {
    wire::AtGate at;
    MonotonicTime since;
    MonotonicTime last_word;  ///< Of the client about this worker.
  };
  struct Held {
    Attempt attempt;
    Failure failure;
    MonotonicTime since;
    MonotonicTime until;
    bool passed = false;
    bool ending = false;
  };
  struct Worker {
    bool lane = false;
    bool joined = false;  ///< It can be spoken to.
    std::int32_t pid = 0;
    Debugger debugger = Debugger::kNone;
    std::optional<std::string> disarmed_why;  ///< With kDisarming: what the client is told then; nothing: nobody asks.
    bool rearm = false;                       ///< With kDisarming: the client wants it armed again, and then
    std::vector<std::string> input;           ///< wants these said.
    std::size_t input_bytes = 0;
    bool watch_owed = false;  ///< At kStart; an empty Watch would open that gate.
    std::optional<Stop> stop;
    std::optional<AtGate> gate;  ///< Where it waits.
    std::optional<Held> held;
  };
  struct Client {
    std::string who;
    bool debugger = false;
  };
  using Workers = std::map<WorkerId, Worker>;

  // People (debug_desk_clients.cc).
  void On(const wire::ClientJoined& event, MonotonicTime now);
  void On(const wire::ClientSaid& event, MonotonicTime now);
  void On(const wire::ClientGone& event, MonotonicTime now);
  void Greet(wire::ClientId client, bool debugger, MonotonicTime now);
  void Obey(WorkerId id, const wire::ArmWorker& command);
  void Obey(WorkerId id, const wire::DisarmWorker& command);
  void Obey(WorkerId id, const wire::ToDebugger& command);
  void Obey(WorkerId id, const wire::Pass& command);
  void Obey(WorkerId id, const wire::ReleaseHold& command);
  void SetWatch(const wire::Watch& watch);
  wire::Workers View();
  void SendAll(const wire::ToClient& message);
  void SendDebugger(const wire::ToClient& message);
  void Notify(const std::string& text);

  // Workers (debug_desk_workers.cc).
  void Joined(WorkerId id, Worker& worker, const wire::Hello& hello);
  void On(WorkerId id, Worker& worker, const wire::DebuggerGone& gone);
  void On(WorkerId id, Worker& worker, const wire::WorkerStopped& stopped, MonotonicTime now);
  void On(WorkerId id, Worker& worker, const wire::AtGate& at, MonotonicTime now);
  void GoesOn(WorkerId id, Worker& worker, MonotonicTime now);
  void Arm(WorkerId id, Worker& worker);
  /// `why` as WorkerDisarmed says it; nothing when nobody is to be told.
  void Disarm(WorkerId id, Worker& worker, std::optional<std::string> why);
  /// Out of the gate where it waits, if any.
  void OpenGate(WorkerId id, Worker& worker);
  void EndHold(WorkerId id, Worker& worker, const std::string& why);
  void SendWatch(WorkerId id, Worker& worker);
  std::string WhatItRuns(WorkerId id, const Worker& worker);
  std::string Place(const std::string& file, std::uint32_t line) const;
  std::string DebuggerName() const;

  // Time (debug_desk_clocks.cc).
  void WatchLease(WorkerId id, Worker& worker, MonotonicTime now, MonotonicTime& next);
  void WatchGate(WorkerId id, Worker& worker, MonotonicTime now, MonotonicTime& next);

  const DebugRules rules_;
  const wire::Welcome welcome_;
  wire::ControlServer* const server_;
  DeskFleet& fleet_;
  std::map<wire::ClientId, Client> clients_;
  std::optional<wire::ClientId> debugger_;  ///< The one client that arms workers.
  bool awaits_debugger_;                    ///< wait_for_debugger, and none was here yet.
  wire::Watch watch_;
  Workers workers_;
  std::uint32_t held_ = 0;  ///< Workers that hold.
  std::uint64_t changes_ = 0;
};

}  // namespace batchscope::host
