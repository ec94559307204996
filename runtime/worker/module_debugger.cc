#include "runtime/worker/module_debugger.h"

#include <fmt/format.h>

#include <memory>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

namespace batchscope::worker {
namespace py = pybind11;
namespace {

constexpr const char* kModule = "batchscope._debugger";
constexpr const char* kOff = "the step says debug = \"off\", so its workers have no debugger";

py::object FindModule() { return py::module_::import("sys").attr("modules").attr("get")(kModule); }

void Connect(const std::shared_ptr<DebuggerEnd>& end) {
  const py::gil_scoped_acquire held;
  try {
    const py::object module = FindModule();
    if (module.is_none()) return end->Gone(kOff);
    module.attr("start")(end);
  } catch (const std::exception& problem) {
    end->Gone(fmt::format("the debugger cannot be started: {}", problem.what()));
  }
}

/// Since 3.12 debuggers use sys.monitoring, which batchscope._debugger clears.
void ClearTraces() {
#if PY_VERSION_HEX < 0x030C0000
  // Their ends, which may run code and so let go of the GIL, come after the walk.
  std::vector<py::object> tracers;
  for (PyThreadState* state = PyInterpreterState_ThreadHead(PyInterpreterState_Get()); state != nullptr;
       state = PyThreadState_Next(state)) {
    if (state->c_tracefunc == nullptr) continue;
    tracers.push_back(py::reinterpret_borrow<py::object>(state->c_traceobj));
    if (_PyEval_SetTrace(state, nullptr, nullptr) != 0) throw py::error_already_set();
  }
#endif
}

}  // namespace

void BindDebugger(py::module_& module) {
  py::class_<DebuggerEnd, std::shared_ptr<DebuggerEnd>>(module, "DebuggerEnd")
      .def("take_socket", [](DebuggerEnd& self) { return self.TakeSocket().Release(); })
      .def("armed", &DebuggerEnd::Armed)
      .def("is_over", &DebuggerEnd::is_over)
      .def("wait_for_end", &DebuggerEnd::AwaitEnd, py::call_guard<py::gil_scoped_release>())
      .def("gone", &DebuggerEnd::Gone)
      .def("clear_traces", [](const DebuggerEnd&) { ClearTraces(); });
}

StartDebugger DebuggerOfPython() {
  return [](const std::shared_ptr<DebuggerEnd>& end) {
    try {
      std::thread(&Connect, end).detach();
    } catch (const std::system_error& problem) {
      end->Gone(fmt::format("the debugger gets no thread: {}", problem.what()));
    }
  };
}

void ShowInDebugger(py::handle exception) {
  try {
    const py::object module = FindModule();
    if (!module.is_none()) module.attr("show")(exception);
  } catch (py::error_already_set& problem) {
    problem.discard_as_unraisable("the debugger");
  }
}

}  // namespace batchscope::worker
