#include "runtime/record/append_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace batchscope::record {

Status AppendFile::Append(std::string_view data) {
  while (!data.empty()) {
    const ssize_t written = ::pwrite(fd_, data.data(), data.size(), static_cast<off_t>(size_));
    if (written < 0) {
      if (errno == EINTR) continue;
      return Status::FromErrno(fmt::format("cannot write {} ({} bytes so far)", path_.string(), size_), errno);
    }
    size_ += static_cast<std::uint64_t>(written);
    data.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

Status AppendFile::ReadAt(std::uint64_t place, std::size_t size, std::string& out) const {
  out.resize(size);
  std::size_t got = 0;
  while (got < size) {
    const ssize_t part = ::pread(fd_, out.data() + got, size - got, static_cast<off_t>(place + got));
    if (part < 0 && errno == EINTR) continue;
    if (part < 0) return Status::FromErrno("cannot read " + path_.string(), errno);
    if (part == 0) {
      return Status::Error(
          fmt::format("{} ends at byte {}, expected {} more", path_.string(), place + got, size - got));
    }
    got += static_cast<std::size_t>(part);
  }
  return {};
}

Status AppendFile::CutTo(std::uint64_t size) {
  if (::ftruncate(fd_, static_cast<off_t>(size)) != 0) return Status::FromErrno("cannot cut " + path_.string(), errno);
  size_ = size;
  committed_ = std::min(committed_, size);
  return {};
}

void AppendFile::FreeBefore(std::uint64_t end) {
  (void)::fallocate(fd_, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, static_cast<off_t>(end));
}

}  // namespace batchscope::record
