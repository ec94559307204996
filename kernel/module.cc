// The Python module batchscope._kernel: the kernel itself (`launch`), and what its Python side may ask of it (`Host`).
#include <atomic>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <pthread.h>
#include <unistd.h>

#include <pybind11/pybind11.h>
#include <pybind11/stl.h>
#include <nlohmann/json.hpp>
#include <xeus/xeus_context.hpp>
#include <xeus/xhistory_manager.hpp>
#include <xeus/xkernel.hpp>
#include <xeus/xkernel_configuration.hpp>
#include <xeus/xsystem.hpp>
#include <zmq.hpp>

#include "kernel/channels/fd_capture.h"
#include "kernel/channels/interrupts.h"
#include "kernel/channels/iopub.h"
#include "kernel/channels/parent_watch.h"
#include "kernel/channels/server.h"
#include "kernel/debug_front_end.h"
#include "kernel/debugger.h"
#include "kernel/driver.h"
#include "kernel/interpreter.h"
#include "kernel/run_watch.h"

namespace py = pybind11;

namespace batchscope::kernel {
namespace {

using Json = nlohmann::json;

Json Parse(const std::string& text) { return text.empty() ? Json::object() : Json::parse(text); }

// ---- what Python may ask

// Given to the Python side before the server exists; it may be used from Driver.start on.
class Host {
 public:
  void Attach(Server& server, DebugRouter& debugger) {
    server_ = &server;
    debugger_ = &debugger;
  }

  // Keeps the GIL (nothing below waits for it): else the parts of one print() would mix with those of other threads.
  void Write(const std::string& stream, const std::string& text) {
    if (server_->capture() != nullptr) {
      server_->capture()->Drain();  // what native code wrote before comes before
    }
    server_->iopub().Write(stream == "stderr" ? Stream::kStderr : Stream::kStdout, text);
  }

  void Flush() {
    const py::gil_scoped_release no_gil;
    if (server_->capture() != nullptr) {
      server_->capture()->Drain();
    }
    server_->iopub().Flush();
  }

  void Publish(const std::string& type, const std::string& content, const std::string& metadata,
               const std::vector<py::bytes>& buffers) {
    if (in_child_) {
      return;  // the sockets are the parent's
    }
    IoPub::Buffers raw;
    for (const py::bytes& buffer : buffers) {
      raw.emplace_back(static_cast<std::string>(buffer));
    }
    const py::gil_scoped_release no_gil;
    if (server_->capture() != nullptr) {
      server_->capture()->Drain();
    }
    server_->iopub().Publish(type, server_->iopub().parent(), Parse(metadata), Parse(content), std::move(raw));
  }

  std::string ParentHeader() const { return server_->iopub().parent()->dump(); }

  std::optional<std::string> Ask(const std::string& prompt, bool hidden) {
    const py::gil_scoped_release no_gil;
    return server_->Ask(prompt, hidden ? Echo::kHidden : Echo::kShown, [] {
      const py::gil_scoped_acquire gil;
      if (PyErr_CheckSignals() != 0) {
        throw py::error_already_set();
      }
    });
  }

  void OpenInterrupts() {
    server_->interrupts().Open();
    CheckSignals();
  }
  // Raises KeyboardInterrupt here when one came at the last moment, and never later.
  void CloseInterrupts() {
    server_->interrupts().Close();
    CheckSignals();
  }

