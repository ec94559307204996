#include <pybind11/pybind11.h>
#include <sys/prctl.h>

#include <cerrno>
#include <csignal>
#include <string>

#include "runtime/record/recorder.h"
#include "runtime/worker/module_context.h"
#include "runtime/worker/module_debugger.h"
#include "runtime/worker/module_serve.h"
#include "runtime/worker/module_streams.h"

namespace py = pybind11;

namespace {

void Prctl(int option, unsigned long value) {
  if (::prctl(option, value, 0, 0, 0) == 0) return;
  PyErr_SetFromErrno(PyExc_OSError);
  throw py::error_already_set();
}

void Seal(const std::string& run_folder) {
  const batchscope::Status sealed = batchscope::record::Seal(batchscope::record::RunFolder(run_folder));
  if (sealed.ok()) return;
  PyErr_SetString(PyExc_OSError, sealed.message().c_str());
  throw py::error_already_set();
}

}  // namespace

PYBIND11_MODULE(_worker, module) {
  module.doc() = "What runs inside a worker process; the fork server's, not for scripts.";
  module.attr("__version__") = BATCHSCOPE_VERSION;
  batchscope::worker::BindStreams(module);
  batchscope::worker::BindContext(module);
  batchscope::worker::BindDebugger(module);
  module.def("serve", &batchscope::worker::Serve, py::arg("setup_json"), py::arg("worker"), py::arg("seat"),
             py::arg("wait"),
             "Works as worker number `worker` until dismissed; the exit code. End the process with os._exit() then.");
  module.def(
      "die_with_parent", [] { Prctl(PR_SET_PDEATHSIG, SIGKILL); },
      "SIGKILL for this process when the thread that forked it ends.");
  module.def(
      "become_subreaper", [] { Prctl(PR_SET_CHILD_SUBREAPER, 1); },
      "Orphans among the descendants become children of this process.");
  module.def("seal", &Seal, py::arg("run_folder"),
             "Completes the record of a run whose host died; OSError when that failed.");
}
