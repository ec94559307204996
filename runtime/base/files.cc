#include "runtime/base/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

namespace batchscope {

UniqueFd& UniqueFd::operator=(UniqueFd&& other) noexcept {
  if (this != &other) {
    Reset();
    fd_ = other.Release();
  }
  return *this;
}

int UniqueFd::Release() { return std::exchange(fd_, -1); }

void UniqueFd::Reset() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

Result<UniqueFd> OpenFile(const std::filesystem::path& path, int flags, unsigned mode) {
  UniqueFd fd(::open(path.c_str(), flags | O_CLOEXEC, mode));
  if (!fd.valid()) return Status::FromErrno("cannot open " + path.string(), errno);
  return fd;
}

Status WriteAll(int fd, std::string_view data) {
  while (!data.empty()) {
    const ssize_t written = ::write(fd, data.data(), data.size());
    if (written < 0) {
      if (errno == EINTR) continue;
      return Status::FromErrno("cannot write", errno);
    }
    data.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

Result<std::string> ReadFile(const std::filesystem::path& path) {
  BATCHSCOPE_ASSIGN_OR_RETURN(const UniqueFd fd, OpenFile(path, O_RDONLY));
  std::string data;
  struct stat about {};
  if (::fstat(fd.get(), &about) == 0 && about.st_size > 0) data.reserve(static_cast<std::size_t>(about.st_size) + 1);
  char buffer[1 << 16];
  while (true) {
    const ssize_t got = ::read(fd.get(), buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return Status::FromErrno("cannot read " + path.string(), errno);
    if (got == 0) return data;
    data.append(buffer, static_cast<std::size_t>(got));
  }
}

Status WriteFileAtomically(const std::filesystem::path& path, std::string_view data, unsigned mode) {
  std::filesystem::path draft = path;
  draft += ".new";
  BATCHSCOPE_ASSIGN_OR_RETURN(UniqueFd fd, OpenFile(draft, O_WRONLY | O_CREAT | O_TRUNC, mode));
  Status written = WriteAll(fd.get(), data).Within(draft.string());
  fd.Reset();
  if (written.ok() && ::rename(draft.c_str(), path.c_str()) != 0) {
    written = Status::FromErrno("cannot write " + path.string(), errno);
  }
  if (!written.ok()) ::unlink(draft.c_str());
  return written;
}

Status MakeFolders(const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) return Status::Error("cannot make the folder " + folder.string() + ": " + error.message());
  return {};
}

}  // namespace batchscope
