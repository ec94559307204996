#pragma once

#include <pybind11/pybind11.h>

#include "runtime/base/attempt.h"

namespace batchscope::worker {

/// The exception, in the words people read: its type, message and traceback as Python prints it, without frames that
/// are not user code's. Long texts are shortened. Never throws. Needs the GIL.
Failure Describe(FailureKind kind, const pybind11::error_already_set& error);

/// The same of the Python error that is set, which is cleared.
Failure TakeFailure(FailureKind kind);

/// The exception itself, with its traceback in it as after `except`.
pybind11::object ExceptionOf(const pybind11::error_already_set& error);

/// "ValueError", "my_models.LoadError": as Python prints the type of an exception.
std::string TypeName(pybind11::handle type);

}  // namespace batchscope::worker