  // Python drops what is raised inside hooks of fork, finalizers and the like: an interrupt would be lost there, and
  // the cell go on. So none is delivered around a fork (joining a thread, as IPython's history does there, takes long
  // on a busy machine) ...
  void BeforeFork() {
    if (!OnMainThread() || !server_->interrupts().is_open()) {
      return;
    }
    reopen_after_fork_ = true;
    server_->interrupts().Close();
    if (PyErr_CheckSignals() != 0) {
      PyErr_Clear();
      interrupt_after_fork_ = true;
    }
  }
  void AfterFork() {
    if (!OnMainThread() || !reopen_after_fork_) {
      return;
    }
    reopen_after_fork_ = false;
    server_->interrupts().Open();
    if (std::exchange(interrupt_after_fork_, false)) {
      PyErr_SetInterrupt();
    }
  }
  // ... and one that was dropped elsewhere comes again. A hook of sys.unraisablehook: native, so that no Python code of
  // its own runs into the new interrupt.
  void OnUnraisable(const py::object& problem, const py::object& next_hook) {
    const bool is_interrupt = py::object(problem.attr("exc_type")).ptr() == PyExc_KeyboardInterrupt;
    if (is_interrupt && OnMainThread() && server_->interrupts().is_open()) {
      PyErr_SetInterrupt();
    } else {
      next_hook(problem);
    }
  }

  void InChild() {
    in_child_ = true;
    server_->interrupts().LeaveToChild();
  }
  bool in_child() const { return in_child_; }

  void Stop() { server_->Stop(); }
  int OriginalFd(int fd) const { return server_->capture() == nullptr ? fd : server_->capture()->original(fd); }
  py::capsule ProgressSink() const {
    return py::capsule(
        MakeRunWatch(server_->iopub(), *debugger_).release(), host::kProgressSinkCapsule, [](PyObject* capsule) {
          delete static_cast<BatchscopeProgressSinkV1*>(PyCapsule_GetPointer(capsule, host::kProgressSinkCapsule));
        });
  }

 private:
  static void CheckSignals() {
    if (PyErr_CheckSignals() != 0) {
      throw py::error_already_set();
    }
  }

  [[nodiscard]] bool OnMainThread() const { return pthread_equal(pthread_self(), main_thread_) != 0; }

  Server* server_ = nullptr;
  DebugRouter* debugger_ = nullptr;
  std::atomic<bool> in_child_{false};
  const pthread_t main_thread_ = pthread_self();
  bool reopen_after_fork_ = false;     // main thread
  bool interrupt_after_fork_ = false;  // main thread
};

// The file that the debugger takes for the source of a cell: its front end computes the same name.
std::string CellFile(const std::string& code) {
  return xeus::get_cell_tmp_file(xeus::get_tmp_prefix("xpython"), code, ".py");
}

void WatchForks(Host& host) {
  py::module_::import("os").attr("register_at_fork")(
      py::arg("before") = py::cpp_function([&host] { host.BeforeFork(); }),
      py::arg("after_in_parent") = py::cpp_function([&host] { host.AfterFork(); }),
      py::arg("after_in_child") = py::cpp_function([&host] { host.InChild(); }));
  const py::object sys = py::module_::import("sys");
  sys.attr("unraisablehook") = py::cpp_function([&host, next = py::object(sys.attr("unraisablehook"))](
                                                    const py::object& problem) { host.OnUnraisable(problem, next); });
}

// ---- what the kernel asks of Python

class PythonDriver final : public Driver {
 public:
  explicit PythonDriver(py::object driver) : driver_(std::move(driver)) {}

  std::string Call(const std::string& method, const std::string& arguments) override {
    return CallWithBuffers(method, arguments, {});
  }

  std::string CallWithBuffers(const std::string& method, const std::string& arguments,
                              std::vector<std::string>&& buffers) override {
    const py::gil_scoped_acquire gil;
    try {
      py::list raw;
      for (const std::string& buffer : buffers) {
        raw.append(py::bytes(buffer));
      }
      return py::cast<std::string>(driver_.attr("call")(method, arguments, raw));
    } catch (const std::exception& error) {
      return Json{{"status", "error"},
                  {"ename", "KernelError"},
                  {"evalue", error.what()},
                  {"traceback", Json::array({std::string(error.what())})}}
          .dump(-1, ' ', false, Json::error_handler_t::replace);
    }
  }

