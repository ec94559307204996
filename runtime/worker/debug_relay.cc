#include "runtime/worker/debug_relay.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "runtime/base/check.h"
#include "runtime/worker/passable.h"

namespace batchscope::worker {
namespace {

/// Far more than what reaches a client (kMostPassed): a message must be read to be answered for, and one that is larger
/// than this costs the debugger.
constexpr std::size_t kMostMessage = std::size_t{256} << 20;  // Bytes.
constexpr std::size_t kChunk = std::size_t{64} << 10;         // Bytes.
constexpr const char* kEndedByItself = "the debugger ended by itself";

}  // namespace

DebugRelay::DebugRelay(Outbox& outbox, StopClock& clock, StartDebugger start)
    : outbox_(outbox), start_(std::move(start)), stops_(clock) {}

void DebugRelay::Arm() {
  switch (state_) {
    case State::kOut:
      Begin();
      break;
    case State::kIn:
      if (is_armed_) outbox_.Say(wire::DebuggerArmed{});
      break;
    case State::kLeaving:
      once_more_ = true;
      break;
  }
}

void DebugRelay::Disarm() {
  switch (state_) {
    case State::kOut:
      outbox_.Say(wire::DebuggerGone{});
      break;
    case State::kIn:
      Leave("");
      break;
    case State::kLeaving:
      // Its answer is that of the one who leaves.
      once_more_ = false;
      unsent_.clear();
      break;
  }
}

void DebugRelay::Input(std::string_view json) {
  if (state_ == State::kOut || (state_ == State::kLeaving && !once_more_)) return;  // Sent before it was known there.
  unsent_ += wire::WithContentLength(json);
  if (state_ == State::kIn) Send();
}

pollfd DebugRelay::wanted() const {
  const int events = POLLIN | (unsent_.empty() ? 0 : POLLOUT);
  return {socket_.get(), static_cast<short>(events), 0};
}

void DebugRelay::Look() {
  if (!end_) return;
  if (socket_.valid()) Receive();
  if (socket_.valid() && !unsent_.empty()) Send();
  LookForNews();
}

void DebugRelay::Begin() {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    outbox_.Say(wire::DebuggerGone{fmt::format("the debugger gets no connection: {}", std::strerror(errno))});
    return;
  }
  socket_ = UniqueFd(ends[0]);
  UniqueFd theirs(ends[1]);
  ::fcntl(socket_.get(), F_SETFL, O_NONBLOCK);
  frames_.emplace(kMostMessage);
  state_ = State::kIn;
  is_armed_ = false;
  end_ = std::make_shared<DebuggerEnd>(std::move(theirs), outbox_.bell());
  start_(end_);
}

void DebugRelay::LookForNews() {
  DebuggerEnd::News news = end_->TakeNews();
  if (news.armed && state_ == State::kIn) {
    is_armed_ = true;
    outbox_.Say(wire::DebuggerArmed{});
  }
  if (!news.gone) return;
  if (state_ == State::kIn) Leave("");
  end_.reset();
  state_ = State::kOut;
  outbox_.Say(wire::DebuggerGone{news.gone->empty() ? std::exchange(why_leaving_, {}) : *std::move(news.gone)});
  why_leaving_.clear();
  if (!std::exchange(once_more_, false)) return;
  Begin();
  if (state_ == State::kIn) Send();
}

void DebugRelay::Receive() {
  std::string chunk(kChunk, '\0');
  while (socket_.valid()) {
    const ssize_t got = ::recv(socket_.get(), chunk.data(), chunk.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno == EAGAIN) return;
    if (got < 0) return BreakOff(errno);
    if (got == 0) return Leave(kEndedByItself);
    frames_->Append(std::string_view(chunk).substr(0, static_cast<std::size_t>(got)));
    while (socket_.valid()) {
      Result<std::optional<std::string>> message = frames_->Next();
      if (!message.ok()) return Leave("the debugger cannot be understood: " + message.message());
      if (!message->has_value()) break;
      PassOn(**std::move(message));
    }
  }
}

void DebugRelay::PassOn(std::string json) {
  DebugStops::Follows follows = stops_.Read(json);
  if (!follows.is_ours) outbox_.Say(wire::DebuggerOutput{Passable(std::move(json))});
  if (follows.stopped) outbox_.Say(*std::move(follows.stopped));
  if (follows.continued) outbox_.Say(wire::WorkerContinued{});
  if (follows.request) Input(*follows.request);
}

void DebugRelay::Send() {
  while (!unsent_.empty()) {
    const ssize_t sent = ::send(socket_.get(), unsent_.data(), unsent_.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0 && errno == EAGAIN) return;
    if (sent < 0) return BreakOff(errno);
    unsent_.erase(0, static_cast<std::size_t>(sent));
  }
}

void DebugRelay::BreakOff(int error) {
  if (error == EBADF || error == ENOTSOCK) {
    // Closed by the script, and perhaps a file of its own since.
    [[maybe_unused]] const int closed = socket_.Release();
  }
  const bool is_end = error == ECONNRESET || error == EPIPE;  // Before it has read everything.
  Leave(is_end ? kEndedByItself : fmt::format("the debugger's connection broke: {}", std::strerror(error)));
}

/// Lets the debugger go; it sees the end of its connection, and lets threads go on that it has stopped.
void DebugRelay::Leave(std::string why) {
  state_ = State::kLeaving;
  is_armed_ = false;
  why_leaving_ = std::move(why);
  // Not only closed: a process that user code forked may have the descriptor too.
  if (socket_.valid()) ::shutdown(socket_.get(), SHUT_RDWR);
  socket_.Reset();
  unsent_.clear();
  end_->BeOver();
  if (stops_.Clear()) outbox_.Say(wire::WorkerContinued{});
}

}  // namespace batchscope::worker
