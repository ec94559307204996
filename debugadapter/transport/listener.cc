#include "debugadapter/transport/listener.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <list>
#include <thread>
#include <utility>

namespace batchscope::transport {
namespace {

constexpr int kBetweenTries = 100;  // Milliseconds.

UniqueFd Spare() { return UniqueFd(::open("/dev/null", O_RDONLY | O_CLOEXEC)); }

/// A client and the thread that serves it.
class Guest {
 public:
  /// `done` (an eventfd) becomes readable when the session is over.
  Guest(UniqueFd socket, const ServeOptions& options, int done)
      : socket_(std::move(socket)), thread_([this, options = options, done]() mutable {
          options.on_token = [this] { has_shown_token_ = true; };
          transport::Serve(socket_.get(), socket_.get(), options);
          Dismiss();
          is_over_ = true;
          ::eventfd_write(done, 1);
        }) {}
  ~Guest() { thread_.join(); }
  Guest(const Guest&) = delete;
  Guest& operator=(const Guest&) = delete;

  bool is_over() const { return is_over_; }
  bool has_shown_token() const { return has_shown_token_; }
  /// Ends the connection from both sides, from any thread; the session sees that its client has gone.
  void Dismiss() const { ::shutdown(socket_.get(), SHUT_RDWR); }

 private:
  UniqueFd socket_;
  std::atomic<bool> is_over_ = false;
  std::atomic<bool> has_shown_token_ = false;
  std::thread thread_;  ///< Last: it uses the others.
};

/// The next client; nothing when there is none. `spare` is given up for a moment when this process has no descriptor
/// left: a client that is left in the queue would wake us for ever.
UniqueFd Accept(int listener, UniqueFd& spare) {
  UniqueFd client(::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC));
  if (client.valid()) {
    const int on = 1;
    ::setsockopt(client.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  } else if (errno != EINTR && errno != EAGAIN && errno != ECONNABORTED) {
    spare.Reset();
    UniqueFd(::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC)).Reset();
    spare = Spare();
  }
  return client;
}

sockaddr* Generic(sockaddr_in* address) { return reinterpret_cast<sockaddr*>(address); }

}  // namespace

Result<Listener> Listener::Bind(std::uint16_t port) {
  const std::string what = fmt::format("cannot listen at 127.0.0.1:{}", port);
  UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd.valid()) return Status::FromErrno(what, errno);
  const int on = 1;
  ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  socklen_t size = sizeof address;
  if (::bind(fd.get(), Generic(&address), size) != 0 || ::listen(fd.get(), SOMAXCONN) != 0 ||
      ::getsockname(fd.get(), Generic(&address), &size) != 0) {
    return Status::FromErrno(what, errno);
  }
  return Listener(std::move(fd), ntohs(address.sin_port));
}

void Listener::Serve(const ServeOptions& options) {
  const UniqueFd done(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  Check(done.valid(), "eventfd: errno {}", errno);
  UniqueFd spare = Spare();
  std::list<Guest> guests;  // The first one came first.
  bool has_dismissed = false;
  while (true) {
    const bool has_room = guests.size() < kMostClients;
    const auto oldest = std::find_if(guests.begin(), guests.end(),
                                     [](const Guest& guest) { return !guest.has_shown_token() && !guest.is_over(); });
    const bool can_take = spare.valid() && (has_room || (!has_dismissed && oldest != guests.end()));
    pollfd wanted[] = {{can_take ? fd_.get() : -1, POLLIN, 0}, {done.get(), POLLIN, 0}, {options.stop_fd, POLLIN, 0}};
    const int ready = ::poll(wanted, std::size(wanted), spare.valid() ? -1 : kBetweenTries);
    if (!spare.valid()) spare = Spare();
    if (ready <= 0) continue;
    if (wanted[2].revents != 0) return;  // The guests see it too; they are waited for.
    if (wanted[1].revents != 0) {
      eventfd_t count = 0;
      ::eventfd_read(done.get(), &count);
      guests.remove_if([](const Guest& guest) { return guest.is_over(); });
      has_dismissed = false;
      continue;
    }
    if (wanted[0].revents == 0) continue;
    if (!has_room) {
      if (oldest->has_shown_token()) continue;  // Meanwhile.
      oldest->Dismiss();
      has_dismissed = true;  // Its place is free when it is done.
      continue;
    }
    UniqueFd client = Accept(fd_.get(), spare);
    if (client.valid()) guests.emplace_back(std::move(client), options, done.get());
  }
}

}  // namespace batchscope::transport
