#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "runtime/base/ids.h"
#include "runtime/base/status.h"
#include "runtime/wire/messages.h"

namespace batchscope::wire {

/// The host's end: a ROUTER socket on ipc://, bound before any worker starts. One thread uses it.
class HostLink {
 public:
  /// Binds in `folder` (the run's control/), or, when its path is too long for a Unix socket, in a private folder under
  /// the temporary directory, which is removed with the link. `folder`/link_folder then holds that folder's path, for
  /// whoever tidies up after a host that was killed.
  static Result<std::unique_ptr<HostLink>> Bind(const std::filesystem::path& folder);
  virtual ~HostLink() = default;

  /// Where workers connect.
  virtual const std::string& endpoint() const = 0;
  /// To poll for readability: readable as long as Receive() may give something, whatever was called in between.
  virtual int fd() const = 0;
  /// Never blocks. A worker that is gone is no error: its exit is reported elsewhere.
  virtual Status Send(WorkerId worker, const ToWorker& message) = 0;
  /// The next message; nothing when there is none now. One that cannot be read is an error that names the worker; the
  /// next call goes on behind it.
  virtual Result<std::optional<std::pair<WorkerId, FromWorker>>> Receive() = 0;
};

/// A worker's end: a DEALER socket that dials out. One thread (the control thread) uses it, in the process that made
/// it.
class WorkerLink {
 public:
  /// Returns at once; what is sent before the host is there waits for it.
  static Result<std::unique_ptr<WorkerLink>> Connect(const std::string& endpoint, WorkerId worker);
  virtual ~WorkerLink() = default;  ///< Drops what has not left yet.

  /// As HostLink::fd().
  virtual int fd() const = 0;
  /// Never blocks.
  virtual Status Send(const FromWorker& message) = 0;
  /// As HostLink::Receive().
  virtual Result<std::optional<ToWorker>> Receive() = 0;
  /// Waits until what was sent has left, at most `limit`, and ends the link: only fd() may be called afterwards.
  virtual void Flush(std::chrono::milliseconds limit) = 0;
};

/// Name of the file beside the run's control files that HostLink::Bind may leave.
inline constexpr const char* kLinkFolderNote = "link_folder";

}  // namespace batchscope::wire