  // True: there is more to do soon.
  bool DoIdleWork() {
    const py::gil_scoped_acquire gil;
    try {
      return py::cast<bool>(driver_.attr("idle")());
    } catch (const std::exception&) {
      return false;  // a task of the user's that ends the loop; its error was reported by asyncio
    }
  }

 private:
  const py::object driver_;
};

// Runs the kernel of a connection file on this (the main) thread, and ends the process with code 0 when it is told to
// go. Raises when it cannot start: the file cannot be read, a port is taken.
void Launch(const std::string& connection_file, const py::function& make_driver) {
  std::clog.rdbuf(nullptr);  // xeus' debugger tells it every step: it would show in the cell
  Host host;
  PythonDriver driver(make_driver(py::cast(&host)));
  const auto make_server = [](xeus::xcontext& context, const xeus::xconfiguration& config, Json::error_handler_t) {
    return MakeServer(context, config);
  };
  const auto python = py::cast<std::string>(py::module_::import("sys").attr("executable"));
  xeus::xkernel kernel(xeus::load_configuration(connection_file), xeus::get_user_name(),
                       xeus::make_context<zmq::context_t>(), MakeInterpreter(driver), make_server, MakeHistory(driver),
                       nullptr, MakeDebugger, {{"python", python}}, Json::error_handler_t::replace);
  Server& server = AsServer(kernel.get_server());
  DebugFrontEnd debugger(server);
  host.Attach(server, debugger.router());
  server.set_comm_handler(
      [&driver](const std::string& /*type*/, const std::string& message, std::vector<std::string>&& buffers) {
        return driver.CallWithBuffers("comm", message, std::move(buffers));
      });
  server.set_idle_work([&driver] { return driver.DoIdleWork(); });
  std::optional<ParentWatch> parent_watch;
  if (std::getenv("JPY_PARENT_PID") != nullptr && getppid() > 1) {  // set by who wants its kernels to end with it
    parent_watch.emplace(getppid(), [&server] { server.Stop(); });
  }
  server.Capture();
  py::module_ module = py::module_::import("batchscope._kernel");
  module.attr("progress_sink") = py::cpp_function([&host] { return host.ProgressSink(); });
  module.attr("debugger_is_on") = py::cpp_function([&debugger] { return debugger.router().is_on(); });
  driver.Call("start", "{}");
  {
    const py::gil_scoped_release no_gil;
    kernel.start();
    if (!host.in_child()) {
      debugger.router().Leave();  // a worker that is stopped could not end its run
      driver.Call("leave", "{}");
      server.Close();
    }
  }
  _exit(0);  // not exit(): threads of the user's and of libraries still run, and static destructors would pull the
             // ground away
}

}  // namespace

PYBIND11_MODULE(_kernel, module) {
  module.doc() = "The Batchscope kernel's native side. Start it with `python -m batchscope.kernel -f FILE`.";
  module.attr("__version__") = BATCHSCOPE_VERSION;
  module.def("launch", &Launch, py::arg("connection_file"), py::arg("make_driver"),
             "Run the kernel of a connection file on the main thread; does not return. Raises when it cannot start.");
  module.def("cell_file", &CellFile, py::arg("code"),
             "The file name under which the debugger knows a cell with this code.");
  py::class_<Host>(module, "Host", "What the kernel's Python side may ask of its native side.")
      .def("write", &Host::Write, py::arg("stream"), py::arg("text"))
      .def("flush", &Host::Flush)
      .def("publish", &Host::Publish, py::arg("type"), py::arg("content"), py::arg("metadata"), py::arg("buffers"))
      .def("parent_header", &Host::ParentHeader)
      .def("ask", &Host::Ask, py::arg("prompt"), py::arg("hidden"))
      .def("open_interrupts", &Host::OpenInterrupts)
      .def("close_interrupts", &Host::CloseInterrupts)
      .def("watch_forks", &WatchForks)
      .def("stop", &Host::Stop)
      .def("original_fd", &Host::OriginalFd, py::arg("fd"));
}

}  // namespace batchscope::kernel
