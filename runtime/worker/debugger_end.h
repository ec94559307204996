#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "runtime/base/files.h"
#include "runtime/worker/bell.h"

namespace batchscope::worker {

/// One connection of the debugger, between the thread that has pydevd in its hands and the control thread.
class DebuggerEnd {
 public:
  /// `bell` rings when there is news; it must live as long as the process.
  DebuggerEnd(UniqueFd socket, Bell& bell) : socket_(std::move(socket)), bell_(bell) {}

  // The debugger's thread.

  /// What pydevd talks over; once.
  UniqueFd TakeSocket();
  /// Breakpoints hit from now on.
  void Armed();
  /// Whether the debugger is to be taken out again.
  bool is_over();
  /// Blocks until it is.
  void AwaitEnd();
  /// Nothing of the debugger is left. `why` is empty, or says why it was not wanted but had to be so. The last word.
  void Gone(std::string why);

  // The control thread.

  void BeOver();
  struct News {
    bool armed = false;
    std::optional<std::string> gone;  ///< Its `why`.
  };
  /// What was said since.
  News TakeNews();

 private:
  UniqueFd socket_;
  Bell& bell_;
  std::mutex mutex_;
  std::condition_variable end_;
  bool is_over_ = false;  // Guarded by mutex_.
  News news_;             // Guarded by mutex_.
};

/// Has a thread made that puts the debugger into the process; never blocks and needs no GIL. The thread says Gone() in
/// the end, whatever happens.
using StartDebugger = std::function<void(std::shared_ptr<DebuggerEnd>)>;

}  // namespace batchscope::worker
