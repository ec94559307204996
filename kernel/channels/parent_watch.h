#pragma once
#include <functional>
#include <thread>

#include <sys/types.h>

namespace batchscope::kernel {

// Tells once, from its own thread, that a process has ended: a kernel must not outlive the server that started it.
class ParentWatch {
 public:
  // `on_death` is called at once when no such process exists.
  ParentWatch(pid_t process, std::function<void()> on_death);
  ~ParentWatch();  // Returns after a running `on_death` has.
  ParentWatch(const ParentWatch&) = delete;
  ParentWatch& operator=(const ParentWatch&) = delete;

 private:
  void Run();

  const pid_t process_;
  const std::function<void()> on_death_;
  const int stop_event_;
  std::thread thread_;
};

}  // namespace batchscope::kernel
