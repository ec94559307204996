#include <fcntl.h>
#include <fmt/format.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <map>
#include <utility>

#include "runtime/base/text.h"
#include "runtime/base/token.h"
#include "runtime/wire/control.h"
#include "runtime/wire/control_socket.h"

namespace batchscope::wire {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kMostJoinBytes = 4096;
constexpr std::size_t kMostNameBytes = 200;
constexpr std::size_t kMostClients = 256;
/// What is taken of one client at a time, in parts of 64 KiB: one that never stops sending does not hold up the host.
constexpr int kPartsATurn = 2;
constexpr int kLastParts = 16;
constexpr int kAcceptedATurn = 16;
constexpr const char* kClosed = "it closed the connection";

// What a descriptor in the poll set is; clients have their number.
constexpr std::uint64_t kListener = std::uint64_t{1} << 32;
constexpr std::uint64_t kTimer = kListener + 1;
constexpr std::uint64_t kRaised = kListener + 2;

struct Client {
  UniqueFd fd;
  bool joined = false;
  bool leaving = false;  ///< Refused: it only gets the rest of what waits for it.
  bool deaf = false;     ///< It no longer takes anything; what it said before is read yet.
  std::string in;
  SendQueue out;
  Clock::time_point deadline;  ///< Until it joined, and when it is leaving.
  std::uint32_t polled = 0;    ///< The events that the poll set knows.
};

/// What a first message must be like to be heard at all.
Status CheckVersion(std::string_view message) {
  constexpr char kJoin = 'J';
  if (message.size() < 1 + sizeof(std::uint32_t) || message.front() != kJoin) return {};
  const std::size_t version = SizeIn(message.substr(1));
  if (version == kControlVersion) return {};
  return Status::Error(
      fmt::format("it speaks version {} of the control endpoint, the run's host {}; take both from the "
                  "same Batchscope",
                  version, kControlVersion));
}

bool IsName(std::string_view text) {
  const auto control = [](char byte) { return (byte >= 0 && byte < ' ') || byte == '\x7f'; };
  return text.size() <= kMostNameBytes && IsUtf8(text) && std::none_of(text.begin(), text.end(), control);
}

class SocketControlServer final : public ControlServer {
 public:
  SocketControlServer(ControlFolder folder, const ControlLimits& limits)
      : limits_(limits), folder_(std::move(folder)) {}
  ~SocketControlServer() override;

  Status Start();
  int fd() const override { return poll_.get(); }
  std::vector<ClientEvent> Take() override;
  void Send(ClientId client, const ToClient& message) override;
  void Refuse(ClientId client, const std::string& why) override;

 private:
  using Clients = std::map<std::uint32_t, Client>;

  Status Poll(int fd, std::uint64_t what, std::uint32_t events, int operation = EPOLL_CTL_ADD);
  void Accept();
  void Add(UniqueFd fd);
  void Read(Clients::iterator at, int parts);
  /// The messages in `in`; false when the client is gone or leaving.
  bool Understand(Clients::iterator at);
  Status Hear(Clients::iterator at, std::string_view bytes);
  Status HearFirst(Clients::iterator at, std::string_view bytes);
  void Flush(Clients::iterator at);
  void DropLate();
  /// Tells it why, and drops it when that was sent.
  void Dismiss(Clients::iterator at, const std::string& why);
  void Drop(Clients::iterator at, const std::string& why);
  void Tell(ClientEvent event);
  void SetTimer();

