#pragma once

#include <cstdint>
#include <set>

namespace batchscope::record {

/// Tells which workers died before their init() was over. That a worker was started is reported by the fork server,
/// that it is ready by the worker itself: the two come in any order.
class EarlyDeaths {
 public:
  void Started(std::int64_t worker) { started_.insert(worker); }
  /// It is ready, or said why not.
  void Heard(std::int64_t worker) { heard_.insert(worker); }
  /// Whether it was started and never heard. Forgets it.
  bool Exited(std::int64_t worker) {
    const bool was_heard = heard_.erase(worker) > 0;
    return started_.erase(worker) > 0 && !was_heard;
  }

 private:
  std::set<std::int64_t> started_;
  std::set<std::int64_t> heard_;
};

}  // namespace batchscope::record
