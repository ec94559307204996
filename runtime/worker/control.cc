#include "runtime/worker/control.h"

#include <fmt/format.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <future>
#include <optional>
#include <utility>
#include <variant>

#include "runtime/base/files.h"

namespace batchscope::worker {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

// How long results of tiny mini-batches gather. A message costs about as much as seven of them.
constexpr milliseconds kGatherFor{1};
constexpr milliseconds kFlushLimit{5'000};
constexpr int kLinkFailedCode = 70;

std::int64_t NowNs() {
  return std::chrono::duration_cast<nanoseconds>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

[[noreturn]] void EndWithoutLink(const Status& why) {
  [[maybe_unused]] const Status written =
      WriteAll(STDERR_FILENO, fmt::format("batchscope: the worker lost its link to the host: {}\n", why.message()));
  ::_exit(kLinkFailedCode);
}

void OrEnd(const Status& status) {
  if (!status.ok()) EndWithoutLink(status);
}

/// A thread started meanwhile gets no signal, nor do threads which that one starts.
class BlockedSignals {
 public:
  BlockedSignals() {
    sigset_t all;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_BLOCK, &all, &before_);
  }
  BlockedSignals(const BlockedSignals&) = delete;
  BlockedSignals& operator=(const BlockedSignals&) = delete;
  ~BlockedSignals() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_;
};

}  // namespace

Control::Control(std::string endpoint, WorkerId worker, DebugSide& debug)
    : endpoint_(std::move(endpoint)), worker_(worker), debug_(debug), relay_(outbox_, debug.clock, debug.start) {
  std::promise<void> connected;
  const std::future<void> is_connected = connected.get_future();
  {
    const BlockedSignals blocked;
    thread_ = std::thread(&Control::Loop, this, std::move(connected));
  }
  is_connected.wait();  // Has an end: a link that cannot be made ends the process.
}

Control::~Control() { Finish(); }

void Control::EndProcessAfter(milliseconds limit) {
  end_by_ns_ = NowNs() + nanoseconds(limit).count();
  outbox_.bell().Ring();
}

void Control::Finish() {
  if (!thread_.joinable()) return;
  finishing_ = true;
  outbox_.bell().Ring();
  thread_.join();
}

void Control::Loop(std::promise<void> is_connected) {
  ::pthread_setname_np(::pthread_self(), "batchscope");
  auto connected = wire::WorkerLink::Connect(endpoint_, worker_);
  if (!connected.ok()) EndWithoutLink(connected.status());
  wire::WorkerLink& link = **connected;
  OrEnd(link.Send(wire::Hello{worker_, ::getpid()}));
  is_connected.set_value();
  while (true) {
    outbox_.bell().Silence();
    const bool finishing = finishing_;  // Before the outbox is looked at: what was pushed earlier is sent.
    Receive(link);
    relay_.Look();
    // libzmq's descriptor tells of changes only, and sending may have eaten one: receive again before waiting.
    if (Send(link)) continue;
    if (finishing && outbox_.state() == Outbox::State::kEmpty) break;
    LookAtDeadline();
    Wait(link);
  }
  link.Flush(kFlushLimit);
}

void Control::Receive(wire::WorkerLink& link) {
  while (true) {
    Result<std::optional<wire::ToWorker>> message = link.Receive();
    if (!message.ok()) EndWithoutLink(message.status());
    if (!message->has_value()) return;
    Obey(**std::move(message));
  }
}

void Control::Obey(wire::ToWorker message) {
  if (auto* work = std::get_if<wire::Work>(&message)) {
    inbox_.Put(std::move(*work));
  } else if (std::holds_alternative<wire::Dismiss>(message)) {
    inbox_.Dismiss();
    debug_.gate.Dismiss();
  } else if (const auto* input = std::get_if<wire::DebuggerInput>(&message)) {
    relay_.Input(input->json);
  } else if (std::holds_alternative<wire::ArmDebugger>(message)) {
    relay_.Arm();
  } else if (std::holds_alternative<wire::DisarmDebugger>(message)) {
    relay_.Disarm();
  } else if (const auto* watch = std::get_if<wire::Watch>(&message)) {
    SetWatch(*watch);
  } else if (std::holds_alternative<wire::PassGate>(message)) {
    debug_.gate.Pass();
  } else {
    debug_.gate.Refuse();
  }
}

void Control::SetWatch(const wire::Watch& wanted) {
  std::optional<Watch::InRun> in_run = debug_.watch.Set(wanted);
  if (in_run) {
    wire::AtGate at;
    at.gate = wire::Gate::kInRun;
    at.attempt = in_run->attempt;
    at.rules = std::move(in_run->rules);
    outbox_.Say(std::move(at));
  }
  if (!debug_.watch.anything()) debug_.gate.NothingIsWatched();
}

bool Control::Send(wire::WorkerLink& link) {
  const Outbox::State state = outbox_.state();
  if (state == Outbox::State::kEmpty) return false;
  if (state == Outbox::State::kGathering && !finishing_) {
    const MonotonicTime now = std::chrono::steady_clock::now();
    if (!gathering_) gathering_since_ = now;
    gathering_ = true;
    if (now - gathering_since_ < kGatherFor) return false;
  }
  gathering_ = false;
  Outbox::Group group = outbox_.Take();
  for (const wire::FromWorker& word : group.words) OrEnd(link.Send(word));
  if (!group.results.results.empty()) OrEnd(link.Send(std::move(group.results)));
  return true;
}

void Control::Wait(const wire::WorkerLink& link) {
  int limit_ms = -1;
  if (gathering_) limit_ms = static_cast<int>(kGatherFor.count());
  if (end_by_ns_ != 0) {
    const std::int64_t left_ms = std::clamp<std::int64_t>((end_by_ns_ - NowNs()) / 1'000'000 + 1, 0, 1'000'000);
    limit_ms = limit_ms < 0 ? static_cast<int>(left_ms) : std::min(limit_ms, static_cast<int>(left_ms));
  }
  const pollfd debugger = relay_.wanted();
  std::array<pollfd, 3> wanted{pollfd{link.fd(), POLLIN, 0}, pollfd{outbox_.bell().fd(), POLLIN, 0}, debugger};
  if (::poll(wanted.data(), wanted.size(), limit_ms) <= 0) return;
  for (const pollfd& each : wanted) {
    if ((each.revents & (POLLNVAL | POLLERR)) == 0 || each.fd == debugger.fd) continue;  // The relay sees for itself.
    EndWithoutLink(Status::Error("one of its descriptors was closed; did the script close some that are not its own?"));
  }
}

void Control::LookAtDeadline() const {
  if (end_by_ns_ != 0 && NowNs() >= end_by_ns_) ::_exit(0);
}

}  // namespace batchscope::worker
