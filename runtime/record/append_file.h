#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "runtime/base/files.h"
#include "runtime/base/status.h"

namespace batchscope::record {

/// A file that only grows, by whole commits: what was written since the last one can be taken back.
class AppendFile {
 public:
  AppendFile() = default;
  /// Writing begins at `size`. The descriptor is borrowed where its owner needs it, else pass one that nobody else
  /// closes.
  AppendFile(int fd, std::filesystem::path path, std::uint64_t size)
      : fd_(fd), path_(std::move(path)), size_(size), committed_(size) {}

  bool valid() const { return fd_ >= 0; }
  const std::filesystem::path& path() const { return path_; }
  /// Bytes written, committed or not.
  std::uint64_t size() const { return size_; }
  std::uint64_t committed() const { return committed_; }

  /// Errors name the file and the reason; a part may have been written then.
  Status Append(std::string_view data);
  Status ReadAt(std::uint64_t place, std::size_t size, std::string& out) const;
  void MarkCommitted() { committed_ = size_; }
  /// Cuts off what was written since the last commit.
  Status RollBack() { return CutTo(committed_); }
  /// Makes the file that long, at most as long as it is.
  Status CutTo(std::uint64_t size);
  /// Gives the blocks before `end` back to the file system where it can; they read as zeros then.
  void FreeBefore(std::uint64_t end);

 private:
  int fd_ = -1;
  std::filesystem::path path_;
  std::uint64_t size_ = 0;
  std::uint64_t committed_ = 0;
};

}  // namespace batchscope::record
