#pragma once
#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace batchscope::kernel {

// Does something at given times after Start, unless the process has ended by then. For the end of a kernel only: user
// code that swallows KeyboardInterrupt or sits in native code must not keep a kernel alive that was told to go.
class Deadline {
 public:
  struct Step {
    std::chrono::milliseconds after;  // since the step before
    std::function<void()> act;
  };

  Deadline() = default;
  ~Deadline();  // What has not come yet will not.
  Deadline(const Deadline&) = delete;
  Deadline& operator=(const Deadline&) = delete;

  // Any thread. Only the first call counts.
  void Start(std::vector<Step> steps);

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool over_ = false;
  std::thread thread_;
};

}  // namespace batchscope::kernel
