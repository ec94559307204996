#include "runtime/worker/module_rows.h"

#include <fmt/format.h>

#include <filesystem>
#include <limits>

#include "runtime/worker/module_failure.h"
#include "runtime/worker/module_text.h"

namespace batchscope::worker {
namespace py = pybind11;
namespace {

constexpr const char* kSettingsFile = "parallel_run_step.settings.json";
constexpr const char* kToCsv = "pandas.DataFrame.to_csv";

/// The arguments for DataFrame.to_csv that the settings file gives; empty without one.
py::dict ReadToCsvSettings(const Setup& setup) {
  const auto path = std::filesystem::path(setup.source_directory) / kSettingsFile;
  if (!std::filesystem::exists(path)) return {};
  const py::object text = py::module_::import("pathlib")
                              .attr("Path")(FromPathBytes(path.native()))
                              .attr("read_text")(py::arg("encoding") = "utf-8-sig");
  const py::object settings = py::module_::import("json").attr("loads")(text);
  const py::object append_row = settings.attr("get")("append_row", py::dict());
  return py::dict(append_row.attr("get")(kToCsv, py::dict()));
}

/// The class `name` of a module that user code has imported; null when it has not, and so has no object of it.
py::object LoadedClass(const char* module, const char* name) {
  PyObject* modules = PyImport_GetModuleDict();
  PyObject* found = PyDict_GetItemString(modules, module);
  if (found == nullptr) return {};
  return py::getattr(found, name, py::object());
}

bool IsInstance(py::handle value, const char* module, const char* name) {
  const py::object type = LoadedClass(module, name);
  return type && !type.is_none() && py::isinstance(value, type);
}

std::uint32_t Clamp(Py_ssize_t size) {
  constexpr Py_ssize_t kMost = std::numeric_limits<std::uint32_t>::max();
  return static_cast<std::uint32_t>(size < kMost ? size : kMost);
}

Failure WrongType(py::handle value) {
  Failure failure;
  failure.kind = FailureKind::kWrongType;
  failure.type = TypeName(py::type::handle_of(value));
  std::string hint;
  if (value.is_none()) {
    hint = " Does run() end without `return`?";
  } else if (PyCoro_CheckExact(value.ptr())) {
    value.attr("close")();  // Otherwise Python warns that nobody awaited it.
    hint = " run() is declared `async def`: make it a plain `def` that returns asyncio.run(...).";
  } else if (PyGen_Check(value.ptr())) {
    hint = " Return list(...) of it.";
  } else if (PyUnicode_Check(value.ptr())) {
    hint = " Return [text] for one row.";
  } else if (IsInstance(value, "pandas", "Series")) {
    hint = " Return its tolist() or to_frame().";
  }
  failure.message = fmt::format(
      "run() returned an object of type {}; expected a list, a tuple, a pandas.DataFrame or a numpy array with one "
      "element for each item that succeeded.{}",
      failure.type, hint);
  return failure;
}

/// Appends str(element) and a newline; false with the Python error set.
bool AppendRow(std::string& out, PyObject* element) {
  if (PyUnicode_CheckExact(element)) {
    if (!AppendUtf8(out, element)) return false;
  } else {
    const auto text = py::reinterpret_steal<py::object>(PyObject_Str(element));
    if (!text || !AppendUtf8(out, text.ptr())) return false;
  }
  out += '\n';
  return true;
}

}  // namespace

RowWriter::RowWriter(const Setup& setup) : output_action_(setup.output_action) {
  to_csv_arguments_["sep"] = " ";
  to_csv_arguments_["header"] = setup.append_header;
  to_csv_arguments_["index"] = false;
  to_csv_arguments_.attr("update")(ReadToCsvSettings(setup));
  to_csv_arguments_.attr("pop")("path_or_buf", py::none());  // The rows belong to the run's output file.
}

std::variant<Returned, Failure> RowWriter::Write(py::handle value, std::string& out) const {
  try {
    if (PyList_Check(value.ptr()) || PyTuple_Check(value.ptr())) return WriteElements(value, out);
    if (IsInstance(value, "pandas", "DataFrame")) return WriteTable(value, out);
    if (IsInstance(value, "numpy", "ndarray") && value.attr("ndim").cast<int>() > 0) {
      return WriteElements(py::list(py::reinterpret_borrow<py::object>(value)), out);
    }
    return WrongType(value);
  } catch (const py::error_already_set& error) {
    return Describe(FailureKind::kException, error);
  } catch (const std::exception& problem) {  // Out of memory.
    return Failure{FailureKind::kException, "", fmt::format("the rows could not be made: {}", problem.what()), ""};
  }
}

std::variant<Returned, Failure> RowWriter::WriteElements(py::handle elements, std::string& out) const {
  PyObject* const all = elements.ptr();
  if (output_action_ == OutputAction::kAppendRow) {
    // The size is asked each time: an element's __str__ may change the list.
    for (Py_ssize_t i = 0; i < PySequence_Fast_GET_SIZE(all); ++i) {
      const auto element = py::reinterpret_borrow<py::object>(PySequence_Fast_GET_ITEM(all, i));
      if (!AppendRow(out, element.ptr())) return TakeFailure(FailureKind::kException);
    }
  }
  return Returned{Clamp(PySequence_Fast_GET_SIZE(all)), 0};
}

std::variant<Returned, Failure> RowWriter::WriteTable(py::handle table, std::string& out) const {
  Returned returned{Clamp(static_cast<Py_ssize_t>(py::len(table))), 0};
  if (output_action_ == OutputAction::kSummaryOnly) return returned;
  const py::object header = to_csv_arguments_["header"];
  if (!(py::isinstance<py::bool_>(header) && !header.cast<bool>())) {
    // A header may have several lines (names with line breaks, several levels), so an empty table tells how long it is.
    const py::object no_rows = table.attr("iloc")[py::slice(0, 0, 1)];
    returned.header_size = static_cast<std::uint32_t>(ToUtf8(no_rows.attr("to_csv")(**to_csv_arguments_)).size());
  }
  const py::object text = table.attr("to_csv")(**to_csv_arguments_);
  if (!AppendUtf8(out, text.ptr())) return TakeFailure(FailureKind::kException);
  return returned;
}

}  // namespace batchscope::worker
