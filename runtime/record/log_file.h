#pragma once

#include <filesystem>
#include <string>

#include "runtime/base/files.h"

namespace batchscope::record {

/// A text file of logs, written in pieces. Failures are swallowed: a run whose rows can be written is not ended for its
/// logs, and a full disk shows at the next commit.
class LogFile {
 public:
  explicit LogFile(std::filesystem::path path) : path_(std::move(path)) {}
  LogFile(LogFile&&) = default;
  LogFile& operator=(LogFile&&) = default;
  ~LogFile() { Flush(); }

  /// To append to; Note() afterwards.
  std::string& text() { return text_; }
  /// Writes when much has gathered.
  void Note() {
    if (text_.size() >= kMuch) Flush();
  }
  void Flush();

 private:
  static constexpr std::size_t kMuch = 1 << 16;

  std::filesystem::path path_;
  UniqueFd fd_;  ///< Opened with the first byte.
  std::string text_;
};

}  // namespace batchscope::record
