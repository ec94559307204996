#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <future>
#include <string>
#include <thread>

#include "runtime/base/clock.h"
#include "runtime/base/ids.h"
#include "runtime/wire/links.h"
#include "runtime/worker/debug_relay.h"
#include "runtime/worker/debug_side.h"
#include "runtime/worker/mailbox.h"

namespace batchscope::worker {

/// The worker's thread that talks with the host. It needs no Python: it goes on while user code holds the GIL, and
/// handles no signals.
///
/// The other methods are the main thread's. A link that fails ends the process: a worker without a host is of no use.
class Control {
 public:
  /// Starts the thread, and returns when it has dialled and said Hello: nothing of libzmq's own start then runs beside
  /// the main thread, which goes on to change the environment, the streams and the working directory. `debug` must
  /// live as long as this.
  Control(std::string endpoint, WorkerId worker, DebugSide& debug);
  Control(const Control&) = delete;
  Control& operator=(const Control&) = delete;
  ~Control();

  Inbox& inbox() { return inbox_; }
  Outbox& outbox() { return outbox_; }
  /// From now on the process ends with code 0 when `limit` is over, whatever the main thread does: exit handlers of
  /// user code may hang.
  void EndProcessAfter(std::chrono::milliseconds limit);
  /// Sends what is left and ends the thread.
  void Finish();

 private:
  void Loop(std::promise<void> connected);
  void Receive(wire::WorkerLink& link);
  void Obey(wire::ToWorker message);
  void SetWatch(const wire::Watch& wanted);
  bool Send(wire::WorkerLink& link);
  void Wait(const wire::WorkerLink& link);
  void LookAtDeadline() const;

  const std::string endpoint_;
  const WorkerId worker_;
  Inbox inbox_;       // Locks itself.
  Outbox outbox_;     // Locks itself.
  DebugSide& debug_;  // Locks itself.
  DebugRelay relay_;  // Control thread.
  std::atomic<bool> finishing_ = false;
  std::atomic<std::int64_t> end_by_ns_ = 0;  // CLOCK_MONOTONIC; 0: no limit.
  bool gathering_ = false;                   // Control thread: results wait in the outbox since gathering_since_.
  MonotonicTime gathering_since_{};          // Control thread.
  std::thread thread_;
};

}  // namespace batchscope::worker
