#include "runtime/record/parent_only_fd.h"

#include <pthread.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <mutex>
#include <utility>

#include "runtime/base/check.h"

namespace batchscope::record {
namespace {

// A global against the rule: a handler of pthread_atfork gets no argument. Each entry is a descriptor + 1; 0: free. The
// child's handler may only read memory and close, so this is an array of atomics and not a list behind a lock.
std::array<std::atomic<int>, 4096> open_in_parent;

void CloseInChild() {
  for (std::atomic<int>& entry : open_in_parent) {
    if (const int fd = entry.exchange(0) - 1; fd >= 0) ::close(fd);
  }
}

std::size_t Register(int fd) {
  static std::once_flag once;
  std::call_once(once, [] { ::pthread_atfork(nullptr, nullptr, CloseInChild); });
  for (std::size_t slot = 0; slot < open_in_parent.size(); ++slot) {
    int free = 0;
    if (open_in_parent[slot].compare_exchange_strong(free, fd + 1)) return slot;
  }
  Check(false, "more than {} runs are hosted by one process", open_in_parent.size() / 2);
  return 0;
}

}  // namespace

ParentOnlyFd::ParentOnlyFd(UniqueFd fd) {
  if (fd.valid()) slot_ = Register(fd.Release());
}

ParentOnlyFd::ParentOnlyFd(ParentOnlyFd&& other) noexcept : slot_(std::exchange(other.slot_, kNone)) {}

ParentOnlyFd& ParentOnlyFd::operator=(ParentOnlyFd&& other) noexcept {
  if (this != &other) {
    Reset();
    slot_ = std::exchange(other.slot_, kNone);
  }
  return *this;
}

int ParentOnlyFd::get() const { return slot_ == kNone ? -1 : open_in_parent[slot_].load() - 1; }

void ParentOnlyFd::Reset() {
  if (slot_ == kNone) return;
  const int fd = open_in_parent[std::exchange(slot_, kNone)].exchange(0) - 1;
  if (fd >= 0) ::close(fd);
}

}  // namespace batchscope::record