  const ControlLimits limits_;
  const ControlFolder folder_;
  std::string token_;
  UniqueFd listener_;
  UniqueFd poll_;
  UniqueFd timer_;   // Set while a client has a deadline.
  UniqueFd raised_;  // While `events_` has some that arose outside of Take(), or a client is deaf.
  UniqueFd spare_;   // Given up for a moment to refuse a client when this process has no descriptor left.
  Clients clients_;
  std::uint32_t next_ = 0;
  std::vector<ClientEvent> events_;
};

Status SocketControlServer::Start() {
  // In this order: who finds the token can connect. Nobody is heard before both are there.
  BATCHSCOPE_ASSIGN_OR_RETURN(listener_, folder_.Listen());
  BATCHSCOPE_ASSIGN_OR_RETURN(token_, folder_.MakeToken());
  poll_ = UniqueFd(::epoll_create1(EPOLL_CLOEXEC));
  timer_ = UniqueFd(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
  raised_ = UniqueFd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  spare_ = UniqueFd(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  if (!poll_.valid() || !timer_.valid() || !raised_.valid()) {
    return Status::FromErrno("cannot make a descriptor to poll", errno);
  }
  BATCHSCOPE_RETURN_IF_ERROR(Poll(listener_.get(), kListener, EPOLLIN));
  BATCHSCOPE_RETURN_IF_ERROR(Poll(timer_.get(), kTimer, EPOLLIN));
  return Poll(raised_.get(), kRaised, EPOLLIN);
}

SocketControlServer::~SocketControlServer() {
  for (auto& [id, client] : clients_) {
    (void)client.out.Flush(client.fd.get());
    ::shutdown(client.fd.get(), SHUT_RDWR);
  }
  folder_.Clean();
}

Status SocketControlServer::Poll(int fd, std::uint64_t what, std::uint32_t events, int operation) {
  epoll_event wanted{};
  wanted.events = events;
  wanted.data.u64 = what;
  if (::epoll_ctl(poll_.get(), operation, fd, &wanted) == 0) return {};
  return Status::FromErrno("cannot poll a control socket", errno);
}

std::vector<ClientEvent> SocketControlServer::Take() {
  std::array<epoll_event, 64> ready{};
  const int count = ::epoll_wait(poll_.get(), ready.data(), static_cast<int>(ready.size()), 0);
  for (int i = 0; i < count; ++i) {
    const epoll_event& one = ready.at(static_cast<std::size_t>(i));
    if (one.data.u64 == kListener) Accept();
    if (one.data.u64 >= kListener) continue;
    const auto id = static_cast<std::uint32_t>(one.data.u64);
    const auto at = clients_.find(id);
    if (at == clients_.end()) continue;
    if (at->second.leaving && (one.events & (EPOLLERR | EPOLLHUP)) != 0) {
      Drop(at, kClosed);
    } else if ((one.events & EPOLLOUT) != 0) {
      Flush(at);
    }
    // Flush() may have dropped it.
    const auto still = clients_.find(id);
    if (still != clients_.end() && (one.events & (EPOLLIN | EPOLLERR | EPOLLHUP)) != 0) {
      Read(still, kPartsATurn);
    }
  }
  DropLate();
  eventfd_t ignored = 0;
  (void)::eventfd_read(raised_.get(), &ignored);  // It does not block.
  return std::exchange(events_, {});
}

void SocketControlServer::Accept() {
  if (!spare_.valid()) spare_ = UniqueFd(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  for (int turn = 0; turn < kAcceptedATurn; ++turn) {
    UniqueFd fd(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (fd.valid()) {
      // Whoever is not of this user learns nothing.
      if (IsOfThisUser(fd.get()) && clients_.size() < kMostClients) Add(std::move(fd));
    } else if ((errno == EMFILE || errno == ENFILE) && spare_.valid()) {
      // Left in the queue it would wake the host for ever.
      spare_.Reset();
      UniqueFd(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC)).Reset();
      spare_ = UniqueFd(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    } else if (errno != EINTR && errno != ECONNABORTED) {
      return;
    }
  }
}

void SocketControlServer::Add(UniqueFd fd) {
  const std::uint32_t id = next_++;
  if (!Poll(fd.get(), id, EPOLLIN).ok()) return;
  Client& client = clients_[id];
  client.fd = std::move(fd);
  client.polled = EPOLLIN;
  client.deadline = Clock::now() + limits_.join;
  SetTimer();
}

void SocketControlServer::Read(Clients::iterator at, int parts) {
  std::array<char, std::size_t{1} << 16> part;  // NOLINT(cppcoreguidelines-pro-type-member-init): read before used.
  for (int turn = 0; turn < parts; ++turn) {
    const ssize_t got = ::recv(at->second.fd.get(), part.data(), part.size(), MSG_DONTWAIT);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return;
    if (got < 0) return Drop(at, Status::FromErrno("the connection broke", errno).message());
    if (got == 0) return Drop(at, at->second.in.empty() ? kClosed : "it closed the connection amid a message");
    at->second.in.append(part.data(), static_cast<std::size_t>(got));
    if (!Understand(at)) return;
  }
}

bool SocketControlServer::Understand(Clients::iterator at) {
  Client& client = at->second;
  std::size_t place = 0;
  while (client.in.size() - place >= kSizeBytes) {
    const std::string_view rest = std::string_view(client.in).substr(place);
    const std::size_t size = SizeIn(rest);
    const std::size_t most = client.joined ? kMostControlBytes : kMostJoinBytes;
    if (size > most) {
      Dismiss(at, fmt::format("it sent a message of {} bytes, expected at most {}", size, most));
      return false;
    }
    if (rest.size() - kSizeBytes < size) break;
    const Status heard = Hear(at, rest.substr(kSizeBytes, size));
    if (!heard.ok()) {
      Dismiss(at, heard.message());
      return false;
    }
    place += kSizeBytes + size;
  }
  client.in.erase(0, place);
  if (client.in.empty()) client.in = std::string();  // A large message does not keep its memory.
  return true;
}

Status SocketControlServer::Hear(Clients::iterator at, std::string_view bytes) {
  if (!at->second.joined) return HearFirst(at, bytes);
  Result<FromClient> message = DecodeFromClient(bytes);
  if (!message.ok()) return message.status().Within("it sent");
  if (std::holds_alternative<Join>(*message)) return Status::Error("it joined a second time");
  Tell(ClientSaid{ClientId(at->first), std::move(message).value()});
  return {};
}

Status SocketControlServer::HearFirst(Clients::iterator at, std::string_view bytes) {
  BATCHSCOPE_RETURN_IF_ERROR(CheckVersion(bytes));
  const Result<FromClient> message = DecodeFromClient(bytes);
  const auto* join = message.ok() ? std::get_if<Join>(&*message) : nullptr;
  if (join == nullptr) return Status::Error("its first message is not Join");
  if (!IsSameToken(token_, join->token)) {
    return Status::Error(
        fmt::format("its token is not the one in {}/{} of the run folder", kControlFolder, kControlToken));
  }
  if (!IsName(join->who)) {
    return Status::Error(
        fmt::format("its name is no text of at most {} bytes without control characters", kMostNameBytes));
  }
  at->second.joined = true;
  SetTimer();
  Tell(ClientJoined{ClientId(at->first), join->who, join->debugger});
  return {};
}

void SocketControlServer::Send(ClientId client, const ToClient& message) {
  const auto at = clients_.find(static_cast<std::uint32_t>(client));
  if (at == clients_.end() || at->second.leaving || at->second.deaf) return;
  const std::string bytes = Encode(message);
  if (bytes.size() > kMostControlBytes) {
    return Send(client, Notice{fmt::format("a message of {} bytes was left out, expected at most {}", bytes.size(),
                                           kMostControlBytes)});
  }
  at->second.out.Add(bytes);
  // Its socket is full as long as it is polled for that: asking each time costs more than the message.
  const bool full = (at->second.polled & EPOLLOUT) != 0;
  if (!full || at->second.out.waiting() > limits_.most_unread) Flush(at);
}

void SocketControlServer::Refuse(ClientId client, const std::string& why) {
  const auto at = clients_.find(static_cast<std::uint32_t>(client));
  if (at != clients_.end() && !at->second.leaving) Dismiss(at, why);
}

void SocketControlServer::Flush(Clients::iterator at) {
  Client& client = at->second;
  const bool gone = !client.out.Flush(client.fd.get()).ok();
  if (client.leaving && (gone || client.out.waiting() == 0)) return Drop(at, kClosed);
  if (client.out.waiting() > limits_.most_unread) {
    return Drop(at, fmt::format("it stopped reading: more than {} MiB wait for it", limits_.most_unread >> 20));
  }
  if (gone) {
    client.deaf = true;
    (void)::eventfd_write(raised_.get(), 1);
  }
  const std::uint32_t wanted = (client.leaving ? 0U : EPOLLIN) | (client.out.waiting() > 0 ? EPOLLOUT : 0U);
  if (wanted != client.polled && Poll(client.fd.get(), at->first, wanted, EPOLL_CTL_MOD).ok()) client.polled = wanted;
}

void SocketControlServer::DropLate() {
  const Clock::time_point now = Clock::now();
  for (auto next = clients_.begin(); next != clients_.end();) {
    const auto at = next++;
    const Client& client = at->second;
    if (client.deaf && !client.leaving) {
      const std::uint32_t id = at->first;
      Read(at, kLastParts);  // What it said last.
      const auto still = clients_.find(id);
      if (still != clients_.end()) Drop(still, "it no longer reads");
    } else if ((!client.joined || client.leaving) && now >= client.deadline) {
      Drop(at, "it was silent");
    }
  }
  SetTimer();
}

void SocketControlServer::Dismiss(Clients::iterator at, const std::string& why) {
  Client& client = at->second;
  if (std::exchange(client.joined, false)) Tell(ClientGone{ClientId(at->first), why});
  client.leaving = true;
  client.deadline = Clock::now() + limits_.join;
  client.out.Add(Encode(ToClient(Refused{why})));
  client.in = std::string();
  SetTimer();
  Flush(at);
}

void SocketControlServer::Drop(Clients::iterator at, const std::string& why) {
  if (at->second.joined) Tell(ClientGone{ClientId(at->first), why});
  // A child of this process may have a copy of the descriptor, which keeps it in the poll set and the other side
  // waiting.
  ::epoll_ctl(poll_.get(), EPOLL_CTL_DEL, at->second.fd.get(), nullptr);
  ::shutdown(at->second.fd.get(), SHUT_RDWR);
  clients_.erase(at);
}

void SocketControlServer::Tell(ClientEvent event) {
  if (events_.empty()) (void)::eventfd_write(raised_.get(), 1);  // It does not block, and Take() reads it.
  events_.push_back(std::move(event));
}

void SocketControlServer::SetTimer() {
  auto first = Clock::time_point::max();
  for (const auto& [id, client] : clients_) {
    if (!client.joined || client.leaving) first = std::min(first, client.deadline);
  }
  itimerspec at{};  // Zeros: no timer.
  if (first != Clock::time_point::max()) {
    const auto ns = std::max<std::int64_t>(1, std::chrono::nanoseconds(first.time_since_epoch()).count());
    at.it_value.tv_sec = ns / 1'000'000'000;
    at.it_value.tv_nsec = ns % 1'000'000'000;
  }
  ::timerfd_settime(timer_.get(), TFD_TIMER_ABSTIME, &at, nullptr);
}

}  // namespace

Result<std::unique_ptr<ControlServer>> ControlServer::Bind(const fs::path& folder, const ControlLimits& limits) {
  constexpr const char* kContext = "the run cannot be looked into";
  Result<ControlFolder> opened = ControlFolder::Open(folder);
  if (!opened.ok()) return opened.status().Within(kContext);
  auto server = std::make_unique<SocketControlServer>(std::move(opened).value(), limits);
  BATCHSCOPE_RETURN_IF_ERROR(server->Start().Within(kContext));
  return std::unique_ptr<ControlServer>(std::move(server));
}

}  // namespace batchscope::wire
