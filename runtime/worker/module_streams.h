#pragma once

#include <pybind11/pybind11.h>

#include <string_view>

#include "runtime/worker/output_files.h"

namespace batchscope::worker {

/// The binary layer below sys.stdout or sys.stderr: what is written goes on at once to the descriptor and to the
/// process's log. Has what io.TextIOWrapper and user code that writes to sys.stdout.buffer ask of a buffered writer.
class TeeBuffer {
 public:
  /// `files` must live as long as the process.
  TeeBuffer(int fd, const OutputFiles& files) : fd_(fd), files_(&files) {}

  int fd() const { return fd_; }
  /// Throws OSError. Releases the GIL meanwhile.
  void Write(std::string_view bytes) const;

 private:
  int fd_;
  const OutputFiles* files_;
};

/// Adds TeeBuffer to the module; Python sees it as sys.stdout.buffer.
void BindStreams(pybind11::module_& module);

/// sys.stdout and sys.stderr of the worker. Main thread, with the GIL.
class Streams {
 public:
  /// Puts them in place.
  explicit Streams(const OutputFiles& files);

  /// Sends off what was printed without a newline; errors are nobody's.
  void Flush() const;

 private:
  pybind11::object out_;
  pybind11::object err_;
};

}  // namespace batchscope::worker
