#include "debugadapter/transport/client_stream.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <optional>
#include <utility>

#include "debugadapter/protocol/json_text.h"

namespace batchscope::transport {
namespace {

constexpr std::size_t kReadBytes = std::size_t{64} << 10;

bool IsSocket(int fd) {
  struct stat found {};
  return ::fstat(fd, &found) == 0 && S_ISSOCK(found.st_mode);
}

bool IsReady(int fd, short events) {
  pollfd wanted{fd, events, 0};
  return ::poll(&wanted, 1, 0) > 0;
}

}  // namespace

ClientStream::ClientStream(int in, int out, MessageLog log, std::size_t most_unread)
    : in_(in),
      out_(out),
      in_is_socket_(IsSocket(in)),
      out_is_socket_(IsSocket(out)),
      most_unread_(most_unread),
      log_(std::move(log)),
      frames_(kMostClientBytes) {}

std::vector<protocol::Json> ClientStream::Receive() {
  std::vector<protocol::Json> messages;
  if (!end_.empty() || !IsReady(in_, POLLIN)) return messages;
  std::array<char, kReadBytes> buffer;  // NOLINT(cppcoreguidelines-pro-type-member-init): read into at once.
  const ssize_t size = in_is_socket_ ? ::recv(in_, buffer.data(), buffer.size(), MSG_DONTWAIT)
                                     : ::read(in_, buffer.data(), buffer.size());
  if (size < 0) {
    if (errno != EINTR && errno != EAGAIN) End(Status::FromErrno("its messages cannot be read", errno).message());
    return messages;
  }
  if (size == 0) {
    End("it closed the connection");
    return messages;
  }
  frames_.Append({buffer.data(), static_cast<std::size_t>(size)});
  while (end_.empty()) {
    const Result<std::optional<std::string>> text = frames_.Next();
    if (!text.ok()) {
      End(text.message());
    } else if (!text->has_value()) {
      break;
    } else if (Result<protocol::Json> message = protocol::ReadJson(**text); message.ok()) {
      log_.Write("client", *message);
      messages.push_back(std::move(*message));
    } else {
      End("a message of it is " + message.message());
    }
  }
  return messages;
}

void ClientStream::Send(protocol::Json message) {
  if (!can_write_) return;
  message["seq"] = ++last_seq_;
  log_.Write("adapter", message);
  if (written_ > unsent_.size() / 2) unsent_.erase(0, std::exchange(written_, 0));
  unsent_ += wire::WithContentLength(protocol::WriteJson(message));
  Flush();
  if (unsent_.size() - written_ > most_unread_) {
    EndWriting(fmt::format("it stopped reading: {} MiB wait for it", most_unread_ >> 20));
  }
}

void ClientStream::Flush() {
  while (wants_to_write()) {
    // A pipe that is ready takes this much without blocking; a socket is asked not to.
    const std::size_t most = out_is_socket_ ? kReadBytes : PIPE_BUF;
    const std::size_t size = std::min(unsent_.size() - written_, most);
    if (!IsReady(out_, POLLOUT)) return;
    const ssize_t taken = out_is_socket_ ? ::send(out_, unsent_.data() + written_, size, MSG_DONTWAIT | MSG_NOSIGNAL)
                                         : ::write(out_, unsent_.data() + written_, size);
    if (taken >= 0) {
      written_ += static_cast<std::size_t>(taken);
    } else if (errno == EAGAIN) {
      return;
    } else if (errno != EINTR) {
      EndWriting(Status::FromErrno("it cannot be written to", errno).message());
    }
  }
  if (!wants_to_write()) {
    unsent_.clear();
    written_ = 0;
  }
}

void ClientStream::End(const std::string& why) {
  if (end_.empty()) end_ = why;
}

void ClientStream::EndWriting(const std::string& why) {
  End(why);
  can_write_ = false;
  unsent_.clear();
  written_ = 0;
}

}  // namespace batchscope::transport
