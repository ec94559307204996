#include "runtime/wire/links.h"

#include <fmt/format.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

#include "runtime/base/files.h"
#include "runtime/base/text.h"
#include "runtime/wire/socket.h"

namespace batchscope::wire {
namespace {

namespace fs = std::filesystem;

constexpr const char* kSocketName = "link.sock";
/// With its NUL the path must fit into a Unix socket's address.
constexpr std::size_t kLongestSocketPath = sizeof(sockaddr_un::sun_path) - 1;
/// What the host sent last may be on its way yet when it ends; workers that are gone are not waited for.
constexpr std::chrono::milliseconds kHostLinger{200};

/// "w" and the worker's number in 4 bytes: libzmq keeps names that begin with a 0 byte to itself.
std::string RoutingId(WorkerId worker) {
  std::string id(1 + sizeof worker.value, 'w');
  std::memcpy(id.data() + 1, &worker.value, sizeof worker.value);
  return id;
}

std::optional<WorkerId> WorkerOf(std::string_view routing_id) {
  WorkerId worker;
  if (routing_id.size() != 1 + sizeof worker.value || routing_id.front() != 'w') return std::nullopt;
  std::memcpy(&worker.value, routing_id.data() + 1, sizeof worker.value);
  return worker;
}

/// A folder of this user alone under the temporary directory, removed with the object.
class PrivateFolder {
 public:
  static Result<PrivateFolder> Make() {
    std::error_code error;
    const fs::path temporary = fs::temp_directory_path(error);
    if (error) return Status::Error("there is no temporary directory ($TMPDIR): " + error.message());
    std::string path = fs::absolute(temporary / "batchscope-XXXXXX").string();
    if (::mkdtemp(path.data()) == nullptr)
      return Status::FromErrno("cannot make a folder in " + temporary.string(), errno);
    return PrivateFolder(path);
  }
  PrivateFolder() = default;
  PrivateFolder(PrivateFolder&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  PrivateFolder& operator=(PrivateFolder&& other) noexcept {
    std::swap(path_, other.path_);
    return *this;
  }
  ~PrivateFolder() {
    std::error_code ignored;
    if (!path_.empty()) fs::remove_all(path_, ignored);
  }
  const fs::path& path() const { return path_; }

 private:
  explicit PrivateFolder(fs::path path) : path_(std::move(path)) {}

  fs::path path_;
};

class ZmqHostLink final : public HostLink {
 public:
  explicit ZmqHostLink(std::unique_ptr<Socket> socket) : socket_(std::move(socket)) {}
  ~ZmqHostLink() override {
    socket_->Close(kHostLinger);
    std::error_code ignored;
    for (const fs::path& left : {path_, note_}) fs::remove(left, ignored);
  }

  Status BindIn(const fs::path& folder) {
    path_ = fs::absolute(folder) / kSocketName;
    if (path_.native().size() > kLongestSocketPath) {
      BATCHSCOPE_ASSIGN_OR_RETURN(private_folder_, PrivateFolder::Make());
      note_ = fs::absolute(folder) / kLinkFolderNote;
      BATCHSCOPE_RETURN_IF_ERROR(WriteFileAtomically(note_, private_folder_.path().native()));
      path_ = private_folder_.path() / kSocketName;
      if (path_.native().size() > kLongestSocketPath) {
        return Status::Error(
            fmt::format("{} is too long for a socket: it has {} bytes, expected at most {}; set TMPDIR to "
                        "a shorter path",
                        path_.string(), path_.native().size(), kLongestSocketPath));
      }
    }
    endpoint_ = "ipc://" + path_.string();
    BATCHSCOPE_RETURN_IF_ERROR(socket_->Bind(endpoint_));
    if (::chmod(path_.c_str(), 0600) != 0) return Status::FromErrno("cannot protect " + path_.string(), errno);
    return {};
  }

  const std::string& endpoint() const override { return endpoint_; }
  int fd() const override { return socket_->fd(); }
  Status Send(WorkerId worker, const ToWorker& message) override {
    return socket_->Send({RoutingId(worker), Encode(message)}).Within(fmt::format("to worker {}", worker.value));
  }
  Result<std::optional<std::pair<WorkerId, FromWorker>>> Receive() override;

 private:
  PrivateFolder private_folder_;
  fs::path path_;  // Of the socket; libzmq leaves its file behind.
  fs::path note_;
  std::string endpoint_;
  std::unique_ptr<Socket> socket_;
};

Result<std::optional<std::pair<WorkerId, FromWorker>>> ZmqHostLink::Receive() {
  std::optional<std::pair<WorkerId, FromWorker>> received;
  BATCHSCOPE_ASSIGN_OR_RETURN(const std::vector<std::string_view> frames, socket_->Receive());
  if (frames.empty()) return received;
  const std::optional<WorkerId> worker = WorkerOf(frames.front());
  if (!worker) return Status::Error(fmt::format("a message of \"{}\", which is no worker", ToDisplay(frames.front())));
  const std::string sender = fmt::format("from worker {}", worker->value);
  if (frames.size() != 2) {
    return Status::Error(fmt::format("{}: a message of {} frames, expected 1", sender, frames.size() - 1));
  }
  Result<FromWorker> message = DecodeFromWorker(frames.back());
  if (!message.ok()) return message.status().Within(sender);
  received.emplace(*worker, std::move(message).value());
  return received;
}

class ZmqWorkerLink final : public WorkerLink {
 public:
  explicit ZmqWorkerLink(std::unique_ptr<Socket> socket) : socket_(std::move(socket)) {}

  int fd() const override { return socket_->fd(); }
  Status Send(const FromWorker& message) override { return socket_->Send({Encode(message)}).Within("to the host"); }
  Result<std::optional<ToWorker>> Receive() override {
    std::optional<ToWorker> received;
    BATCHSCOPE_ASSIGN_OR_RETURN(const std::vector<std::string_view> frames, socket_->Receive());
    if (frames.empty()) return received;
    if (frames.size() != 1) {
      return Status::Error(fmt::format("from the host: a message of {} frames, expected 1", frames.size()));
    }
    Result<ToWorker> message = DecodeToWorker(frames.front());
    if (!message.ok()) return message.status().Within("from the host");
    received = std::move(message).value();
    return received;
  }
  void Flush(std::chrono::milliseconds limit) override { socket_->Close(limit); }

 private:
  std::unique_ptr<Socket> socket_;
};

}  // namespace

Result<std::unique_ptr<HostLink>> HostLink::Bind(const fs::path& folder) {
  BATCHSCOPE_ASSIGN_OR_RETURN(std::unique_ptr<Socket> socket, Socket::Open({Socket::Kind::kRouter, ""}));
  auto link = std::make_unique<ZmqHostLink>(std::move(socket));
  BATCHSCOPE_RETURN_IF_ERROR(link->BindIn(folder).Within("workers cannot be listened to"));
  return std::unique_ptr<HostLink>(std::move(link));
}

Result<std::unique_ptr<WorkerLink>> WorkerLink::Connect(const std::string& endpoint, WorkerId worker) {
  BATCHSCOPE_ASSIGN_OR_RETURN(std::unique_ptr<Socket> socket, Socket::Open({Socket::Kind::kDealer, RoutingId(worker)}));
  BATCHSCOPE_RETURN_IF_ERROR(socket->Connect(endpoint));
  return std::unique_ptr<WorkerLink>(std::make_unique<ZmqWorkerLink>(std::move(socket)));
}

}  // namespace batchscope::wire
