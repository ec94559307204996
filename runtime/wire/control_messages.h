#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "runtime/base/attempt.h"
#include "runtime/base/ids.h"
#include "runtime/base/status.h"
#include "runtime/wire/debug_messages.h"

/// What a run's host and those who look inside it (the debug adapter, a kernel, a viewer) say to each other over the
/// control endpoint. Encoded as the messages to workers are, each behind its size in 4 bytes.
namespace batchscope::wire {

/// The format of these messages; a client of another number is refused in words.
inline constexpr std::uint32_t kControlVersion = 1;

// ---- Client to host
// ------------------------------------------------------------------------------------------------

/// The first word of a client.
struct Join {
  std::uint32_t version = kControlVersion;
  std::string token;      ///< The text of control/token.
  std::string who;        ///< "VS Code", "JupyterLab": for messages to people.
  bool debugger = false;  ///< It will arm workers: at most one such client at a time.

  friend bool operator==(const Join&, const Join&) = default;
};
struct ArmWorker {
  WorkerId worker;

  friend bool operator==(const ArmWorker&, const ArmWorker&) = default;
};
struct DisarmWorker {
  WorkerId worker;

  friend bool operator==(const DisarmWorker&, const DisarmWorker&) = default;
};
/// A DAP message for one worker's debugger.
struct ToDebugger {
  WorkerId worker;
  std::string json;

  friend bool operator==(const ToDebugger&, const ToDebugger&) = default;
};
/// What all workers watch for, later ones too, until the client sets it anew or is gone.
struct SetWatch {
  Watch watch;

  friend bool operator==(const SetWatch&, const SetWatch&) = default;
};
/// Lets a worker leave the gate where it waits, or look at what it holds.
struct Pass {
  WorkerId worker;

  friend bool operator==(const Pass&, const Pass&) = default;
};
/// Ends the wait of a worker that holds a failure; its process ends.
struct ReleaseHold {
  WorkerId worker;

  friend bool operator==(const ReleaseHold&, const ReleaseHold&) = default;
};
/// Asks for Workers.
struct AskWorkers {
  friend bool operator==(const AskWorkers&, const AskWorkers&) = default;
};
struct CancelRun {
  friend bool operator==(const CancelRun&, const CancelRun&) = default;
};

using FromClient =
    std::variant<Join, ArmWorker, DisarmWorker, ToDebugger, SetWatch, Pass, ReleaseHold, AskWorkers, CancelRun>;

// ---- Host to client
// ------------------------------------------------------------------------------------------------

/// The answer to Join. WorkerJoined of every living worker follows, then WorkerHeld of those that hold.
struct Welcome {
  std::string run_id;
  std::string step;              ///< Its name.
  std::string run_folder;        ///< Absolute.
  std::string entry_folder;      ///< The run's copy of the source directory.
  std::string source_directory;  ///< The user's own, absolute.
  std::string entry_script;      ///< Relative to both.
  std::uint32_t mini_batches = 0;

  friend bool operator==(const Welcome&, const Welcome&) = default;
};
/// The client is not served; the connection closes behind it.
struct Refused {
  std::string why;  ///< A sentence for a person.

  friend bool operator==(const Refused&, const Refused&) = default;
};
struct WorkerJoined {
  WorkerId worker;
  std::int32_t pid = 0;
  bool lane = false;  ///< It is the debug lane's.

  friend bool operator==(const WorkerJoined&, const WorkerJoined&) = default;
};
/// Its process is gone.
struct WorkerLeft {
  WorkerId worker;
  std::string why;  ///< "SIGSEGV (segmentation fault)", or empty when it ended well.

  friend bool operator==(const WorkerLeft&, const WorkerLeft&) = default;
};
struct WorkerArmed {
  WorkerId worker;

  friend bool operator==(const WorkerArmed&, const WorkerArmed&) = default;
};
/// As DebuggerGone; also said when debug_lease is over.
struct WorkerDisarmed {
  WorkerId worker;
  std::string why;  ///< Empty when the client asked for it.

  friend bool operator==(const WorkerDisarmed&, const WorkerDisarmed&) = default;
};
struct FromDebugger {
  WorkerId worker;
  std::string json;

  friend bool operator==(const FromDebugger&, const FromDebugger&) = default;
};
/// The worker waits for Pass (but at Gate::kInRun). A client that does not answer within a time set by the host has it
/// go on.
struct WorkerAtGate {
  WorkerId worker;
  AtGate at;

  friend bool operator==(const WorkerAtGate&, const WorkerAtGate&) = default;
};
/// hold_on_failure: the worker waits with what run() raised. After ArmWorker, its configuration and Pass it stops
/// there; when it is continued, or the time is over, its process ends.
struct WorkerHeld {
  WorkerId worker;
  Attempt attempt;
  Failure failure;
  double seconds_left = 0;

  friend bool operator==(const WorkerHeld&, const WorkerHeld&) = default;
};
enum class WorkerPhase : std::uint8_t { kStarting, kWaiting, kRunning, kEnding, kHeld };
struct WorkerView {
  WorkerId worker;
  std::int32_t pid = 0;
  WorkerPhase phase = WorkerPhase::kStarting;
  std::optional<Attempt> attempt;  ///< With kRunning and kHeld.
  bool lane = false;
  bool stopped = false;  ///< In the debugger, or at a gate.
  std::string file;      ///< Where, when stopped; may be empty.
  std::uint32_t line = 0;

  friend bool operator==(const WorkerView&, const WorkerView&) = default;
};
/// The workers of this moment, in order of their numbers.
struct Workers {
  std::vector<WorkerView> workers;

  friend bool operator==(const Workers&, const Workers&) = default;
};
/// Something a person who debugs should read; one or more whole lines.
struct Notice {
  std::string text;

  friend bool operator==(const Notice&, const Notice&) = default;
};
/// All is over; the connection closes behind it.
struct RunEnded {
  std::string status;  ///< "completed", "failed", "cancelled".
  std::string reason;  ///< Empty when it completed.

  friend bool operator==(const RunEnded&, const RunEnded&) = default;
};

using ToClient = std::variant<Welcome, Refused, WorkerJoined, WorkerLeft, WorkerArmed, WorkerDisarmed, FromDebugger,
                              WorkerAtGate, WorkerHeld, Workers, Notice, RunEnded>;

std::string Encode(const FromClient& message);
std::string Encode(const ToClient& message);
/// Errors: what is wrong at which byte; never throws, never reads past the end.
Result<FromClient> DecodeFromClient(std::string_view bytes);
Result<ToClient> DecodeToClient(std::string_view bytes);

}  // namespace batchscope::wire
