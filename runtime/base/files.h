#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "runtime/base/status.h"

namespace batchscope {

/// Owner of a file descriptor.
class UniqueFd {
 public:
  UniqueFd() = default;
  explicit UniqueFd(int fd) : fd_(fd) {}
  UniqueFd(UniqueFd&& other) noexcept : fd_(other.Release()) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept;
  ~UniqueFd() { Reset(); }

  /// -1 when there is none.
  int get() const { return fd_; }
  bool valid() const { return fd_ >= 0; }
  int Release();
  void Reset();

 private:
  int fd_ = -1;
};

/// Opens with O_CLOEXEC; the message names the path.
Result<UniqueFd> OpenFile(const std::filesystem::path& path, int flags, unsigned mode = 0644);

/// Writes all of `data` at the descriptor's place, going on after short writes and EINTR.
Status WriteAll(int fd, std::string_view data);

/// The whole file.
Result<std::string> ReadFile(const std::filesystem::path& path);

/// Replaces the file as a whole: a reader sees the old or the new contents, never a part.
Status WriteFileAtomically(const std::filesystem::path& path, std::string_view data, unsigned mode = 0644);

/// Makes the folder and its parents; an existing one is fine.
Status MakeFolders(const std::filesystem::path& folder);

}  // namespace batchscope
