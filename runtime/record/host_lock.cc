#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "runtime/base/files.h"
#include "runtime/record/run_folder.h"

namespace batchscope::record {
namespace {

// Of an open file description and not of the process (F_SETLK): those are lost as soon as any code of the process
// closes the file.
struct flock WholeFile(short type) {
  struct flock lock {};
  lock.l_type = type;
  lock.l_whence = SEEK_SET;
  return lock;
}

}  // namespace

Result<HostLock> HostLock::Take(const RunFolder& folder) {
  BATCHSCOPE_RETURN_IF_ERROR(MakeFolders(folder.control()));
  BATCHSCOPE_ASSIGN_OR_RETURN(UniqueFd file, OpenFile(folder.host_lock(), O_RDWR | O_CREAT, 0600));
  ParentOnlyFd fd(std::move(file));
  struct flock lock = WholeFile(F_WRLCK);
  if (::fcntl(fd.get(), F_OFD_SETLK, &lock) != 0) {
    if (errno == EAGAIN || errno == EACCES) {
      return Status::Error("the run " + folder.id() + " is hosted by another living process");
    }
    return Status::FromErrno("cannot lock " + folder.host_lock().string(), errno);
  }
  return HostLock(std::move(fd));
}

bool HostLock::IsHeld(const RunFolder& folder) {
  const UniqueFd fd(::open(folder.host_lock().c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.valid()) return false;
  struct flock lock = WholeFile(F_WRLCK);
  return ::fcntl(fd.get(), F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

HostLock& HostLock::operator=(HostLock&& other) noexcept {
  if (this != &other) {
    Release();
    fd_ = std::move(other.fd_);
  }
  return *this;
}

HostLock::~HostLock() { Release(); }

void HostLock::Release() {
  // In a forked child there is no descriptor any more, and the parent's lock stays as it is.
  if (fd_.get() >= 0) {
    struct flock lock = WholeFile(F_UNLCK);
    ::fcntl(fd_.get(), F_OFD_SETLK, &lock);
  }
  fd_.Reset();
}

}  // namespace batchscope::record
