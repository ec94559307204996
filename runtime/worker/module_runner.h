#pragma once

#include <pybind11/pybind11.h>

#include <cstdint>
#include <string>
#include <vector>

#include "runtime/worker/control.h"
#include "runtime/worker/fork_mark.h"
#include "runtime/worker/module_gates.h"
#include "runtime/worker/module_rows.h"
#include "runtime/worker/module_script.h"
#include "runtime/worker/module_streams.h"
#include "runtime/worker/seat.h"

namespace batchscope::worker {

/// Runs mini-batches one after the other until the worker is dismissed. The main thread's; holds the GIL but while it
/// waits.
class Runner {
 public:
  /// What it works with; all of it outlives the runner.
  struct World {
    const Setup& setup;
    const Script& script;
    const RowWriter& row_writer;
    const Streams& streams;
    const OutputFiles& output_files;
    const ForkMark& fork_mark;
    Control& control;
    Gates& gates;
    Seat& seat;
  };
  explicit Runner(const World& world);

  /// How the worker's work ended.
  enum class Ended {
    kDismissed,
    kHeld,  ///< With a mini-batch that failed for good; what else it was to do is somebody else's now.
  };
  /// Returns when the host has dismissed the worker, or does not need it any more after a failure that it held.
  Ended RunAll();

 private:
  void WaitForNews();
  bool RunOne(const wire::Task& task);
  bool Hold(wire::TaskResult result);
  void RunUserCode(const wire::Task& task, wire::TaskResult& result);
  void TakeException(const wire::Task& task, wire::TaskResult& result);
  PyObject* CallRun(const wire::Task& task, pybind11::handle mini_batch);
  void Book(const std::variant<Returned, Failure>& outcome, const wire::Task& task, wire::TaskResult& result);
  Urgency UrgencyAfter(std::uint64_t process_ns) const;

  World world_;
  pybind11::object dataset_;
  pybind11::object raised_;  // By run(), kept while the worker holds.
  std::vector<wire::Task> tasks_;
  std::size_t next_ = 0;
  std::string rows_;
  std::int64_t wall_minus_monotonic_ns_ = 0;
  bool warned_of_more_results_ = false;
};

/// Ends a process that user code forked and that came back out of user code: as if it had left by itself, without a
/// word to the host. The Python error, if one is set, is its way to end: SystemExit gives its code, any other is
/// printed.
[[noreturn]] void LeaveForkedChild(const Streams& streams);

}  // namespace batchscope::worker
