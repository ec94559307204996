#pragma once

#include <filesystem>
#include <utility>

#include "runtime/base/status.h"
#include "runtime/record/parent_only_fd.h"

namespace batchscope::record {

/// The output file of a run, locked against other runs as long as it is held.
///
/// An earlier run's file is replaced by a new one, not emptied: whoever reads the old one keeps it, and the earlier
/// run's record can tell that the file is no longer its own.
class OutputFile {
 public:
  OutputFile() = default;
  /// Makes the folder when it is missing. Errors: a living run writes the file; it is something else than a file; the
  /// folder cannot be written to.
  static Result<OutputFile> Create(const std::filesystem::path& path);

  OutputFile(OutputFile&&) noexcept = default;
  OutputFile& operator=(OutputFile&& other) noexcept;
  ~OutputFile() { Release(); }

  int fd() const { return fd_.get(); }

 private:
  explicit OutputFile(ParentOnlyFd fd) : fd_(std::move(fd)) {}

  void Release();

  ParentOnlyFd fd_;
};

}  // namespace batchscope::record
