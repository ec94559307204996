#pragma once

#include <poll.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "debugadapter/session/session.h"
#include "debugadapter/transport/client_stream.h"
#include "debugadapter/transport/launched_step.h"
#include "debugadapter/transport/serve.h"
#include "runtime/wire/control.h"

namespace batchscope::transport {

/// What a session sees of the world, and the loop that tells it what happens there. One thread.
///
/// What the session asks for is done when it has returned: it is never called from within its own calls.
class World final : public session::Outside {
 public:
  World(ClientStream& client, const ServeOptions& options);

  /// Runs the session to its end.
  void Run();

  void ToClient(protocol::Json message) override { client_.Send(std::move(message)); }
  void Join(const std::string& run) override;
  void Launch(const session::LaunchPlan& plan) override { launch_ = plan; }
  void ToRun(const wire::FromClient& message) override;
  void Leave() override;
  void StopLaunched() override;
  void End() override;
  MonotonicTime Now() const override { return SystemClock().Now(); }

 private:
  /// A run that is to be joined.
  struct Wish {
    std::string run;
    MonotonicTime next_try;
    MonotonicTime last_try;  ///< A run that has just begun has no control endpoint yet.
  };

  /// Nothing is left to do, also for those who wait for something.
  bool IsDone() const;
  /// Until when poll may wait.
  std::optional<MonotonicTime> NextTime() const;
  void Wait();
  void TakeStop();
  void TakeFromClient();
  void TakeFromRun();
  void TakeFromStep();
  void TryToJoin();
  void StartStep();
  void OnTimes();
  void LookForToken(const protocol::Json& message);
  /// Ends the session as if its client had gone; the client is told why when that is not empty.
  void ClientIsGone(const std::string& why);
  Result<wire::Welcome> Connect(const std::filesystem::path& run_folder);

  ClientStream& client_;
  const ServeOptions options_;
  std::optional<Wish> join_;
  std::optional<session::LaunchPlan> launch_;
  std::unique_ptr<wire::ControlClient> run_;
  std::optional<std::string> run_lost_;  ///< Why; not told to the session yet.
  std::optional<LaunchedStep> step_;
  bool stop_wanted_ = false;  ///< Of the launched step.
  bool was_told_to_stop_ = false;
  bool is_over_ = false;
  std::optional<MonotonicTime> token_until_;  ///< While the client has to show its token.
  MonotonicTime deliver_until_;               ///< Once it is over.
  session::Session session_;                  ///< Last: it may call us until it is gone.
};

}  // namespace batchscope::transport
