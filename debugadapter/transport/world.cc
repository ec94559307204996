#include "debugadapter/transport/world.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <limits>
#include <system_error>
#include <utility>

#include "debugadapter/transport/run_finder.h"
#include "runtime/base/token.h"
#include "runtime/record/run_folder.h"

namespace batchscope::transport {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr milliseconds kJoinLimit = seconds(10);
constexpr milliseconds kYoungRunLimit = seconds(5);
constexpr milliseconds kBetweenTries{50};
/// For a client that was told everything and reads no more.
constexpr milliseconds kDeliverLimit = seconds(5);

/// Milliseconds until `time` for poll; -1: no limit.
int PollLimit(const std::optional<MonotonicTime>& time, MonotonicTime now) {
  if (!time) return -1;
  const auto left = std::chrono::ceil<milliseconds>(*time - now).count();
  return static_cast<int>(std::clamp<std::int64_t>(left, 0, std::numeric_limits<int>::max()));
}

/// Whether a run that lives has no control endpoint yet.
bool IsYoung(const record::RunFolder& run) {
  std::error_code ignored;
  return record::HostLock::IsHeld(run) && !std::filesystem::exists(run.control() / wire::kControlToken, ignored);
}

}  // namespace

World::World(ClientStream& client, const ServeOptions& options)
    : client_(client), options_(options), session_(*this, options.session) {
  if (!options_.session.token.empty()) token_until_ = Now() + options_.token_limit;
}

void World::Run() {
  while (!IsDone()) {
    Wait();
    if (is_over_) continue;
    StartStep();
    TryToJoin();
    OnTimes();
    if (run_lost_ && !is_over_) {
      run_.reset();
      session_.OnRunLost(*std::exchange(run_lost_, std::nullopt));
    }
  }
}

bool World::IsDone() const {
  if (!is_over_) return false;
  const bool delivered = !client_.wants_to_write() || Now() >= deliver_until_;
  return delivered && (!step_ || step_->has_ended());
}

std::optional<MonotonicTime> World::NextTime() const {
  std::optional<MonotonicTime> next;
  const auto consider = [&next](const std::optional<MonotonicTime>& time) {
    if (time && (!next || *time < *next)) next = time;
  };
  if (step_) consider(step_->deadline());
  if (is_over_ && client_.wants_to_write()) consider(deliver_until_);
  if (is_over_) return next;
  consider(token_until_);
  if (join_) consider(join_->next_try);
  if (launch_ || run_lost_) consider(Now());
  consider(session_.next_time());
  return next;
}

void World::Wait() {
  std::vector<pollfd> wanted;
  const auto add = [&wanted](int fd, bool read, bool write) {
    const auto events = static_cast<short>((read ? POLLIN : 0) | (write ? POLLOUT : 0));
    wanted.push_back({events == 0 ? -1 : fd, events, 0});
  };
  add(client_.in(), !is_over_, false);
  add(client_.out(), false, client_.wants_to_write());
  add(run_ ? run_->fd() : -1, run_ != nullptr, run_ && run_->wants_to_write());
  add(options_.stop_fd, options_.stop_fd >= 0 && !was_told_to_stop_, false);
  const std::size_t of_step = wanted.size();
  if (step_) step_->AddTo(wanted);
  if (::poll(wanted.data(), wanted.size(), PollLimit(NextTime(), Now())) > 0) {
    if (wanted[1].revents != 0) client_.Flush();
    if (wanted[2].revents != 0) TakeFromRun();
    const auto ready = [](const pollfd& each) { return each.revents != 0; };
    if (std::any_of(wanted.begin() + static_cast<std::ptrdiff_t>(of_step), wanted.end(), ready)) TakeFromStep();
    if (wanted[0].revents != 0) TakeFromClient();
    if (wanted[3].revents != 0) TakeStop();
  }
  if (step_) step_->OnTime(Now());
}

void World::TakeStop() {
  was_told_to_stop_ = true;
  if (is_over_) {
    StopLaunched();
  } else {
    ClientIsGone(client_.end());
  }
}

void World::TakeFromClient() {
  for (const protocol::Json& message : client_.Receive()) {
    if (is_over_) return;
    LookForToken(message);
    session_.OnClient(message);
  }
}

