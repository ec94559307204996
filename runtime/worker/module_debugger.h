#pragma once

#include <pybind11/pybind11.h>

#include "runtime/worker/debugger_end.h"

namespace batchscope::worker {

/// Adds DebuggerEnd to the module: what batchscope._debugger gets.
void BindDebugger(pybind11::module_& module);

/// Hands connections to batchscope._debugger, which the fork server has loaded when the step allows debugging. May be
/// called on threads that Python does not know.
StartDebugger DebuggerOfPython();

/// An armed debugger stops where `exception` was raised; returns when the person there says continue, and at once when
/// there is none. Main thread, with the GIL.
void ShowInDebugger(pybind11::handle exception);

}  // namespace batchscope::worker
