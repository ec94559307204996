#pragma once

#include <pybind11/pybind11.h>

#include <optional>
#include <variant>

#include "runtime/base/attempt.h"
#include "runtime/worker/setup.h"

namespace batchscope::worker {

/// What run() takes.
enum class RunTakes { kMiniBatch, kMiniBatchAndContext };

/// The imported entry script. Main thread, with the GIL.
class Script {
 public:
  /// Imports the script under its own stem and finds run(). A failure is kRejected.
  static std::variant<Script, Failure> Import(const Setup& setup);

  /// Calls init(), when there is one.
  std::optional<Failure> Init() const { return CallPlain("init"); }
  /// Calls shutdown(), when there is one.
  std::optional<Failure> Shutdown() const { return CallPlain("shutdown"); }

  const pybind11::object& run() const { return run_; }
  RunTakes run_takes() const { return run_takes_; }

 private:
  Script(pybind11::object module, pybind11::object run, RunTakes run_takes)
      : module_(std::move(module)), run_(std::move(run)), run_takes_(run_takes) {}
  std::optional<Failure> CallPlain(const char* name) const;

  pybind11::object module_;
  pybind11::object run_;
  RunTakes run_takes_;
};

}  // namespace batchscope::worker