void World::LookForToken(const protocol::Json& message) {
  if (!token_until_) return;
  const protocol::Json::json_pointer place("/arguments/token");
  if (!message.is_object() || !message.contains(place) || !message[place].is_string()) return;
  if (!IsSameToken(options_.session.token, message[place].get<std::string>())) return;
  token_until_.reset();
  if (options_.on_token) options_.on_token();
}

void World::OnTimes() {
  const std::optional<MonotonicTime> next = session_.next_time();
  if (next && Now() >= *next) session_.OnTime();
  // A stream also ends by what is sent to it.
  if (!is_over_ && !client_.end().empty()) ClientIsGone(client_.end());
  if (!is_over_ && token_until_ && Now() >= *token_until_) {
    ClientIsGone(fmt::format("it showed no token within {} s", options_.token_limit.count() / 1000));
  }
}

void World::ClientIsGone(const std::string& why) {
  if (!why.empty()) {
    client_.Send(protocol::Event(
        "output", {{"category", "important"},
                   {"output", fmt::format("Batchscope: the debug client is not served any more: {}\n", why)}}));
  }
  session_.OnClientGone();
  StopLaunched();
  End();
}

void World::TakeFromRun() {
  while (run_ && !run_lost_) {
    if (const Status sent = run_->Flush(); !sent.ok()) {
      run_lost_ = sent.message();
      break;
    }
    const Result<std::optional<wire::ToClient>> message = run_->Receive();
    if (!message.ok()) {
      run_lost_ = message.message();
    } else if (!message->has_value()) {
      return;
    } else {
      const bool is_last = std::holds_alternative<wire::RunEnded>(**message);
      if (is_last) run_.reset();  // The connection closes behind it, which is no loss.
      session_.OnRun(**message);
    }
  }
  if (run_lost_) run_.reset();
}

void World::TakeFromStep() {
  StepNews news = step_->Take();
  for (const Printed& printed : news.printed) {
    if (!is_over_) session_.OnOutput(printed.text, printed.is_stderr);
  }
  if (news.run_folder && !is_over_) {
    session_.OnJoined(Connect(*news.run_folder));
  }
  if (!news.exit_code) return;
  // What the run said last comes before its end.
  if (!is_over_) TakeFromRun();
  if (!is_over_) session_.OnExited(*news.exit_code);
}

void World::Join(const std::string& run) { join_ = Wish{run, Now(), Now() + kYoungRunLimit}; }

void World::TryToJoin() {
  const MonotonicTime now = Now();
  if (is_over_ || !join_ || now < join_->next_try) return;
  const std::filesystem::path home =
      std::filesystem::absolute(options_.home.empty() ? record::RunsHome() : options_.home);
  const Result<record::RunFolder> found = FindRunning(home, join_->run);
  if (found.ok() && IsYoung(*found) && now < join_->last_try) {
    join_->next_try = now + kBetweenTries;
    return;
  }
  join_.reset();
  session_.OnJoined(found.ok() ? Connect(found->path()) : found.status());
}

Result<wire::Welcome> World::Connect(const std::filesystem::path& run_folder) {
  run_lost_.reset();
  wire::Join join;
  join.who = session_.client_name().empty() ? "a debug client" : session_.client_name();
  join.debugger = true;
  auto joined = wire::ControlClient::Connect(run_folder, std::move(join), kJoinLimit);
  if (!joined.ok()) return joined.status();
  run_ = std::move(joined->first);
  return std::move(joined->second);
}

void World::StartStep() {
  if (is_over_ || !launch_) return;
  const session::LaunchPlan plan = *std::exchange(launch_, std::nullopt);
  Result<LaunchedStep> started = LaunchedStep::Start(plan, options_.home);
  if (!started.ok()) {
    session_.OnJoined(started.status());
    return;
  }
  step_.emplace(std::move(started).value());
  if (stop_wanted_) step_->Stop(Now());
}

void World::ToRun(const wire::FromClient& message) {
  if (!run_ || run_lost_) return;
  if (const Status sent = run_->Send(message); !sent.ok()) run_lost_ = sent.message();
}

void World::Leave() {
  if (run_ && !run_lost_) static_cast<void>(run_->Flush().ok());
  run_.reset();
  run_lost_.reset();
  join_.reset();
}

void World::StopLaunched() {
  stop_wanted_ = true;
  if (step_) step_->Stop(Now());
}

void World::End() {
  if (is_over_) return;
  is_over_ = true;
  deliver_until_ = Now() + kDeliverLimit;
  Leave();
}

}  // namespace batchscope::transport
