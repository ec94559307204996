#pragma once

#include <filesystem>
#include <memory>
#include <string_view>

#include "runtime/base/files.h"
#include "runtime/base/status.h"
#include "runtime/worker/setup.h"

namespace batchscope::worker {

/// What a worker prints, in the three files of its process under logs/user. All are appended to; nothing is held back
/// in memory.
class OutputFiles {
 public:
  /// Makes the files and puts them behind descriptors 1 and 2, so that native code and sub-processes write there too.
  static Result<OutputFiles> Redirect(const Setup& setup, WorkerId worker);

  /// The log that gets what Python code prints on either stream, beside the records of the EntryScript logger.
  const std::filesystem::path& log_path() const { return log_path_; }
  /// To the descriptor and to the log. An error is the descriptor's.
  Status WriteBoth(int fd, std::string_view bytes) const;
  /// One line of our own in the log: "2026-05-04T10:11:12.345678Z WARNING text".
  void Warn(std::string_view text) const;

 private:
  OutputFiles(UniqueFd log, std::filesystem::path log_path) : log_(std::move(log)), log_path_(std::move(log_path)) {}

  UniqueFd log_;
  std::filesystem::path log_path_;
};

}  // namespace batchscope::worker
