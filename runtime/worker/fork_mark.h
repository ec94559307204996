#pragma once

#include <sys/types.h>

#include <memory>

namespace batchscope::worker {

/// Tells a process from the children it forked, at the price of reading a byte. User code may fork in run(); the child
/// must not go on as a worker.
class ForkMark {
 public:
  /// Marks the process that makes it.
  ForkMark();

  bool in_child() const;

 private:
  struct Unmap {
    void operator()(volatile char* page) const;
  };

  std::unique_ptr<volatile char, Unmap> page_;  // The kernel gives children one of zeros; none where it cannot.
  pid_t pid_;
};

}  // namespace batchscope::worker
