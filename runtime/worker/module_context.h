#pragma once

#include <pybind11/pybind11.h>

#include <cstdint>

namespace batchscope::worker {

/// What a run() with two parameters gets as the second one.
struct MiniBatchContext {
  std::uint32_t minibatch_index = 0;
  pybind11::dict partition_key_value;
  pybind11::object dataset;  ///< The input's name; None when the step has several.
  std::uint32_t retry_count = 0;
  pybind11::object global_row_index_lower_bound;  ///< None for files.
};

/// Adds it to the module.
void BindContext(pybind11::module_& module);

}  // namespace batchscope::worker
