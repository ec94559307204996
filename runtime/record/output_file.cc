#include "runtime/record/output_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "runtime/base/files.h"

namespace batchscope::record {
namespace {

Status Taken(const std::filesystem::path& path) {
  return Status::Error(
      "the output file " + path.string() +
      " is being written by another run; wait for its end, or choose another output or append_row_file_name");
}

// Takes an earlier run's file away, when no living one holds it.
Status RemoveEarlier(const std::filesystem::path& path) {
  struct stat about {};
  if (::lstat(path.c_str(), &about) != 0) return {};
  if (!S_ISREG(about.st_mode) && !S_ISLNK(about.st_mode)) {
    return Status::Error("the output file " + path.string() +
                         " cannot be made: something that is no file has its name");
  }
  if (S_ISREG(about.st_mode)) {
    BATCHSCOPE_ASSIGN_OR_RETURN(const UniqueFd fd, OpenFile(path, O_RDWR | O_NOFOLLOW | O_NONBLOCK));
    if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) return Taken(path);
  }
  if (::unlink(path.c_str()) != 0) return Status::FromErrno("cannot replace the output file " + path.string(), errno);
  return {};
}

}  // namespace

Result<OutputFile> OutputFile::Create(const std::filesystem::path& path) {
  BATCHSCOPE_RETURN_IF_ERROR(MakeFolders(path.parent_path()));
  BATCHSCOPE_RETURN_IF_ERROR(RemoveEarlier(path));
  UniqueFd created(::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
  if (!created.valid() && errno == EEXIST) return Taken(path);
  if (!created.valid()) return Status::FromErrno("cannot make the output file " + path.string(), errno);
  ParentOnlyFd fd(std::move(created));
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) return Taken(path);
  return OutputFile(std::move(fd));
}

OutputFile& OutputFile::operator=(OutputFile&& other) noexcept {
  if (this != &other) {
    Release();
    fd_ = std::move(other.fd_);
  }
  return *this;
}

void OutputFile::Release() {
  if (fd_.get() >= 0) ::flock(fd_.get(), LOCK_UN);
  fd_.Reset();
}

}  // namespace batchscope::record
