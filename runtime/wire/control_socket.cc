#include "runtime/wire/control_socket.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <utility>

#include "runtime/base/token.h"
#include "runtime/wire/codec.h"
#include "runtime/wire/control.h"

namespace batchscope::wire {
namespace {

namespace fs = std::filesystem;

constexpr int kBacklog = 128;
constexpr unsigned kOwnerOnly = 0600;

/// The socket's address; good as long as the descriptor is open.
Result<sockaddr_un> AddressIn(const fs::path& folder, int fd) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::string path = (folder / kControlSocket).native();
  if (path.size() >= sizeof address.sun_path) path = fmt::format("/proc/self/fd/{}/{}", fd, kControlSocket);
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  return address;
}

}  // namespace

Result<ControlFolder> ControlFolder::Open(const fs::path& folder) {
  BATCHSCOPE_ASSIGN_OR_RETURN(UniqueFd fd, OpenFile(folder, O_PATH | O_DIRECTORY));
  return ControlFolder(folder, std::move(fd));
}

Result<std::string> ControlFolder::MakeToken() const {
  BATCHSCOPE_ASSIGN_OR_RETURN(std::string token, batchscope::MakeToken());
  ::unlinkat(fd_.get(), kControlToken, 0);
  const fs::path path = path_ / kControlToken;
  constexpr int kFlags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
  const UniqueFd file(::openat(fd_.get(), kControlToken, kFlags, kOwnerOnly));
  if (!file.valid()) return Status::FromErrno("cannot make " + path.string(), errno);
  if (::fchmod(file.get(), kOwnerOnly) != 0) return Status::FromErrno("cannot protect " + path.string(), errno);
  BATCHSCOPE_RETURN_IF_ERROR(WriteAll(file.get(), token).Within(path.string()));
  return token;
}

Result<std::string> ControlFolder::ReadToken() const { return batchscope::ReadToken(path_ / kControlToken); }

Result<UniqueFd> ControlFolder::Listen() const {
  UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd.valid()) return Status::FromErrno("cannot make a Unix socket", errno);
  const std::string path = (path_ / kControlSocket).string();
  BATCHSCOPE_ASSIGN_OR_RETURN(const sockaddr_un address, AddressIn(path_, fd_.get()));
  ::unlinkat(fd_.get(), kControlSocket, 0);
  // The file that bind() makes has the mode of the descriptor, less the umask: it is nobody else's from the first
  // moment.
  if (::fchmod(fd.get(), kOwnerOnly) != 0 ||
      ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return Status::FromErrno("cannot bind " + path, errno);
  }
  if (::fchmodat(fd_.get(), kControlSocket, kOwnerOnly, 0) != 0) {
    return Status::FromErrno("cannot protect " + path, errno);
  }
  if (::listen(fd.get(), kBacklog) != 0) return Status::FromErrno("cannot listen on " + path, errno);
  return fd;
}

Result<UniqueFd> ControlFolder::Connect(std::chrono::milliseconds limit) const {
  UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd.valid()) return Status::FromErrno("cannot make a Unix socket", errno);
  BATCHSCOPE_ASSIGN_OR_RETURN(const sockaddr_un address, AddressIn(path_, fd_.get()));
  // A full backlog makes connect() wait, for as long as sending may. 0 would be for ever.
  const auto most = std::max(limit, std::chrono::milliseconds(1));
  timeval time{};
  time.tv_sec = most.count() / 1000;
  time.tv_usec = (most.count() % 1000) * 1000;
  ::setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &time, sizeof time);
  while (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    if (errno != EINTR) return Status::FromErrno("cannot connect to " + (path_ / kControlSocket).string(), errno);
  }
  return fd;
}

void ControlFolder::Clean() const {
  ::unlinkat(fd_.get(), kControlSocket, 0);
  ::unlinkat(fd_.get(), kControlToken, 0);
}

bool IsOfThisUser(int connected) {
  ucred peer{};
  socklen_t size = sizeof peer;
  return ::getsockopt(connected, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && peer.uid == ::geteuid();
}

std::size_t SizeIn(std::string_view first_bytes) {
  std::uint32_t size = 0;
  std::memcpy(&size, first_bytes.data(), sizeof size);
  return size;
}

void SendQueue::Add(std::string_view message) {
  if (sent_ > bytes_.size() / 2) {  // Not each time: what waits may be large.
    bytes_.erase(0, sent_);
    sent_ = 0;
  }
  const auto size = static_cast<std::uint32_t>(message.size());
  char raw[kSizeBytes];
  static_assert(sizeof size == kSizeBytes);
  std::memcpy(raw, &size, sizeof size);
  bytes_.append(raw, sizeof raw);
  bytes_.append(message);
}

Status SendQueue::Flush(int fd) {
  while (waiting() > 0) {
    const ssize_t sent = ::send(fd, bytes_.data() + sent_, waiting(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return {};
    if (sent < 0) {
      const int problem = errno;
      *this = SendQueue();
      return Status::FromErrno("cannot send", problem);
    }
    sent_ += static_cast<std::size_t>(sent);
  }
  *this = SendQueue();  // A large message does not keep its memory.
  return {};
}

}  // namespace batchscope::wire
