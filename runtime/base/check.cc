#include "runtime/base/check.h"

#include <cstdio>
#include <cstdlib>

namespace batchscope::internal {

void FailCheck(const std::source_location& where, const std::string& message) {
  fmt::print(stderr, "batchscope: this is a bug, please report it: {} ({}:{})\n", message, where.file_name(),
             where.line());
  std::abort();
}

}  // namespace batchscope::internal
