#include "runtime/worker/module_script.h"

#include <fmt/format.h>

#include <filesystem>

#include "runtime/worker/module_failure.h"
#include "runtime/worker/module_text.h"

namespace batchscope::worker {
namespace py = pybind11;
namespace {

py::object ImportFile(const std::string& path) {
  const py::str stem = FromPathBytes(std::filesystem::path(path).stem().native());
  // By its file, so that a script named like a module of the standard library is still the one that runs.
  const py::module_ util = py::module_::import("importlib.util");
  const py::object loader =
      py::module_::import("importlib.machinery").attr("SourceFileLoader")(stem, FromPathBytes(path));
  const py::object spec = util.attr("spec_from_file_location")(stem, FromPathBytes(path), py::arg("loader") = loader);
  py::object module = util.attr("module_from_spec")(spec);
  py::module_::import("sys").attr("modules")[stem] = module;
  loader.attr("exec_module")(module);
  return module;
}

bool IsPositional(const py::object& parameter) {
  const py::object kind = parameter.attr("kind");
  return kind.equal(parameter.attr("POSITIONAL_ONLY")) || kind.equal(parameter.attr("POSITIONAL_OR_KEYWORD"));
}

/// A second positional parameter is the context, unless it has a default and another name: then it is the script's own
/// option.
RunTakes FindRunTakes(const py::object& run) {
  try {
    const py::object parameters = py::module_::import("inspect").attr("signature")(run).attr("parameters");
    int positional = 0;
    for (const py::handle each : parameters.attr("values")()) {
      const auto parameter = py::reinterpret_borrow<py::object>(each);
      if (!IsPositional(parameter) || ++positional < 2) continue;
      const std::string name = ToUtf8(parameter.attr("name"));
      const bool wanted = parameter.attr("default").is(parameter.attr("empty")) || name == "mini_batch_context";
      return wanted ? RunTakes::kMiniBatchAndContext : RunTakes::kMiniBatch;
    }
  } catch (const py::error_already_set&) {
    // A callable that tells nothing about its parameters, such as a builtin: the mini-batch it is.
  }
  return RunTakes::kMiniBatch;
}

Failure Rejected(std::string message) { return Failure{FailureKind::kRejected, "", std::move(message), ""}; }

Failure Tell(FailureKind kind, const py::error_already_set& error, const OnRaised& on_raised) {
  Failure failure = Describe(kind, error);
  if (on_raised) on_raised(failure, ExceptionOf(error));
  return failure;
}

}  // namespace

std::variant<Script, Failure> Script::Import(const Setup& setup, const OnRaised& on_raised) {
  try {
    py::object module = ImportFile(setup.entry_script);
    py::object run = py::getattr(module, "run", py::object());
    if (!run) {
      return Rejected(fmt::format("{} has no run(); define `def run(mini_batch):` in it.", setup.entry_script));
    }
    if (PyCallable_Check(run.ptr()) == 0) {
      return Rejected(fmt::format("run in {} is an object of type {}; expected a function.", setup.entry_script,
                                  TypeName(py::type::handle_of(run))));
    }
    const RunTakes takes = FindRunTakes(run);
    return Script(std::move(module), std::move(run), takes);
  } catch (const py::error_already_set& error) {
    return Tell(FailureKind::kRejected, error, on_raised);
  }
}

std::optional<Failure> Script::CallPlain(const char* name, const OnRaised& on_raised) const {
  try {
    const py::object function = py::getattr(module_, name, py::none());
    if (function.is_none()) return std::nullopt;
    const py::object returned = function();
    if (PyCoro_CheckExact(returned.ptr()) == 0) return std::nullopt;
    returned.attr("close")();
    return Failure{FailureKind::kWrongType, "coroutine",
                   fmt::format("{}() is declared `async def`, so calling it does nothing; make it a plain `def` that "
                               "calls asyncio.run(...).",
                               name),
                   ""};
  } catch (const py::error_already_set& error) {
    return Tell(FailureKind::kException, error, on_raised);
  }
}

}  // namespace batchscope::worker
