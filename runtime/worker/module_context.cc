#include "runtime/worker/module_context.h"

namespace batchscope::worker {
namespace py = pybind11;

void BindContext(py::module_& module) {
  py::class_<MiniBatchContext>(module, "MiniBatchContext", py::dynamic_attr())
      .def_readonly("minibatch_index", &MiniBatchContext::minibatch_index)
      .def_readonly("partition_key_value", &MiniBatchContext::partition_key_value)
      .def_readonly("dataset", &MiniBatchContext::dataset)
      .def_readonly("retry_count", &MiniBatchContext::retry_count)
      .def_readonly("global_row_index_lower_bound", &MiniBatchContext::global_row_index_lower_bound)
      .def("__repr__", [](const MiniBatchContext& self) {
        return py::str("<mini-batch {}, retry_count {}>").format(self.minibatch_index, self.retry_count);
      });
}

}  // namespace batchscope::worker
