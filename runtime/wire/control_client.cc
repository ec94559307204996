#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "runtime/wire/control.h"
#include "runtime/wire/control_socket.h"

namespace batchscope::wire {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

class SocketControlClient final : public ControlClient {
 public:
  explicit SocketControlClient(UniqueFd fd) : fd_(std::move(fd)) {}
  ~SocketControlClient() override {
    // A child of this process may have a copy of the descriptor: closing alone would then tell the host nothing.
    ::shutdown(fd_.get(), SHUT_RDWR);
  }

  int fd() const override { return fd_.get(); }
  bool wants_to_write() const override { return out_.waiting() > 0; }
  Status Send(const FromClient& message) override;
  Status Flush() override { return out_.Flush(fd_.get()).Within("to the host"); }
  Result<std::optional<ToClient>> Receive() override;

 private:
  Result<bool> Fill(std::size_t size);

  const UniqueFd fd_;
  SendQueue out_;
  /// Never more than one message: what lies behind it stays in the socket, which is readable therefore.
  std::string in_;
};

Status SocketControlClient::Send(const FromClient& message) {
  const std::string bytes = Encode(message);
  if (bytes.size() > kMostControlBytes) {
    return Status::Error(
        fmt::format("to the host: a message of {} bytes, expected at most {}", bytes.size(), kMostControlBytes));
  }
  out_.Add(bytes);
  return Flush();
}

/// Reads until `in_` has `size` bytes; false when they are not all there now.
Result<bool> SocketControlClient::Fill(std::size_t size) {
  constexpr std::size_t kPart = std::size_t{1} << 16;
  char part[kPart];
  while (in_.size() < size) {
    const ssize_t got = ::recv(fd_.get(), part, std::min(kPart, size - in_.size()), MSG_DONTWAIT);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return false;
    if (got < 0) return Status::FromErrno("from the host", errno);
    if (got == 0) return Status::Error("the host closed the connection");
    in_.append(part, static_cast<std::size_t>(got));
  }
  return true;
}

Result<std::optional<ToClient>> SocketControlClient::Receive() {
  BATCHSCOPE_ASSIGN_OR_RETURN(const bool sized, Fill(kSizeBytes));
  if (!sized) return std::optional<ToClient>();
  const std::size_t size = SizeIn(in_);
  if (size > kMostControlBytes) {
    return Status::Error(
        fmt::format("from the host: a message of {} bytes, expected at most {}", size, kMostControlBytes));
  }
  BATCHSCOPE_ASSIGN_OR_RETURN(const bool whole, Fill(kSizeBytes + size));
  if (!whole) return std::optional<ToClient>();
  Result<ToClient> message = DecodeToClient(std::string_view(in_).substr(kSizeBytes));
  in_ = std::string();
  if (!message.ok()) return message.status().Within("from the host");
  return std::optional<ToClient>(std::move(message).value());
}

/// The host's first word, which it says until `deadline`.
Result<ToClient> FirstWord(ControlClient& client, Clock::time_point deadline, std::chrono::milliseconds limit) {
  while (true) {
    BATCHSCOPE_ASSIGN_OR_RETURN(std::optional<ToClient> message, client.Receive());
    if (message) return *std::move(message);
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
    if (left.count() <= 0) {
      return Status::Error(
          fmt::format("its host did not answer within {:g} s", std::chrono::duration<double>(limit).count()));
    }
    const auto events = static_cast<short>(POLLIN | (client.wants_to_write() ? POLLOUT : 0));
    pollfd wanted{client.fd(), events, 0};
    if (::poll(&wanted, 1, static_cast<int>(std::min<std::int64_t>(left.count(), 1000))) < 0 && errno != EINTR) {
      return Status::FromErrno("cannot wait for its host", errno);
    }
    BATCHSCOPE_RETURN_IF_ERROR(client.Flush());
  }
}

}  // namespace

Result<std::pair<std::unique_ptr<ControlClient>, Welcome>> ControlClient::Connect(const fs::path& run_folder, Join join,
                                                                                  std::chrono::milliseconds limit) {
  const Clock::time_point deadline = Clock::now() + limit;
  const std::string of_run = fmt::format("the run in {} cannot be joined", run_folder.string());
  const auto nobody = [&](const Status& problem) {
    return Status::Error(fmt::format("{}: it is over, or its host is gone ({})", of_run, problem.message()));
  };
  const Result<ControlFolder> folder = ControlFolder::Open(run_folder / kControlFolder);
  if (!folder.ok()) return nobody(folder.status());
  Result<UniqueFd> fd = folder->Connect(limit);
  if (!fd.ok()) return nobody(fd.status());
  if (::fcntl(fd->get(), F_SETFL, O_NONBLOCK) != 0) return Status::FromErrno(of_run, errno);
  auto client = std::make_unique<SocketControlClient>(std::move(fd).value());

  Result<std::string> token = folder->ReadToken();
  if (!token.ok()) return token.status().Within(of_run);
  join.token = std::move(token).value();
  BATCHSCOPE_RETURN_IF_ERROR(client->Send(join).Within(of_run));
  Result<ToClient> word = FirstWord(*client, deadline, limit);
  if (!word.ok()) return word.status().Within(of_run);
  if (const auto* refused = std::get_if<Refused>(&*word)) return Status::Error(of_run + ": " + refused->why);
  auto* welcome = std::get_if<Welcome>(&*word);
  if (welcome == nullptr) return Status::Error(of_run + ": its host's first word is no welcome");
  return std::pair<std::unique_ptr<ControlClient>, Welcome>(std::move(client), std::move(*welcome));
}

}  // namespace batchscope::wire
