#include "debugadapter/session/session.h"

#include <fmt/format.h>

#include <utility>

#include "debugadapter/session/context.h"
#include "debugadapter/session/handlers.h"

namespace batchscope::session {

class Session::Impl {
 public:
  Impl(Outside& outside, SessionOptions options) : context(outside, std::move(options)) {}

  Context context;
};

Session::Session(Outside& outside, SessionOptions options)
    : impl_(std::make_unique<Impl>(outside, std::move(options))) {}

Session::~Session() = default;

void Session::OnClient(const protocol::Json& message) { ServeClient(impl_->context, message); }

void Session::OnClientGone() {
  Context& context = impl_->context;
  if (std::exchange(context.client_gone, true)) return;
  if (context.stage == Stage::kJoined || context.stage == Stage::kRunning) context.outside.Leave();
  if (context.stage != Stage::kOver && context.settings.launched && !context.exit_code) {
    context.outside.StopLaunched();
  }
  context.stage = Stage::kOver;
  context.outside.End();
}

void Session::OnJoined(Result<wire::Welcome> welcome) { Started(impl_->context, std::move(welcome)); }

void Session::OnRun(const wire::ToClient& message) { OnRunMessage(impl_->context, message); }

void Session::OnRunLost(const std::string& why) { OnRunOver(impl_->context, why); }

void Session::OnOutput(const std::string& text, bool is_stderr) {
  if (impl_->context.stage == Stage::kOver) return;
  // The progress of a run goes to stderr; clients show that category in red.
  impl_->context.client.Event("output", {{"category", is_stderr ? "console" : "stdout"}, {"output", text}});
}

void Session::OnExited(int exit_code) {
  Context& context = impl_->context;
  context.exit_code = exit_code;
  if (context.stage == Stage::kJoining && context.joining) {
    const Ticket ticket = *std::exchange(context.joining, std::nullopt);
    if (exit_code == 0) {
      context.client.Succeed(ticket);  // It was quicker than we were.
    } else {
      context.client.Fail(ticket, protocol::kCannotJoin,
                          fmt::format("The step ended with exit code {} before the debugger could join its run; "
                                      "the debug console has what it said",
                                      exit_code));
    }
    return Finish(context);
  }
  OnRunOver(context, {});
  const bool never_joined = context.stage == Stage::kInitialized && context.settings.launched;
  if (context.run_over || never_joined) Finish(context);
}

const std::string& Session::client_name() const { return impl_->context.client_name; }

std::optional<MonotonicTime> Session::next_time() const {
  const auto& timers = impl_->context.timers;
  return timers.empty() ? std::nullopt : std::optional(timers.begin()->first);
}

void Session::OnTime() {
  auto& timers = impl_->context.timers;
  while (!timers.empty() && timers.begin()->first <= impl_->context.outside.Now()) {
    const auto what = std::move(timers.begin()->second);
    timers.erase(timers.begin());
    what();
  }
}

}  // namespace batchscope::session
