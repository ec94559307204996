#pragma once

#include <cstddef>

#include "runtime/base/files.h"

namespace batchscope::record {

/// A descriptor of this process alone: children that it forks find it closed.
///
/// Locks of open file descriptions (flock, F_OFD_SETLK) are shared by every descriptor that fork() copies, so a child
/// that outlives us would keep them; O_CLOEXEC does not help against children that never exec, such as those of
/// multiprocessing. Take the lock after the object is made, and unlock by call before it is destroyed: a child that is
/// being forked meanwhile then keeps nothing either.
class ParentOnlyFd {
 public:
  ParentOnlyFd() = default;
  explicit ParentOnlyFd(UniqueFd fd);
  ParentOnlyFd(ParentOnlyFd&& other) noexcept;
  ParentOnlyFd& operator=(ParentOnlyFd&& other) noexcept;
  ~ParentOnlyFd() { Reset(); }

  /// -1 when there is none, as in a forked child.
  int get() const;
  void Reset();

 private:
  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);
  std::size_t slot_ = kNone;
};

}  // namespace batchscope::record
