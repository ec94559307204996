#include "debugadapter/transport/listener.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <list>
#include <thread>
#include <utility>

namespace batchscope::transport {
namespace {

/// A client and the thread that serves it.
class Guest {
 public:
  /// `done` (an eventfd) becomes readable when the session is over.
  Guest(UniqueFd socket, const ServeOptions& options, int done)
      : thread_([this, client = std::move(socket), options, done]() mutable {
          transport::Serve(client.get(), client.get(), options);
          client.Reset();
          is_over_ = true;
          ::eventfd_write(done, 1);
        }) {}
  ~Guest() { thread_.join(); }
  Guest(const Guest&) = delete;
  Guest& operator=(const Guest&) = delete;

  bool is_over() const { return is_over_; }

 private:
  std::atomic<bool> is_over_ = false;
  std::thread thread_;  ///< Last: it uses the others.
};

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
  std::list<Guest> guests;
  while (true) {
    pollfd wanted[] = {{guests.size() < kMostClients ? fd_.get() : -1, POLLIN, 0},
                       {done.get(), POLLIN, 0},
                       {options.stop_fd, POLLIN, 0}};
    if (::poll(wanted, std::size(wanted), -1) <= 0) continue;
    if (wanted[2].revents != 0) return;  // The guests see it too; they are waited for.
    if (wanted[1].revents != 0) {
      eventfd_t count = 0;
      ::eventfd_read(done.get(), &count);
      guests.remove_if([](const Guest& guest) { return guest.is_over(); });
    }
    if (wanted[0].revents == 0) continue;
    UniqueFd client(::accept4(fd_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!client.valid()) continue;
    const int on = 1;
    ::setsockopt(client.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    guests.emplace_back(std::move(client), options, done.get());
  }
}

}  // namespace batchscope::transport
