#pragma once

#include <pybind11/pybind11.h>

#include "runtime/base/status.h"

namespace batchscope::bindings {

/// Raises batchscope._engine.EngineError with the message; declared in module.cc.
[[noreturn]] void RaiseEngineError(const std::string& message);

/// The value, or a raised EngineError.
template <typename T>
T OrRaise(Result<T> result) {
  if (!result.ok()) RaiseEngineError(result.message());
  return std::move(result).value();
}

/// A path or text of the system as Python has it (surrogateescape), whatever its bytes.
pybind11::str ToPython(std::string_view bytes);

/// Adds the functions that read runs from their folders; `_engine.pyi` documents each.
void AddRecords(pybind11::module_& module);

}  // namespace batchscope::bindings
