#include "runtime/worker/module_failure.h"

#include <string>

#include "runtime/worker/bounded_text.h"
#include "runtime/worker/module_text.h"

namespace batchscope::worker {
namespace py = pybind11;
namespace {

constexpr std::size_t kMessageLimit = std::size_t{16} << 10;     // Bytes.
constexpr std::size_t kTracebackLimit = std::size_t{128} << 10;  // Bytes.
constexpr std::size_t kChainLimit = 100;  // Exceptions behind one another (__cause__, __context__, groups).

bool IsUserFrame(py::handle frame) {
  return ToUtf8(py::str(frame.attr("filename"))).rfind("<frozen importlib", 0) != 0;
}

/// Drops the frames of the import machinery from a traceback.TracebackException and all it hangs together with.
void KeepUserFrames(const py::object& exception, std::size_t& left) {
  if (exception.is_none() || left == 0) return;
  --left;
  py::list kept;
  for (const py::handle frame : exception.attr("stack")) {
    if (IsUserFrame(frame)) kept.append(frame);
  }
  const py::object all = exception.attr("stack");
  all[py::slice(py::none(), py::none(), py::none())] = kept;
  KeepUserFrames(exception.attr("__cause__"), left);
  KeepUserFrames(exception.attr("__context__"), left);
  const py::object group = py::getattr(exception, "exceptions", py::none());  // Python 3.11 and later.
  if (group.is_none()) return;
  for (const py::handle each : group) KeepUserFrames(py::reinterpret_borrow<py::object>(each), left);
}

std::string FormatTraceback(const py::error_already_set& error) {
  const py::object make = py::module_::import("traceback").attr("TracebackException");
  const py::object trace = error.trace() ? py::object(error.trace()) : py::none();
  const py::object exception = make(error.type(), error.value(), trace, py::arg("compact") = true);
  std::size_t left = kChainLimit;
  KeepUserFrames(exception, left);
  std::string text;
  for (const py::handle line : exception.attr("format")()) text += ToUtf8(line);
  return text;
}

/// The value of `make()`, or what to say when user code (a __str__) or memory made it fail.
template <typename Make>
std::string OrElse(const Make& make, const char* otherwise) {
  try {
    return make();
  } catch (const std::exception&) {
    PyErr_Clear();
    return otherwise;
  }
}

}  // namespace

std::string TypeName(py::handle type) {
  const std::string name = ToUtf8(py::str(type.attr("__qualname__")));
  const std::string module = ToUtf8(py::str(type.attr("__module__")));
  return module == "builtins" || module == "__main__" ? name : module + "." + name;
}

Failure Describe(FailureKind kind, const py::error_already_set& error) {
  Failure failure;
  failure.kind = kind;
  failure.type = OrElse([&] { return TypeName(error.type()); }, "(a type without a name)");
  failure.message =
      Bounded(OrElse([&] { return ToUtf8(py::str(error.value())); }, "(its str() failed)"), kMessageLimit);
  failure.traceback = Bounded(OrElse([&] { return FormatTraceback(error); }, ""), kTracebackLimit);
  return failure;
}

Failure TakeFailure(FailureKind kind) {
  const py::error_already_set error;
  return Describe(kind, error);
}

py::object ExceptionOf(const py::error_already_set& error) {
  if (error.trace()) PyException_SetTraceback(error.value().ptr(), error.trace().ptr());
  return error.value();
}

}  // namespace batchscope::worker
