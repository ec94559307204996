#include <pybind11/pybind11.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "runtime/bindings/records.h"
#include "runtime/config/step.h"
#include "runtime/host/progress_sink.h"
#include "runtime/host/run.h"

namespace py = pybind11;

namespace batchscope::bindings {
namespace {

/// Thrown with a Status's message; Python sees EngineError.
class EngineError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

config::StepConfig StepFrom(const std::string& step, const std::string& base) {
  const nlohmann::json json = nlohmann::json::parse(step, nullptr, false);
  if (json.is_discarded()) RaiseEngineError("the step is not valid JSON");
  return OrRaise(config::ParseStep(json, base));
}

/// What a configuration means, with every default.
std::string Dump(const config::StepConfig& step) {
  return config::ToJson(step).dump(2, ' ', false, nlohmann::json::error_handler_t::replace);
}

/// A viewer's sink, held as long as the run may call it.
using Sink = std::shared_ptr<BatchscopeProgressSinkV1>;

Sink SinkFrom(const py::object& capsule) {
  if (capsule.is_none()) return nullptr;
  void* pointer = PyCapsule_GetPointer(capsule.ptr(), host::kProgressSinkCapsule);
  if (pointer == nullptr) throw py::error_already_set();
  const auto release = [](BatchscopeProgressSinkV1* sink) {
    sink->release(sink->self);
    delete sink;  // NOLINT(cppcoreguidelines-owning-memory): the deleter of the shared_ptr below.
  };
  return {new BatchscopeProgressSinkV1(*static_cast<BatchscopeProgressSinkV1*>(pointer)), release};
}

/// A run as Python holds it. Nothing waits with the GIL held.
class PythonRun {
 public:
  explicit PythonRun(std::shared_ptr<host::Run> run) : run_(std::move(run)) {}
  PythonRun(const PythonRun&) = delete;
  PythonRun& operator=(const PythonRun&) = delete;
  ~PythonRun() {
    const py::gil_scoped_release released;
    run_.reset();
  }

  py::str folder() const { return ToPython(run_->folder().path().native()); }
  py::str output_file() const { return ToPython(run_->output_file().native()); }
  std::string progress() const { return host::ToJson(run_->progress()); }
  void Cancel(bool now) { run_->Cancel(now ? host::CancelHow::kNow : host::CancelHow::kTidy); }

  bool WaitFor(double seconds) {
    using Clock = std::chrono::steady_clock;
    constexpr double kLongest = 1e7;  // Months; keeps the deadline within the clock's range.
    const auto length = std::chrono::duration<double>(std::clamp(seconds, 0.0, kLongest));
    const auto deadline = Clock::now() + std::chrono::duration_cast<Clock::duration>(length);
    while (true) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
      bool ended = false;
      {
        const py::gil_scoped_release released;
        ended = run_->WaitFor(std::clamp(left, std::chrono::milliseconds(0), kSignalCheck));
      }
      if (PyErr_CheckSignals() != 0) throw py::error_already_set();
      if (ended || left <= std::chrono::milliseconds(0)) return ended;
    }
  }

 private:
  static constexpr std::chrono::milliseconds kSignalCheck{50};

  std::shared_ptr<host::Run> run_;
};

/// The runs that this process hosts.
class LiveRuns {
 public:
  void Add(const std::shared_ptr<host::Run>& run) {
    std::erase_if(runs_, [](const auto& known) { return known.expired(); });
    runs_.push_back(run);
  }

  /// Cancels all, tidily first; true when all have ended within a few seconds.
  bool Shutdown() {
    const auto runs = runs_;  // Another thread may add one as soon as the GIL is released.
    const py::gil_scoped_release released;
    bool ended = true;
    for (const host::CancelHow how : {host::CancelHow::kTidy, host::CancelHow::kNow}) {
      const auto deadline = std::chrono::steady_clock::now() + kPatience;
      for (const auto& known : runs) {
        if (const auto run = known.lock()) run->Cancel(how);
      }
      ended = true;
      for (const auto& known : runs) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
        const auto run = known.lock();
        if (run != nullptr && !run->WaitFor(std::max(left, std::chrono::milliseconds(0)))) ended = false;
      }
      if (ended) break;
    }
    return ended;
  }

 private:
  static constexpr std::chrono::seconds kPatience{3};

  std::vector<std::weak_ptr<host::Run>> runs_;  ///< Used with the GIL held.
};

std::unique_ptr<PythonRun> Submit(LiveRuns& live, const std::string& step_json, const std::string& base,
                                  host::SubmitOptions options, const py::object& capsule) {
  if (const Sink sink = SinkFrom(capsule)) {
    options.on_progress = [sink](const host::Progress& progress, bool) {
      const std::string json = host::ToJson(progress);
      sink->show(sink->self, json.data(), json.size());
    };
  }
  const config::StepConfig step = StepFrom(step_json, base);
  auto run = [&] {
    const py::gil_scoped_release released;
    return host::Run::Submit(step, options);
  }();
  live.Add(OrRaise(run));
  return std::make_unique<PythonRun>(OrRaise(std::move(run)));
}

}  // namespace

void RaiseEngineError(const std::string& message) { throw EngineError(message); }

}  // namespace batchscope::bindings

PYBIND11_MODULE(_engine, module) {
  using batchscope::bindings::PythonRun;
  namespace bindings = batchscope::bindings;
  namespace config = batchscope::config;
  py::register_exception<bindings::EngineError>(module, "EngineError");
  py::class_<PythonRun>(module, "Run")
      .def_property_readonly("folder", &PythonRun::folder)
      .def_property_readonly("output_file", &PythonRun::output_file)
      .def("progress", &PythonRun::progress)
      .def("cancel", &PythonRun::Cancel, py::arg("now") = false)
      .def("wait_for", &PythonRun::WaitFor, py::arg("seconds"));
  const auto live = std::make_shared<bindings::LiveRuns>();
  module.def(
      "submit",
      [live](const std::string& step, const std::string& base, const std::string& home, const std::string& python,
             const std::string& package_folder, const std::string& debugpy_folder, bool wait_for_debugger,
             const py::object& sink) {
        batchscope::host::SubmitOptions options;
        options.home = home;
        options.python = python;
        options.package_folder = package_folder;
        options.debugpy_folder = debugpy_folder;
        options.wait_for_debugger = wait_for_debugger;
        return bindings::Submit(*live, step, base, std::move(options), sink);
      },
      py::arg("step"), py::arg("base"), py::kw_only(), py::arg("home") = "", py::arg("python"),
      py::arg("package_folder"), py::arg("debugpy_folder") = "", py::arg("wait_for_debugger") = false,
      py::arg("sink") = py::none());
  module.def("shutdown", [live] { return live->Shutdown(); });
  module.def(
      "check",
      [](const std::string& step, const std::string& base) { return bindings::Dump(bindings::StepFrom(step, base)); },
      py::arg("step"), py::arg("base"));
  module.def(
      "load_step",
      [](const std::string& path) { return bindings::Dump(bindings::OrRaise(config::LoadStepFile(path))); },
      py::arg("path"));
  bindings::AddRecords(module);
}
