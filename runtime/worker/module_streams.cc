#include "runtime/worker/module_streams.h"

#include <unistd.h>

#include <string>

#include "runtime/worker/module_text.h"

namespace batchscope::worker {
namespace py = pybind11;
namespace {

py::object MakeStream(int fd, const char* name, const OutputFiles& files) {
  const py::object buffer = py::cast(TeeBuffer(fd, files));
  buffer.attr("name") = name;
  py::object stream = py::module_::import("io").attr("TextIOWrapper")(
      buffer, py::arg("encoding") = "utf-8", py::arg("errors") = "backslashreplace", py::arg("newline") = "\n",
      py::arg("line_buffering") = true);
  stream.attr("mode") = "w";
  return stream;
}

void FlushOne(const py::object& stream) {
  try {
    stream.attr("flush")();
  } catch (const py::error_already_set&) {
    // User code has closed it, or the disk is full: nothing can be said and nobody can be told.
  }
}

}  // namespace

void TeeBuffer::Write(std::string_view bytes) const {
  Status written;
  {
    const py::gil_scoped_release released;
    written = files_->WriteBoth(fd_, bytes);
  }
  if (written.ok()) return;
  PyErr_SetString(PyExc_OSError, written.message().c_str());
  throw py::error_already_set();
}

void BindStreams(py::module_& module) {
  const auto always = [](bool value) { return [value](const TeeBuffer&) { return value; }; };
  py::class_<TeeBuffer>(module, "TeeBuffer", py::dynamic_attr())
      .def("write",
           [](const TeeBuffer& self, const py::buffer& data) {
             Py_buffer view;
             if (PyObject_GetBuffer(data.ptr(), &view, PyBUF_SIMPLE) != 0) throw py::error_already_set();
             const auto size = static_cast<std::size_t>(view.len);
             try {
               self.Write({static_cast<const char*>(view.buf), size});
             } catch (...) {
               PyBuffer_Release(&view);
               throw;
             }
             PyBuffer_Release(&view);
             return size;
           })
      .def("flush", [](const TeeBuffer&) {})
      .def("close", [](const TeeBuffer&) {})
      .def("fileno", &TeeBuffer::fd)
      .def("isatty", always(false))
      .def("readable", always(false))
      .def("writable", always(true))
      .def("seekable", always(false))
      .def_property_readonly("closed", always(false))
      .def_property_readonly("raw", [](const py::object& self) { return self; })
      .def_property_readonly("mode", [](const TeeBuffer&) { return "wb"; });
}

Streams::Streams(const OutputFiles& files)
    : out_(MakeStream(STDOUT_FILENO, "<stdout>", files)), err_(MakeStream(STDERR_FILENO, "<stderr>", files)) {
  const py::module_ sys = py::module_::import("sys");
  for (const char* old : {"stdout", "stderr"}) FlushOne(sys.attr(old));
  sys.attr("stdout") = out_;
  sys.attr("__stdout__") = out_;
  sys.attr("stderr") = err_;
  sys.attr("__stderr__") = err_;
}

void Streams::Flush() const {
  FlushOne(out_);
  FlushOne(err_);
}

}  // namespace batchscope::worker
