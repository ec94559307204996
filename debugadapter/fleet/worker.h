#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "debugadapter/fleet/breakpoints.h"
#include "debugadapter/fleet/entry_points.h"
#include "debugadapter/protocol/message.h"
#include "runtime/base/clock.h"
#include "runtime/wire/control_messages.h"

namespace batchscope::fleet {

/// A breakpoint as a worker's debugger has it. `owner`: the fleet's breakpoint; kTemporary for one of the adapter's.
struct LineStop {
  static constexpr int kTemporary = 0;
  int line = 0;
  int owner = kTemporary;
  std::string condition;
  std::string hit_condition;
  std::string log_message;

  friend bool operator==(const LineStop&, const LineStop&) = default;
};
struct FunctionStop {
  std::string name;
  int owner = LineStop::kTemporary;
  std::string condition;
  std::string hit_condition;

  friend bool operator==(const FunctionStop&, const FunctionStop&) = default;
};

/// All that a worker's debugger is told to stop at.
struct Configuration {
  std::map<std::string, std::vector<LineStop>> lines;  ///< By file, in order of lines, one a line.
  std::vector<FunctionStop> functions;
  bool raised = false;

  friend bool operator==(const Configuration&, const Configuration&) = default;
};

/// Where run() and init() begin, in workers.
struct EntryScript {
  std::string path;
  EntryPoints points;
};

/// A thread of a worker, as its debugger numbers them.
struct Thread {
  std::string name;
  bool shown = false;    ///< The client knows of it.
  bool stopped = false;  ///< And the client knows that, too.
  bool raised = false;   ///< It is stopped at an exception.
  bool leaving = false;  ///< It was told to step to a target; its debugger has not agreed yet.
  std::string says;      ///< Why it stopped, for people.
};

/// Why a worker is to stop at the first line of its next run().
enum class NextRun : std::uint8_t { kNo, kStep, kAsked };

enum class Arms : std::uint8_t { kUnarmed, kArming, kArmed, kDisarming };

/// One debuggee: a worker process, what its debugger was told, and what is going on between it and the client.
struct Worker {
  WorkerId id;
  std::int32_t pid = 0;
  bool lane = false;
  wire::WorkerView view;  ///< As the host last told.

  Arms arms = Arms::kUnarmed;
  bool refuses = false;  ///< It was disarmed, or could not be armed, by others: not again before the client asks.
  MonotonicTime arming_since;
  Configuration sent;
  int unanswered = 0;                  ///< Of the requests that configure it.
  std::map<std::int64_t, int> owners;  ///< Of its debugger's breakpoints, by their numbers there.

  std::map<std::int64_t, Thread> threads;  ///< None when it is unarmed.
  std::optional<std::int64_t> main;        ///< The one that runs run().

  bool waits = false;                   ///< At a gate, for Pass.
  std::set<int> bound;                  ///< Breakpoints bound to data that its mini-batch has.
  std::optional<wire::AtGate> failure;  ///< It waits at, or stops behind, Gate::kFailure.
  std::optional<wire::WorkerHeld> held;

  bool pausing = false;         ///< A pause was asked for and it has not stopped yet.
  MonotonicTime pausing_since;  ///< When its debugger was told.
  bool stepping = false;        ///< Its main thread was told to step and has not stopped yet.
  bool watched = false;         ///< It reports its next mini-batches, because somebody steps in it.
  NextRun next_run = NextRun::kNo;
  bool temporary = false;  ///< Stops at the first line of the run() it is about to call.

  bool any_stopped() const;
  /// The thread, when it is the one that runs run() (0 while its number is not known).
  bool is_main(std::int64_t thread) const { return thread == 0 || main == thread; }
  /// Whether there has to be a debugger in it.
  bool needs_arms(const Breakpoints& breakpoints) const;
  /// Whether it is to report its mini-batches to stop at run()'s first line.
  bool needs_watch() const { return lane || watched || next_run != NextRun::kNo; }
  /// What its debugger is to have now.
  Configuration Wanted(const Breakpoints& breakpoints, const EntryScript& entry) const;
  /// Its debugger is gone, with all that lived in it; what it is wanted for again stays.
  void ForgetDebugger();
};

/// The arguments of requests that tell a worker's debugger of its configuration.
protocol::Json SetBreakpointsArguments(const std::string& path, const std::vector<LineStop>& stops);
protocol::Json SetFunctionBreakpointsArguments(const std::vector<FunctionStop>& stops);
protocol::Json SetExceptionBreakpointsArguments(bool raised);

/// The rule that makes a worker report each of its mini-batches, and the worker of such a rule.
wire::WatchRule RuleOf(WorkerId worker);
std::optional<WorkerId> WorkerOfRule(std::uint32_t rule);

}  // namespace batchscope::fleet
