#include "runtime/worker/module_text.h"

namespace batchscope::worker {
namespace py = pybind11;

py::str FromPathBytes(std::string_view bytes) {
  PyObject* text = PyUnicode_DecodeFSDefaultAndSize(bytes.data(), static_cast<Py_ssize_t>(bytes.size()));
  if (text == nullptr) throw py::error_already_set();
  return py::reinterpret_steal<py::str>(text);
}

bool AppendUtf8(std::string& out, PyObject* text) {
  Py_ssize_t size = 0;
  if (const char* data = PyUnicode_AsUTF8AndSize(text, &size); data != nullptr) {
    out.append(data, static_cast<std::size_t>(size));
    return true;
  }
  for (const char* errors : {"surrogateescape", "backslashreplace"}) {
    if (PyErr_ExceptionMatches(PyExc_UnicodeEncodeError) == 0) return false;
    PyErr_Clear();
    const auto bytes = py::reinterpret_steal<py::object>(PyUnicode_AsEncodedString(text, "utf-8", errors));
    if (!bytes) continue;
    out.append(PyBytes_AS_STRING(bytes.ptr()), static_cast<std::size_t>(PyBytes_GET_SIZE(bytes.ptr())));
    return true;
  }
  return false;
}

std::string ToUtf8(py::handle text) {
  std::string bytes;
  if (!AppendUtf8(bytes, text.ptr())) throw py::error_already_set();
  return bytes;
}

}  // namespace batchscope::worker
