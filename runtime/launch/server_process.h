#pragma once

#include <sys/types.h>

#include <chrono>

#include "runtime/base/files.h"
#include "runtime/base/status.h"
#include "runtime/launch/fork_server.h"

namespace batchscope::launch {

/// The fork server as a child of this process, with the socket to it. Not ended by going out of scope.
class ServerProcess {
 public:
  /// Starts the interpreter in a session of its own, with every signal at its default.
  static Result<ServerProcess> Start(const ForkServerOptions& options);

  pid_t pid() const { return pid_; }
  int socket() const { return socket_.get(); }
  void CloseSocket() { socket_.Reset(); }
  /// Waits for its end and reaps it; false when it still runs after `limit`.
  bool WaitFor(std::chrono::milliseconds limit);
  /// SIGKILL, and waits for that. Nothing when it is reaped already.
  void Kill();
  /// As waitpid gives it; 0 before it is reaped.
  int wait_status() const { return wait_status_; }

 private:
  ServerProcess(pid_t pid, UniqueFd socket, UniqueFd pid_fd)
      : pid_(pid), socket_(std::move(socket)), pid_fd_(std::move(pid_fd)) {}
  void Reap();

  pid_t pid_ = -1;
  UniqueFd socket_;
  UniqueFd pid_fd_;
  int wait_status_ = 0;
  bool is_reaped_ = false;
};

}  // namespace batchscope::launch
