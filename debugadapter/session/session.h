#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "debugadapter/protocol/message.h"
#include "runtime/base/clock.h"
#include "runtime/base/status.h"
#include "runtime/wire/control_messages.h"

namespace batchscope::session {

/// A step to start under the debugger.
struct LaunchPlan {
  std::filesystem::path step;          ///< The step file (YAML or JSON).
  std::filesystem::path program;       ///< `batchscope`; empty: the one beside this adapter, or in PATH.
  std::vector<std::string> arguments;  ///< Further ones for `batchscope run`.
  std::filesystem::path cwd;           ///< Empty: the step file's folder.
  std::vector<std::pair<std::string, std::optional<std::string>>> environment;  ///< None: to be unset.
  bool debug = true;  ///< Workers wait for the debugger before they import the script.
};

/// What a session asks of the world around it; nothing here blocks.
class Outside {
 public:
  virtual ~Outside() = default;
  virtual void ToClient(protocol::Json message) = 0;
  /// Joins a run: its folder, its id, or "latest" / "" for the newest running one. Session::OnJoined answers.
  virtual void Join(const std::string& run) = 0;
  /// Starts the step and joins its run. OnJoined answers; what it prints comes as OnOutput, its end as OnExited.
  virtual void Launch(const LaunchPlan& plan) = 0;
  virtual void ToRun(const wire::FromClient& message) = 0;
  /// Leaves the run: its host disarms every worker and opens the gates.
  virtual void Leave() = 0;
  /// Asks the started step to end, as Ctrl-C does.
  virtual void StopLaunched() = 0;
  /// The session is over; what was sent to the client before is still delivered.
  virtual void End() = 0;
  virtual MonotonicTime Now() const = 0;
};

struct SessionOptions {
  /// The smallest id given to threads, frames and variables: a caller that shares them with another debugger (the
  /// kernel's) keeps the two apart by it.
  int first_id = 1;
  /// A client over TCP must show it in its attach or launch arguments (`token`); empty: not asked for.
  std::string token;
};

/// One client's debug session over all workers of one run. Pure but for Outside: one thread calls it, and nothing in it
/// waits. Every request is answered, at the latest when the session ends.
class Session {
 public:
  Session(Outside& outside, SessionOptions options);
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  ~Session();

  /// A message of the client, as it came.
  void OnClient(const protocol::Json& message);
  /// The client is gone: everything is taken back.
  void OnClientGone();

  void OnJoined(Result<wire::Welcome> welcome);
  void OnRun(const wire::ToClient& message);
  /// The host is gone, or the connection to it broke.
  void OnRunLost(const std::string& why);
  void OnOutput(const std::string& text, bool is_stderr);
  void OnExited(int exit_code);

  /// What the client calls itself in `initialize`, for wire::Join::who.
  const std::string& client_name() const;

  /// When OnTime() wants to be called; none: not before something else happens.
  std::optional<MonotonicTime> next_time() const;
  void OnTime();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace batchscope::session
