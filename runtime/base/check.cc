#include "runtime/base/check.h"

#include <cstdio>
#include <cstdlib>

namespace batchscope::internal {

void FailCheck(const char* file, int line, const std::string& message) {
  fmt::print(stderr, "batchscope: this is a bug, please report it: {} ({}:{})\n", message, file, line);
  std::abort();
}

}  // namespace batchscope::internal
