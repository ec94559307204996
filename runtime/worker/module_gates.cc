#include "runtime/worker/module_gates.h"

#include <utility>

#include "runtime/worker/module_debugger.h"

namespace batchscope::worker {
namespace py = pybind11;

void Gates::AtStart() { WaitAt(wire::AtGate{}, Gate::Wait::kStart); }

void Gates::AfterException(const wire::Task& task, const Failure& failure, py::handle exception) {
  if (!debug_.watch.uncaught() && !(task.last_try && debug_.watch.last_failure())) return;
  WaitAt({wire::Gate::kFailure, task.attempt, {}, false, failure}, Gate::Wait::kTask);
  ShowInDebugger(exception);
}

void Gates::AfterFailure(const wire::Task& task, const Failure& failure) {
  if (!task.last_try || !debug_.watch.last_failure()) return;
  WaitAt({wire::Gate::kFailure, task.attempt, {}, false, failure}, Gate::Wait::kTask);
}

void Gates::AfterInitException(const Failure& failure, py::handle exception) {
  if (!debug_.watch.uncaught()) return;
  WaitAt({wire::Gate::kFailure, {}, {}, true, failure}, Gate::Wait::kTask);
  ShowInDebugger(exception);
}

Gate::Word Gates::Hold(py::handle exception) {
  Gate::Word word = Gate::Word::kPass;
  {
    const py::gil_scoped_release released;
    word = debug_.gate.AwaitWord();
  }
  if (word == Gate::Word::kPass && exception) ShowInDebugger(exception);
  return word;
}

void Gates::WaitAt(wire::Gate gate, const Attempt& attempt, std::vector<std::uint32_t> rules) {
  wire::AtGate at;
  at.gate = gate;
  at.attempt = attempt;
  at.rules = std::move(rules);
  WaitAt(std::move(at), Gate::Wait::kTask);
}

void Gates::WaitAt(wire::AtGate at, Gate::Wait wait) {
  debug_.gate.Close(wait);
  // Whoever watched may have left since: the word of that came before the gate was closed.
  if (wait == Gate::Wait::kTask && !debug_.watch.anything()) return debug_.gate.Open();
  const Stopped stopped(debug_.clock);
  outbox_.Say(std::move(at));
  const py::gil_scoped_release released;
  debug_.gate.AwaitWord();
}

}  // namespace batchscope::worker
