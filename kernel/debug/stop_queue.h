#pragma once
#include <deque>
#include <optional>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "runtime/base/clock.h"

namespace batchscope::kernel {

// Which of the threads that are stopped a front end gets to see. JupyterLab shows one: the last that it heard of, and
// none after that one went on, whatever else is stopped. So stops of workers are told one by one, the next when the one
// shown went on. A worker that is stepped stays the one shown, unless its step takes long.
//
// Events are DAP's, with ids as the front end knows them. Pure; what a function returns is to be published, in order.
class StopQueue {
 public:
  using Events = std::vector<nlohmann::json>;

  // Time after which another thread is shown while a step is under way.
  static constexpr std::chrono::seconds kStepMayTake{1};

  // A request is sent that lets a thread go: does it stop again by itself soon? A worker counts as continued from then
  // on, whether its adapter says so too or not; the kernel when OnKernelContinued() says so.
  enum class Resume { kGoesOn, kSteps };
  Events OnResume(int thread, Resume resume, MonotonicTime now);

  // A worker's `stopped`.
  Events OnStopped(const nlohmann::json& event);
  // A worker's `continued`.
  Events OnContinued(int thread, MonotonicTime now);
  // A worker's thread is gone.
  Events OnGone(int thread);
  // The kernel's own `stopped` and `continued`, which the front end has seen already.
  void OnKernelStopped(int thread);
  Events OnKernelContinued(int thread, MonotonicTime now);

  // When OnTime() wants to be called.
  [[nodiscard]] std::optional<MonotonicTime> next_time() const;
  Events OnTime(MonotonicTime now);

  // The thread that the front end shows, the kernel's or a worker's.
  [[nodiscard]] std::optional<int> shown() const;
  // The threads of workers that are stopped, the one shown first.
  [[nodiscard]] std::vector<int> stopped() const;

 private:
  struct Stop {
    int thread = 0;
    bool kernel = false;
    std::vector<nlohmann::json> event;  // one; a vector since the type is only declared here
  };
  struct Shown {
    Stop stop;
    Resume resume = Resume::kGoesOn;
    std::optional<MonotonicTime> steps_since;  // it was let go by a step
  };

  Events Next();
  Events LetGo(MonotonicTime now);

  std::optional<Shown> shown_;
  std::deque<Stop> waiting_;
};

}  // namespace batchscope::kernel
