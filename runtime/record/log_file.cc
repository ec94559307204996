#include "runtime/record/log_file.h"

#include <fcntl.h>

namespace batchscope::record {

void LogFile::Flush() {
  if (text_.empty()) return;
  if (!fd_.valid()) {
    if (auto opened = OpenFile(path_, O_WRONLY | O_CREAT | O_APPEND); opened.ok()) fd_ = std::move(opened).value();
  }
  if (fd_.valid()) (void)WriteAll(fd_.get(), text_);
  text_.clear();
}

}  // namespace batchscope::record
