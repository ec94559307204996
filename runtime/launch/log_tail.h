#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace batchscope::launch {

/// The end of what was written to a log since this object was made.
class LogTail {
 public:
  explicit LogTail(std::filesystem::path path);

  /// At most the last 2,000 bytes, whole lines where there are several; empty when there is nothing or no file.
  std::string Read() const;

 private:
  std::filesystem::path path_;
  std::uintmax_t begin_ = 0;
};

}  // namespace batchscope::launch
