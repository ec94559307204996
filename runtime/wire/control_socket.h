#pragma once

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

#include "runtime/base/files.h"
#include "runtime/base/status.h"

/// What both ends of the control endpoint are made of.
namespace batchscope::wire {

/// The folder of the socket and the token, held open: a path that is too long for a Unix socket's address is spelled
/// through its descriptor.
class ControlFolder {
 public:
  static Result<ControlFolder> Open(const std::filesystem::path& folder);

  /// Writes a new token into its file, in place of one that a killed host left; its text.
  Result<std::string> MakeToken() const;
  Result<std::string> ReadToken() const;
  /// A socket that does not block, in place of one that a killed host left.
  Result<UniqueFd> Listen() const;
  /// A socket that blocks, connected within `limit`.
  Result<UniqueFd> Connect(std::chrono::milliseconds limit) const;
  /// Removes both files.
  void Clean() const;

 private:
  ControlFolder(std::filesystem::path path, UniqueFd fd) : path_(std::move(path)), fd_(std::move(fd)) {}

  std::filesystem::path path_;
  UniqueFd fd_;
};

/// Whether whoever is connected runs as this process' user.
bool IsOfThisUser(int connected);

/// The bytes in front of each message: its size.
inline constexpr std::size_t kSizeBytes = 4;
std::size_t SizeIn(std::string_view first_bytes);

/// Messages on their way out of a socket.
class SendQueue {
 public:
  /// Behind its size.
  void Add(std::string_view message);
  /// Sends what the socket takes without waiting. Errors: the other side is gone; what waits is forgotten.
  Status Flush(int fd);
  /// Bytes that have not left yet.
  std::size_t waiting() const { return bytes_.size() - sent_; }

 private:
  std::string bytes_;
  std::size_t sent_ = 0;
};

}  // namespace batchscope::wire
