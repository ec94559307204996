#pragma once

#include <poll.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "runtime/base/files.h"
#include "runtime/wire/content_frames.h"
#include "runtime/worker/debug_stops.h"
#include "runtime/worker/debugger_end.h"
#include "runtime/worker/mailbox.h"
#include "runtime/worker/stop_clock.h"

namespace batchscope::worker {

/// Carries whole DAP messages between the host and the debugger in this process, and has that put in and taken out.
///
/// The control thread's; it never blocks and needs no Python.
class DebugRelay {
 public:
  /// What it says goes into `outbox`. All of these must live as long as the process.
  DebugRelay(Outbox& outbox, StopClock& clock, StartDebugger start);

  void Arm();
  void Disarm();
  void Input(std::string_view json);
  /// What to poll for; a descriptor of -1 when there is nothing.
  pollfd wanted() const;
  /// Does what can be done now: after each poll, whoever woke the thread.
  void Look();

 private:
  enum class State {
    kOut,      ///< There is no debugger.
    kIn,       ///< It is being put in, or is there.
    kLeaving,  ///< It is being taken out.
  };

  void Begin();
  void LookForNews();
  void Receive();
  void Send();
  void PassOn(std::string json);
  void BreakOff(int error);
  void Leave(std::string why);

  Outbox& outbox_;
  StartDebugger start_;
  DebugStops stops_;
  State state_ = State::kOut;
  bool is_armed_ = false;
  bool once_more_ = false;  // Arm() while the one before is being taken out.
  std::string why_leaving_;
  std::shared_ptr<DebuggerEnd> end_;
  UniqueFd socket_;
  std::optional<wire::ContentFrames> frames_;
  std::string unsent_;
};

}  // namespace batchscope::worker
