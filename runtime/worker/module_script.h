#pragma once

#include <pybind11/pybind11.h>

#include <functional>
#include <optional>
#include <variant>

#include "runtime/base/attempt.h"
#include "runtime/worker/setup.h"

namespace batchscope::worker {

/// What run() takes.
enum class RunTakes { kMiniBatch, kMiniBatchAndContext };

/// Hears of an exception of the script while its traceback is still there.
using OnRaised = std::function<void(const Failure&, pybind11::handle)>;

/// The imported entry script. Main thread, with the GIL.
class Script {
 public:
  /// Imports the script under its own stem and finds run(). A failure is kRejected.
  static std::variant<Script, Failure> Import(const Setup& setup, const OnRaised& on_raised);

  /// Calls init(), when there is one.
  std::optional<Failure> Init(const OnRaised& on_raised) const { return CallPlain("init", on_raised); }
  /// Calls shutdown(), when there is one.
  std::optional<Failure> Shutdown() const { return CallPlain("shutdown", {}); }

  const pybind11::object& run() const { return run_; }
  RunTakes run_takes() const { return run_takes_; }

 private:
  Script(pybind11::object module, pybind11::object run, RunTakes run_takes)
      : module_(std::move(module)), run_(std::move(run)), run_takes_(run_takes) {}
  std::optional<Failure> CallPlain(const char* name, const OnRaised& on_raised) const;

  pybind11::object module_;
  pybind11::object run_;
  RunTakes run_takes_;
};

}  // namespace batchscope::worker
