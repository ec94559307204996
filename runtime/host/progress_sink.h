#pragma once

#include <cstddef>

/// How a run's progress reaches a viewer in the same process that was built apart from the engine (the kernel): plain
/// C, so that the two share no layout but this. Carried in a PyCapsule named kProgressSinkCapsule.
extern "C" {
struct BatchscopeProgressSinkV1 {
  void* self;
  /// Shows a run's progress: one JSON object in UTF-8, valid during the call. Called from the engine's thread, without
  /// the GIL, at most ten times a second, and a last time when the run has ended. Must not block.
  void (*show)(void* self, const char* progress_json, std::size_t size);
  /// The engine has called show() for the last time.
  void (*release)(void* self);
};
}

namespace batchscope::host {

inline constexpr const char* kProgressSinkCapsule = "batchscope.progress_sink.v1";

}  // namespace batchscope::host
