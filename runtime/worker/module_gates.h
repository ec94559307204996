#pragma once

#include <pybind11/pybind11.h>

#include "runtime/wire/messages.h"
#include "runtime/worker/debug_side.h"
#include "runtime/worker/mailbox.h"

namespace batchscope::worker {

/// Where the main thread waits for people who debug. It holds the GIL but while it waits.
class Gates {
 public:
  /// Both must outlive this.
  Gates(DebugSide& debug, Outbox& outbox) : debug_(debug), outbox_(outbox) {}

  /// Before the script is imported.
  void AtStart();
  /// Around run(). `task` must stay as it is in between.
  void BeforeRun(const wire::Task& task) {
    if (std::vector<std::uint32_t> rules = debug_.watch.BeginTask(task); !rules.empty()) {
      WaitAt(wire::Gate::kBeforeRun, task.attempt, std::move(rules));
    }
  }
  void AfterRun(const wire::Task& task) {
    if (std::vector<std::uint32_t> rules = debug_.watch.EndTask(); !rules.empty()) {
      WaitAt(wire::Gate::kAfterRun, task.attempt, std::move(rules));
    }
  }
  /// run() raised `exception`; called before AfterRun().
  void AfterException(const wire::Task& task, const Failure& failure, pybind11::handle exception);
  /// The mini-batch failed without an exception of run().
  void AfterFailure(const wire::Task& task, const Failure& failure);
  /// The import or init() raised.
  void AfterInitException(const Failure& failure, pybind11::handle exception);
  /// Until the host says how a worker that holds shall go on. Gate::Close(kHold) came before the host was told.
  Gate::Word Hold(pybind11::handle exception);

  DebugSide& debug() { return debug_; }

 private:
  void WaitAt(wire::Gate gate, const Attempt& attempt, std::vector<std::uint32_t> rules);
  void WaitAt(wire::AtGate at, Gate::Wait wait);

  DebugSide& debug_;
  Outbox& outbox_;
};

}  // namespace batchscope::worker
